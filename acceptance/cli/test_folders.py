"""Names that users give and folders that they have: what is too long, what is there already."""

from __future__ import annotations

from pathlib import Path

import pytest

from acceptance.cli.a_run import DRAWN, FIGURES, FILES, complaints, left
from tests.cli.calling import Call

LONG = 300 * "x"


def test_labels_of_a_sweep_stand_as_they_were_written(call: Call) -> None:
    weights = "{cost: 0.4, reliability: 0.25, latency: 0.2, security: 0.15}"
    labels = {"weights [paper]": "weights [paper]", "[red]$x^{2$ \\e[2J\\nx": r"[red]$x^{2$ \x1b[2J\nx"}
    levels = "".join(f'      "{label}": {weights}\n' for label in labels)
    factors = f"factors:\n  policy.weights:\n    alternatives:\n{levels}"
    Path("s.yaml").write_text(f"base: dur_03\nset: {{clock.days: 0.1}}\n{factors}replications: 2\n")
    ended = call("sweep", "s.yaml", "--out", "o", "--jobs", "1")
    assert ended.code == 0
    for label in labels.values():
        assert label in ended.out
    ended = call("plot", "o")
    assert (ended.code, ended.err) == (0, "")
    assert labels.popitem()[1] in Path("o/figures/cost_reduction_by_policy.weights.caption.md").read_text()


@pytest.mark.parametrize(
    "command",
    [
        f"run dur_03 --set clock.days=1 --replications 1 --out {LONG}",
        f"sweep dur_03 --vary policy.epsilon=0,0.1 --replications 1 --out {LONG}",
        *(f"{command} {LONG}" for command in ("", "plot", "report", "validate")),
    ],
)
def test_a_name_that_is_too_long_is_told(call: Call, command: str) -> None:
    ended = call(*command.split())
    assert ended.code == 2
    assert "Traceback" not in ended.err
    told = complaints(ended.err)
    assert [line for line in told if LONG in line] == told[-1:]
    assert list(Path().iterdir()) == []


@pytest.mark.parametrize(
    ("command", "name"),
    [
        ("run dur_03", "decisions.parquet"),
        ("run dur_03", ".lock"),
        ("compare dur_03", "comparison.json"),
        ("sweep dur_03 --vary policy.epsilon=0,0.1", "points.csv"),
        ("sweep dur_03 --vary policy.epsilon=0,0.1", "shards-3/mine"),
        ("replicate", "report.md"),
    ],
)
def test_what_others_wrote_is_never_replaced(call: Call, command: str, name: str) -> None:
    Path("o", name).parent.mkdir(parents=True)
    Path("o", name).write_text("mine")
    ended = call(*command.split(), "--replications", "2", "--out", "o")
    assert ended.code == 2
    assert f"holds {'a ' if name == '.lock' else ''}{name.split('/')[0]}" in complaints(ended.err)[-1]
    assert {path: path.read_text() for path in Path("o").rglob("*") if path.is_file()} == {
        Path("o", name): "mine"
    }


def test_results_stand_beside_what_was_there_before(call: Call) -> None:
    Path(".git/refs").mkdir(parents=True)
    Path(".git/HEAD").write_text("ref: refs/heads/main\n")
    for folder in (".git", ".", "."):
        assert call(*DRAWN.replace("--out o", f"--out {folder}").split(), "--quiet").code == 0
    assert left(".git") == {"HEAD", "refs", *FILES, *FIGURES}
    assert left(".") == {".git", *FILES, *FIGURES}
    assert Path(".git/HEAD").read_text() == "ref: refs/heads/main\n"
