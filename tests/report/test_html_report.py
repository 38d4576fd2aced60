from __future__ import annotations

import html
import importlib
import io
import json
import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result
from matplotlib.figure import Figure
from rich.console import Console
from scipy.special import stdtrit

import coalesce_sim
from coalesce_sim import extras
from coalesce_sim.arrays import FloatArray
from coalesce_sim.cli.report import command
from coalesce_sim.experiments.comparison import Comparison
from coalesce_sim.files import sealed_text
from coalesce_sim.metrics import METRICS, Metric
from coalesce_sim.report.best import ranking_of
from coalesce_sim.report.comparison.findings import findings
from coalesce_sim.report.html.answer import sentences
from coalesce_sim.report.html.page import rendered
from coalesce_sim.report.html.sweep import sweep_page
from coalesce_sim.report.plots import plot_lines
from coalesce_sim.report.sweeps import print_sweep, warnings_of
from coalesce_sim.sweeps.design import design_of
from coalesce_sim.sweeps.results import OUTCOME, SweepResult
from coalesce_sim.sweeps.specification import Precision, Specification

COST = METRICS["realised_usd"]
REDUCTION = METRICS["cost_reduction"]
HOSTILE = "</script><script>alert(1)</script>"
GRID = {"policy.epsilon": [0, 0.1, 0.2], "skills.threshold": [0.5, 0.7]}


def made_up(
    factors: Mapping[str, Any],
    replications: int,
    *,
    failed: Mapping[tuple[int, int], str] | None = None,
    **settings: Any,
) -> SweepResult:
    """Results whose cost reduction falls from point to point by one, with noise of the same size."""
    failed = failed or {}
    specification = Specification.model_validate(
        {"name": "made_up", "base": "dur_03", "replications": replications, "factors": factors, **settings}
    )
    count = len(design_of(specification))
    point, replication = (each.ravel() for each in np.mgrid[:count, :replications])
    reduction = 20 - point + np.random.default_rng(1).normal(size=len(point))
    errors = [failed.get(pair) for pair in zip(point.tolist(), replication.tolist(), strict=True)]
    bad = np.array([error is not None for error in errors])
    rows = {
        "point": pa.array(point),
        "replication": pa.array(replication.astype(np.int32)),
        "seed": pa.array(np.full(len(point), 7)),
        "scenario_sha256": pa.array(point.astype(str)),
        "wall_s": pa.array(np.full(len(point), 0.5)),
        "error": pa.array(errors, pa.string()),
        "traceback": pa.array([error and f"Traceback: {error}" for error in errors], pa.string()),
        "cost_reduction": pa.array(np.where(bad, np.nan, reduction), from_pandas=True),
        "cost_reduction_published": pa.array(np.where(bad, np.nan, 24.0), from_pandas=True),
        "outsourcing_rate": pa.array(np.where(bad, np.nan, 50.0), from_pandas=True),
    }
    scenario = coalesce_sim.load("dur_03").model_dump(mode="json", by_alias=True, exclude_none=True)
    for unplayed in ("name", "title", "description", "seed", "replications"):
        del scenario[unplayed]
    facts = {
        "title": "",
        "seed": 7,
        "asked": {"sweep": {"base": {"made_up": scenario}, "replications": replications}},
        "provenance": {"command": "coalesce-sim sweep made_up.yaml", "coalesce_sim": "0.2.0"},
    }
    return SweepResult(Path("nowhere"), facts, specification, pa.table(rows))


def page_of(result: SweepResult, **changes: Any) -> str:
    return rendered(sweep_page(result, **{"metrics": [], "title": None, "sensitivity": None, **changes}))


