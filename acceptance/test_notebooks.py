"""The notebooks as readers meet them: they run, and each headline has a command that makes it."""

from __future__ import annotations

import csv
import json
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
MOST_BYTES = 2_500_000
FEW = 2
"""Replications when tested."""

SETTING = re.compile(r"^REPLICATIONS = (\d+)")
ABSOLUTE_PATH = re.compile(r"""(^|[\s"'(=])(/[\w.-]+/|[A-Za-z]:\\)""")
each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def estimate(figures: dict[str, Any]) -> list[float]:
    """Mean and interval, as they stand in JSON."""
    return [figures["mean"], *figures["ci95"]]


def least_saved(told: dict[str, Any], _: Path) -> list[float]:
    policies = [each for each in told["policies"].values() if not each["yardstick"]]
    return min((estimate(each["metrics"]["cost_reduction"]) for each in policies), key=lambda each: each[0])


def without_rule_and_exploration(_: dict[str, Any], folder: Path) -> list[float]:
    with (folder / "points.csv").open(encoding="utf-8", newline="") as file:
        points = list(csv.DictReader(file))
    factors = ("policy.epsilon", "policy.outsource_above_confidence")
    (point,) = [point for point in points if all(float(point[factor]) == 0 for factor in factors)]
    return [float(point[name]) for name in ("cost_reduction", "cost_reduction_low", "cost_reduction_high")]


HEADLINES: dict[str, Callable[[dict[str, Any], Path], list[float]]] = {
    "01_quick_start": lambda told, _: estimate(told["metrics"]["cost_reduction"]),
    "02_the_paper_replicated": lambda told, _: estimate(
        told["grand_mean"]["cost_reduction_published"]["honest"]
    ),
    "03_cold_start": least_saved,
    "04_exploration_and_threshold": without_rule_and_exploration,
    "05_real_agents": lambda told, _: estimate(told["policies"]["greedy"]["metrics"]["cost_reduction"]),
    "06_your_own_fleet": lambda told, _: estimate(told["policies"][told["best"]]["saves"]["share"]),
}
"""By notebook: its headline, from what its command prints as JSON and the folder it writes."""


def read(path: Path) -> nbformat.NotebookNode:
    notebook: nbformat.NotebookNode = nbformat.read(path, as_version=4)
    return notebook


def code_cells(notebook: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def command(notebook: nbformat.NotebookNode) -> list[str]:
    """The first command of the last cell."""
    block = re.search(r"```bash\n(.*?)```", notebook.cells[-1].source, re.DOTALL)
    assert block is not None
    return shlex.split(block[1].replace("\\\n", "").splitlines()[0])


def texts(cell: nbformat.NotebookNode) -> list[str]:
    """What a cell's outputs say, but for pictures."""
    found = [output.text for output in cell.outputs if output.output_type == "stream"]
    shown = [output.data for output in cell.outputs if "data" in output]
    return found + [text for data in shown for kind, text in data.items() if kind.startswith("text/")]


def assert_clean(cells: list[nbformat.NotebookNode]) -> None:
    """Every cell but the settings has its output, and none complains or tells of the machine."""
    for number, cell in enumerate(cells):
        assert bool(cell.outputs) == (number > 0), f"code cell {number} has {len(cell.outputs)} outputs"
        kinds = {output.get("name", output.output_type) for output in cell.outputs}
        assert kinds <= {"stdout", "execute_result", "display_data"}, f"code cell {number}: {kinds}"
        for text in texts(cell):
            assert not ABSOLUTE_PATH.search(text), f"code cell {number} tells an absolute path: {text}"
        drawing = re.search(r"^plot_\w+\(", cell.source, re.MULTILINE)
        assert not drawing or any("image/png" in output.get("data", {}) for output in cell.outputs), number


def test_there_is_a_headline_for_each_and_all_are_small() -> None:
    assert [path.stem for path in NOTEBOOKS] == list(HEADLINES)
    assert sum(path.stat().st_size for path in NOTEBOOKS) < MOST_BYTES


@each_notebook
def test_kept_outputs_are_those_of_one_clean_run(path: Path) -> None:
    notebook = read(path)
    nbformat.validate(notebook)
    cells = code_cells(notebook)
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    assert_clean(cells)
    setting = SETTING.match(cells[0].source)
    assert setting is not None
    call = command(notebook)
    assert call[call.index("--replications") + 1] == setting[1]


@each_notebook
def test_it_runs_and_its_command_gives_its_headline(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.delenv("MPLBACKEND", raising=False)  # which streamlit sets, so that no figure would be shown
    notebook = read(path)
    call = command(notebook)
    cells = code_cells(notebook)
    cells[0].source = SETTING.sub(f"REPLICATIONS = {FEW}", cells[0].source)
    said = nbformat.v4.new_code_cell("import json\n\nprint(json.dumps(headline))")
    notebook.cells.append(said)
    NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(path.parent)}}).execute()
    assert_clean(cells)

    call[call.index("--replications") + 1] = str(FEW)
    out = tmp_path / "results"
    whole = [sys.executable, "-m", "coalesce_sim", *call[1:], "--json", "--quiet", "--out", str(out)]
    beside = next((folder.parent for folder in tmp_path.glob("*/fleet")), tmp_path)
    done = subprocess.run(whole, cwd=beside, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    headline = json.loads(said.outputs[0].text)
    assert HEADLINES[path.stem](json.loads(done.stdout), out) == pytest.approx(headline, rel=1e-9)
