"""``coalesce-sim plot``: from a folder of results of any kind to a figure with its caption."""

from __future__ import annotations

import json
import shlex
import shutil
from pathlib import Path
from typing import Any

import pytest

import coalesce_sim
from coalesce_sim.cli import cli
from coalesce_sim.files import sealed_text
from coalesce_sim.report.opening import ResultsError, open_folder
from tests.cli.calling import Call, contents

SWEEP: dict[str, Any] = {
    "name": "small",
    "base": "dur_03",
    "set": {"clock.days": 0.5},
    "seed": 3,
    "factors": {"policy.epsilon": [0, 0.3], "skills.threshold": [0.5, 0.7]},
    "replications": 3,
}
CLOCK = ("--set", "clock.days=0.25", "--replications", "2", "--jobs", "1", "--quiet")


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Results of all kinds, each in its folder."""
    folder = tmp_path_factory.mktemp("results")
    coalesce_sim.sweep(SWEEP, out=folder / "sweep", jobs=1)
    for words in (["compare", "dur_01", "--policies", "topsis,cheapest"], ["run", "dur_01"]):
        cli.main([*words, *CLOCK, "--out", str(folder / words[0])], standalone_mode=False)
    shutil.copytree(folder / "sweep", folder / "sensitivity")
    half_widths = {"first_half_width": 0.01, "total_half_width": 0.01}
    indices = [
        {"factor": "policy.epsilon", "first": 0.2, "total": 0.3, **half_widths},
        {"factor": "skills.threshold", "first": 0.6, "total": 0.7, **half_widths},
    ]
    facts = {
        "method": "sobol",
        "metric": "cost_reduction",
        "points": 4,
        "replications": 3,
        "indices": indices,
    }
    facts["provenance"] = {"command": "coalesce-sim sensitivity small.yaml"}
    (folder / "sensitivity" / "sensitivity.json").write_text(json.dumps(facts))
    return folder


@pytest.fixture
def here(results: Path, tmp_path: Path) -> None:
    """A copy of the results in the working directory."""
    for folder in results.iterdir():
        shutil.copytree(folder, tmp_path / folder.name)


@pytest.mark.usefixtures("here")
def test_a_figure_has_a_caption_and_repeats_by_the_command_in_it(call: Call):
    called = call("plot", "sweep", "--x", "policy.epsilon", "--by", "skills.threshold")
    assert called.code == 0, called.err
    stem = "cost_reduction_by_policy.epsilon_and_skills.threshold"
    first = contents(Path("sweep/figures"))
    assert sorted(first) == [f"{stem}.caption.md", f"{stem}.png", f"{stem}.svg"]
    assert first[f"{stem}.png"].startswith(b"\x89PNG")
    caption = first[f"{stem}.caption.md"].decode()
    assert caption.startswith("**Cost reduction")
    for told in (
        "1 − Σ realised cost / Σ realised cost of the same tasks all-local",
        "4 design points, means of n = 3 replications each; bands: 95 % t intervals",
        f"Seed 3; coalesce_sim {coalesce_sim.__version__}.",
    ):
        assert told in caption
    (command,) = (line for line in caption.splitlines() if line.startswith("coalesce-sim plot"))
    again = call(*shlex.split(command)[1:], "--out", "again")
    assert again.code == 0, again.err
    assert contents(Path("again"))[f"{stem}.svg"] == first[f"{stem}.svg"]
    assert contents(Path("again"))[f"{stem}.png"] == first[f"{stem}.png"]


def test_the_command_in_a_caption_repeats_a_figure_at_very_small_and_large_levels(call: Call, tmp_path: Path):
    factors = {
        "policy.epsilon": [0.00001, 0.3],
        "cost_model.late_usd_per_min": [0.5, 2_000_000.0],
        "skills.threshold": [0.5, 0.7],
    }
    coalesce_sim.sweep(SWEEP | {"factors": factors, "replications": 2}, out=tmp_path / "far", jobs=1)
    held = ("--where", "policy.epsilon=0.00001", "--where", "cost_model.late_usd_per_min=2e6")
    assert call("plot", "far", "--x", "skills.threshold", *held).code == 0
    (caption,) = Path("far/figures").glob("*.caption.md")
    (command,) = (line for line in caption.read_text().splitlines() if line.startswith("coalesce-sim plot"))
    again = call(*shlex.split(command)[1:], "--out", "again")
    assert again.code == 0, again.err
    (first,), (second,) = Path("far/figures").glob("*.svg"), Path("again").glob("*.svg")
    assert first.read_bytes() == second.read_bytes()
    assert (
        call(
            "plot",
            "far",
            "--x",
            "skills.threshold",
            "--where",
            "policy.epsilon=1e-05",
            "--where",
            "cost_model.late_usd_per_min=2e+06",
        ).code
        == 0
    )


@pytest.mark.usefixtures("here")
def test_a_caption_of_a_sweep_under_way_says_so_first(call: Call):
    Path("sweep/outcome.json").unlink()
    assert call("plot", "sweep", "--x", "policy.epsilon", "--by", "skills.threshold").code == 0
    (caption,) = Path("sweep/figures").glob("*.caption.md")
    assert caption.read_text().startswith("Not complete: 4 of 4 points have all their runs. **Cost reduction")


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    ("words", "kind", "stem"),
    [
        (
            ["sweep", "--kind", "heat_map", "--y", "late_rate"],
            "heat_map",
            "late_rate_by_policy.epsilon_and_skills.threshold_heat_map",
        ),
        (
            ["compare", "--where", "policy=cheapest", "--where", "policy=topsis", "--interval", "bca"],
            "lines",
            "cost_reduction_by_policy_policy_cheapest-topsis_bca",
        ),
        (["compare", "--kind", "learning", "--y", "saved_usd"], "learning", "saved_usd_learning"),
        (["sensitivity"], "tornado", "cost_reduction_tornado"),
        (["run", "--y", "tasks"], "timeline", "tasks_timeline"),
    ],
)
def test_what_is_not_asked_follows_from_the_results(call: Call, words: list[str], kind: str, stem: str):
    called = call("plot", *words, "--json")
    assert called.code == 0, called.err
    told = json.loads(called.out)
    assert told["kind"] == kind
    folder = f"{words[0]}/figures"
    assert told["outputs"] == [f"{folder}/{stem}.{ending}" for ending in ("png", "svg", "caption.md")]
    assert told["title"] in Path(told["outputs"][2]).read_text("utf-8")
    assert all(Path(path).is_file() for path in told["outputs"])


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["nowhere"], "nowhere: there is no such folder of results"),
        (["."], ".: not a folder of results: it has none of sweep.json, comparison.json, summary.json"),
        (
            ["sweep", "--y", "cost_reducton"],
            "cost_reducton: no such metric; did you mean 'cost_reduction'? There are:",
        ),
        (["sweep", "--x", "epsilon"], "There are: policy.epsilon, skills.threshold"),
        (
            ["sweep", "--where", "skills.threshold=0.6"],
            "skills.threshold = 0.6: no run has it. There are: 0.5, 0.7",
        ),
        (["sweep", "--where", "skills.threshold"], "must look like skills.threshold=0.5"),
        (["sweep", "--kind", "learning"], "sweep: holds no learning curves; `compare` writes them"),
        (["sweep", "--kind", "tornado"], "sweep: holds no indices"),
        (["compare", "--by", "policy"], "--by policy: there is no other factor to draw along the axis"),
        (["compare", "--kind", "heat_map"], "a heat map needs two factors, --x and --by. There are: policy"),
        (["sensitivity", "--y", "tasks"], "--y tasks: the indices there are those of cost_reduction"),
        (["run", "--kind", "lines"], "run: is a single run, without factors"),
        (["run", "--x", "policy"], "--x policy: a figure of the kind timeline has its own axes"),
    ],
)
def test_what_cannot_be_drawn_is_told_and_leaves_nothing(call: Call, words: list[str], message: str):
    called = call("plot", *words)
    assert called.code == 2
    assert called.out == ""
    assert message in called.err
    assert not list(Path().rglob("figures"))


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("folder", ["compare/comparison.json", "run/summary.json", "sweep/sweep.json"])
def test_results_of_a_newer_version_are_refused(folder: str):
    path = Path(folder)
    facts = json.loads(path.read_text("utf-8"))
    facts["provenance"]["coalesce_sim"] = "99.0.0"
    del facts["sha256"]
    path.write_text(sealed_text(facts))
    with pytest.raises(ResultsError, match=r"written by coalesce_sim 99\.0\.0, newer than this one"):
        open_folder(path.parent)


@pytest.mark.usefixtures("here")
@pytest.mark.filterwarnings("ignore:.*written without digests:coalesce_sim.ResultsWarning")
@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"provenance": 1}'])
def test_a_file_that_is_not_one_of_results_is_told(text: str):
    Path("run/summary.json").write_text(text)
    with pytest.raises(ResultsError, match=r"^run/summary\.json: "):
        open_folder("run")


@pytest.mark.usefixtures("here")
def test_all_kinds_of_results_open_as_one_thing():
    kinds = {name: open_folder(name) for name in ("sweep", "compare", "run", "sensitivity")}
    assert [each.kind for each in kinds.values()] == ["sweep", "comparison", "run", "sweep"]
    assert kinds["sweep"].factors == ("policy.epsilon", "skills.threshold")
    assert kinds["compare"].factors == ("policy",)
    for name, opened in kinds.items():
        assert "cost_reduction" in opened.metrics
        assert opened.version == coalesce_sim.__version__
        assert (opened.runs is None) == (name == "run")
        assert (opened.learning is None) == (name != "compare")
        assert (opened.timeline is None) == (name != "run")
    assert kinds["compare"].command.startswith("coalesce-sim compare dur_01")
    assert kinds["sensitivity"].command == "coalesce-sim sensitivity small.yaml"