def charts_in(page: str) -> list[dict[str, Any]]:
    found = re.search(r'<script type="application/json" id="charts">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    charts: list[dict[str, Any]] = json.loads(found[1])
    return charts


def text_of(page: str) -> str:
    """What a reader sees: without scripts, styles and tags, and with one kind of space."""
    page = re.sub(r"<(script|style)\b.*?</\1>", "", page, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", page)).split())


def answer_of(
    metric: Metric, labels: Sequence[str], values: FloatArray, *, common_random_numbers: bool = True
) -> list[str]:
    ranking = ranking_of(metric, values)
    return sentences(metric, labels, ranking, common_random_numbers=common_random_numbers)


def test_the_answer_is_the_paired_difference_with_its_interval():
    best, other = np.array([10.0, 11.0, 12.0]), np.array([8.9, 10.1, 11.0])
    told = answer_of(REDUCTION, "ab", np.array([other, best]))
    assert told[0] == "Cost reduction is highest at b: 11.0 ± 2.5 % (95 % interval, 3 replications)."
    # differences 1.1, 0.9, 1.0: t(0.975; 2) · 0.1 / √3 = 0.248
    assert told[1] == "It differs from a, by 1.00 ± 0.25 points."


def test_less_is_better_where_it_costs():
    told = answer_of(COST, "ab", np.array([[5.0, 6.0], [2.0, 3.1]]), common_random_numbers=False)
    assert told[0].startswith("Cost is lowest at b: ")
    assert "common random numbers" not in told[-1]


def test_without_a_difference_the_answer_says_so_first():
    noise = np.random.default_rng(3).normal(size=(3, 8))
    told = answer_of(REDUCTION, "abc", noise)
    assert told[0].startswith(
        "No difference in cost reduction is shown between the best point and any other."
    )
    assert not any("differs" in sentence for sentence in told)
    assert "None of the 2 other points is shown to differ from it." in told


def test_the_interval_of_the_best_of_many_holds_for_all_of_them():
    values = np.random.default_rng(3).normal(size=(8, 5)) + np.arange(8.0)[:, None]
    told = answer_of(REDUCTION, "abcdefgh", values)
    half_width = stdtrit(4, 1 - 0.05 / 8 / 2) * values[7].std(ddof=1) / 5**0.5
    assert told[0] == (
        f"Cost reduction is highest at h: {values[7].mean():.1f} ± {half_width:.1f} % "
        "(95 % interval that holds for all 8 points at once, 5 replications)."
    )


def test_points_that_were_played_more_often_are_compared_on_what_is_common():
    """The difference is small beside what a replication adds to both; later ones of b are lucky."""
    luck = np.array([0.0, 9.0, 3.0, 6.0, 30.0, 40.0])
    ahead = np.array([0.5, 0.6, 0.4, 0.5, math.nan, math.nan])
    values = np.array([luck + ahead, luck])
    told = answer_of(REDUCTION, "ab", values)
    assert told[0].startswith("Cost reduction is highest at a: 5.0 ± ")
    assert told[1].startswith("It differs from b, by 0.50 ± ")
    assert "Points have different numbers of replications: they are compared on those" in told[-1]


def test_one_replication_gives_no_interval_and_no_verdict():
    told = answer_of(REDUCTION, "ab", np.array([[1.0], [2.0]]))
    assert told[0] == "Cost reduction is highest at b: 2.00 % (1 replication)."
    assert told[1].startswith("No difference is shown")


def test_a_sweep_is_told_from_the_question_to_its_origin():
    page = page_of(made_up(GRID, 10), title="Fine & small")
    text = text_of(page)
    for part in (
        "Fine & small",
        "Cost reduction is highest at exploration rate ε = 0, skill threshold = 0.5: 20",
        "policy.epsilon: 0, 0.1, 0.2",
        "10 at each design point",
        "No run failed.",
        "Warning about dur_03: no contractor can pass skills.threshold 0.7",
        "coalesce-sim sweep made_up.yaml",
        "Σ realised cost of the same tasks all-local",
        "base_flop:",
    ):
        assert part in text
    (chart,) = charts_in(page)
    assert [axis["label"] for axis in chart["axes"]] == ["exploration rate ε", "skill threshold"]
    assert chart["axes"][0]["values"] == [0, 0.1, 0.2]
    assert len(chart["figures"][0]["mean"]) == 6
    assert chart["figures"][0]["low"][0] < chart["figures"][0]["mean"][0] < chart["figures"][0]["high"][0]


def test_a_sweep_tells_the_papers_own_metrics_of_its_scenarios_only():
    result = made_up({"policy.epsilon": [0.0, 0.1]}, 2)
    label = METRICS["cost_reduction_published"].axis
    assert label in text_of(page_of(result))
    page = text_of(
        page_of(
            SweepResult(
                result.folder, {**result.facts, "paper_metrics": False}, result.specification, result.rows
            )
        )
    )
    assert label not in page
    assert METRICS["cost_reduction"].axis in page


def test_fields_that_move_together_are_one_axis():
    factors = {"size": {"paired": {"clock.days": [1, 3], "contractors.count": [10, 30]}}, **GRID}
    (chart,) = charts_in(page_of(made_up(factors, 2)))
    labels = [axis["label"] for axis in chart["axes"]]
    assert labels == ["length of the run (days) (with contractors)", "exploration rate ε", "skill threshold"]


def test_points_of_a_sampled_design_are_not_joined():
    factors = {
        "policy.epsilon": {"uniform": [0.001, 0.3]},
        "policy.weights.cost": {"log_uniform": [0.01, 10]},
    }
    (chart,) = charts_in(page_of(made_up(factors, 2, design={"latin_hypercube": 16})))
    assert chart["grid"] is False
    assert chart["by"] is None
    assert [axis["scale"] for axis in chart["axes"]] == ["linear", "log"]


def test_a_level_reads_the_same_in_table_plot_and_report():
    field = "policy.epsilon_half_life_tasks"
    result = made_up({field: [1234567, 0.5e7, 1e-7]}, 2)
    table = io.StringIO()
    print_sweep(Console(file=table, width=200), result)
    ax = Figure().add_subplot()
    plot_lines(result.runs, field, "cost_reduction", ax=ax)
    ticks = [ax.xaxis.get_major_formatter()(value) for value in (1234567, 0.5e7, 1e-7)]
    assert ticks == ["1234567", "5000000", "1e-07"]
    assert [line.split()[0] for line in table.getvalue().splitlines()[4:7]] == ticks
    assert f"{field}: {', '.join(ticks)}" in text_of(page_of(result))
    sampled = made_up({field: {"uniform": [1234567, 0.5e7]}}, 2, design={"latin_hypercube": 4})
    assert f"{field}: 1234567 to 5000000 (uniform)" in text_of(page_of(sampled))


def test_what_failed_is_told_with_its_point_and_error():
    text = text_of(page_of(made_up(GRID, 3, failed={(2, 1): f"ValueError: {HOSTILE}"})))
    assert "1 run failed; all figures leave them out." in text
    assert f"exploration rate ε = 0.1, skill threshold = 0.5 1 7 ValueError: {HOSTILE}" in text
    assert f"Traceback: ValueError: {HOSTILE}" in text


def test_a_sweep_of_which_nothing_ended_well_still_says_why():
    result = made_up({"policy.epsilon": [0]}, 1, failed={(0, 0): "ValueError: no"})
    text = text_of(page_of(result))
    assert "No run has ended well: there is no answer." in text
    assert "ValueError: no" in text


def test_points_that_stay_imprecise_are_listed():
    rule = {"metric": "cost_reduction", "half_width": 0.01, "minimum": 3, "look_ahead": 0, "cap": 4}
    result = made_up({"policy.epsilon": [0, 0.1]}, 4)
    specification = result.specification.model_copy(update={"replications": Precision.model_validate(rule)})
    text = text_of(page_of(SweepResult(result.folder, result.facts, specification, result.rows)))
    assert "2 design points did not reach ± 0.01 in Cost reduction (%) within 4 replications." in text


def test_a_sweep_under_way_says_how_much_is_there_before_anything_else(tmp_path: Path):
    whole = made_up(GRID, 4)
    rule = {"metric": "cost_reduction", "half_width": 0.01, "minimum": 3, "look_ahead": 0, "cap": 9}
    precise = whole.specification.model_copy(update={"replications": Precision.model_validate(rule)})
    begun, missing = whole.rows.slice(0, 10), "Not complete: 2 of 6 points have all their runs."
    page = sweep_page(SweepResult(tmp_path, whole.facts, whole.specification, begun), [], None, None)
    assert page.answer[0] == missing
    under_way = SweepResult(tmp_path, whole.facts, precise, begun)
    assert warnings_of(under_way) == ["Not complete: 10 runs so far, at 3 of 6 points."]
    text = text_of(page_of(under_way))
    assert "within 9 replications" not in text
    assert "Every design point reached" not in text
    (tmp_path / OUTCOME).write_text("{}")
    ended = SweepResult(tmp_path, whole.facts, whole.specification, whole.rows)
    assert warnings_of(ended) == []
    assert "The sweep is complete: 24 runs." in text_of(page_of(ended))


def test_a_sweep_tells_how_long_its_runs_took_and_not_how_long_the_last_session():
    text = text_of(page_of(made_up(GRID, 40)))
    assert "Time played by all workers 2 min" in text
    assert "Wall time" not in text


def test_a_screening_has_beside_it_what_chance_alone_would_show():
    row = {"factor": "policy.epsilon", "mu_star": 3.2, "mu_star_half_width": 1.4, "mu": 0.1, "sigma": 4.0}
    facts: dict[str, Any] = {"method": "morris", "metric": "cost_reduction", "samples": 20, "points": 80}
    facts |= {"noise_share": 0.9, "samples_needed": 388, "indices": [{**row, "mu_star_of_noise": 2.8}]}
    text = text_of(page_of(made_up(GRID, 3), sensitivity=facts))
    assert "Factor μ* (%) μ (%) σ (%) μ* of chance (%) exploration rate ε 3.20 ± 1.40 0.100 4.00 2.80" in text
    assert "Chance between replications raises every μ*" in text
    assert "that takes about --samples 388 (now 20)" in text
    once = {**facts, "noise_share": None, "samples_needed": None, "indices": [row]}
    text = text_of(page_of(made_up(GRID, 1), sensitivity=once))
    assert "takes more than one of them to tell. Chance between replications raises every μ*" in text
    assert "μ* of chance" not in text


def test_texts_of_users_are_no_markup():
    factors = {"policy.epsilon": [0, 0.1], "contractors.count": {"alternatives": {HOSTILE: 3, "b": 4}}}
    page = page_of(made_up(factors, 2), title=HOSTILE)
    assert HOSTILE not in page
    assert f"<h1>{html.escape(HOSTILE)}</h1>" in page
    (chart,) = charts_in(page)
    assert HOSTILE in chart["axes"][1]["levels"]


def test_the_page_allows_itself_no_network_and_is_the_same_bytes_again():
    page = page_of(made_up(GRID, 3))
    assert page == page_of(made_up(GRID, 3))
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)
    assert policy is not None
    assert policy[1].startswith("default-src 'none';")
    assert len(page.encode()) < 200_000
    assert not re.search(r"""(?:src|href)=["'](?!#|data:)|@import|url\(""", page)


def test_the_report_of_100_000_runs_is_small_enough_to_send():
    factors = {"policy.epsilon": {"linspace": [0, 0.3, 50]}, "skills.threshold": {"linspace": [0.5, 0.9, 50]}}
    page = page_of(made_up(factors, 40))
    assert len(page.encode()) < 5_000_000
    assert "The first 2,000 of 2,500 points by rank; points.csv has all." in page


def report(*arguments: str) -> Result:
    return CliRunner().invoke(command, arguments)


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    scenario = coalesce_sim.load("dur_01", ["clock.days=0.5"])
    result = coalesce_sim.run(scenario, replications=3)
    pq.write_table(pa.Table.from_pandas(result.timeline), folder / "timeline.parquet")
    origin = {
        "command": "coalesce-sim run dur_01",
        "overrides": ["clock.days=0.5"],
        "coalesce_sim": "0.2.0",
        "scenario": scenario.model_dump(mode="json", by_alias=True, exclude_none=True),
        "wall_s": 0.5,
    }
    published = {"cost_reduction_published": {"mean": 40.5, "sd": 5.7, "n": 18}}
    facts = {**result.summary, "published": published, "provenance": origin}
    (folder / "summary.json").write_text(sealed_text(facts))
    return folder


def test_a_run_is_told_beside_what_was_published(run_folder: Path):
    done = report(str(run_folder), "--json")
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    page = (run_folder / "report.html").read_text()
    assert told["outputs"] == [str(run_folder / "report.html")]
    assert told["bytes"] == len(page.encode())
    assert told["answer"][-1].startswith("The paper reports 40.5 %")
    text = text_of(page)
    assert "40.5 ± 5.7 (sd), n = 18" in text
    (chart,) = charts_in(page)
    assert len(chart["axes"][0]["levels"]) == 12
    assert [path.name for path in run_folder.glob(".*")] == []


def test_a_comparison_is_told_in_its_own_findings(tmp_path: Path):
    scenario = coalesce_sim.load("dur_01", ["clock.days=0.5"])
    comparison: Comparison = coalesce_sim.compare(scenario, ["cheapest", "always_local"], replications=3)
    pq.write_table(comparison.runs_table(), tmp_path / "runs.parquet")
    pq.write_table(comparison.learning_table(), tmp_path / "learning.parquet")
    origin = {
        "command": "coalesce-sim compare dur_01",
        "overrides": [],
        "coalesce_sim": "0.2.0",
        "scenario": scenario.model_dump(mode="json", by_alias=True, exclude_none=True),
    }
    facts = {**comparison.summary, "findings": findings(comparison), "provenance": origin}
    (tmp_path / "comparison.json").write_text(sealed_text(facts))
    done = report(str(tmp_path), "--out", str(tmp_path / "deep" / "page.html"))
    assert done.exit_code == 0, done.output
    page = (tmp_path / "deep" / "page.html").read_text()
    assert findings(comparison)[0] in text_of(page)
    policies, learning = charts_in(page)
    assert policies["axes"][0]["levels"] == ["cheapest", "always_local", "oracle", "best_fixed", "random"]
    assert learning["by"] == 1
    assert "Differences between policies" in text_of(page)


def test_folders_that_hold_no_results_are_refused(tmp_path: Path):
    for folder, reason in (("nowhere", "there is no such folder"), ("", "not a folder of results")):
        done = report(str(tmp_path / folder))
        assert done.exit_code == 2
        assert reason in done.output
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_metric_is_refused_with_those_that_there_are(run_folder: Path):
    done = report(str(run_folder), "--y", "cost_reductoin")
    assert done.exit_code == 2
    assert "did you mean 'cost_reduction'" in done.output


def test_a_file_that_cannot_be_written_is_told(run_folder: Path):
    done = report(str(run_folder), "--out", str(run_folder / "summary.json" / "page.html"))
    assert done.exit_code == 2
    assert "cannot write to the folder" in done.output


def test_without_jinja_it_says_what_to_install(run_folder: Path, monkeypatch: pytest.MonkeyPatch):
    def missing(name: str) -> ModuleType:
        if name == "jinja2":
            raise ModuleNotFoundError(f"No module named {name!r}", name="jinja2")
        return importlib.import_module(name)

    monkeypatch.setattr(extras, "importlib", SimpleNamespace(import_module=missing))
    done = report(str(run_folder))
    assert done.exit_code == 2
    assert "jinja2 is not installed: pip install 'coalesce-sim[report]'" in done.output


def test_a_yardstick_is_no_answer():
    names = ["oracle", "topsis", "best_fixed", "cheapest"]  # made up to save less from one to the next
    page = sweep_page(made_up({"policy.kind": names}, 5), [], None, None)
    assert page.answer[1].startswith("Cost reduction is highest at policy = topsis: ")
    assert not any("oracle" in sentence for sentence in page.answer)


def test_parts_of_the_cost_add_up_on_the_page(run_folder: Path):
    assert report(str(run_folder)).exit_code == 0
    page = (run_folder / "report.html").read_text()
    section = page[page.index('id="costs"') : page.index("</section>", page.index('id="costs"'))]
    rows = [
        [text_of(cell) for cell in re.findall(r"<td.*?>(.*?)</td>", row)]
        for row in re.findall(r"<tr>(.*?)</tr>", section, re.DOTALL)[1:]
    ]
    told = {name: float(played.split("±")[0].replace(",", "")) for name, played, _ in rows}
    groups = [
        value for name, value in told.items() if name.endswith(", USD") and name != "realised cost, USD"
    ]
    assert len(groups) > 1
    assert sum(groups) == pytest.approx(told["realised cost, USD"], rel=0.02)  # means are rounded
    assert told.keys() >= {"home: compute", "paid to contractors"}


def test_what_the_metrics_mean_is_folded(run_folder: Path):
    assert report(str(run_folder)).exit_code == 0
    page = (run_folder / "report.html").read_text()
    section = page[page.index('id="metrics"') :]
    assert section.index("<details>") < section.index("Cost reduction (%)") < section.index("</details>")
