"""The notebooks run from top to bottom."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import matplotlib as mpl
import pytest

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_cell_runs(path: Path) -> None:
    mpl.use("Agg")
    cells = [cell for cell in json.loads(path.read_text("utf-8"))["cells"] if cell["cell_type"] == "code"]
    assert cells
    namespace: dict[str, Any] = {}
    for number, cell in enumerate(cells):
        source = "".join(cell["source"])
        if number == 0:
            assert "REPLICATIONS = 40" in source
            source = source.replace("REPLICATIONS = 40", "REPLICATIONS = 2")
        exec(compile(source, f"{path.name}, code cell {number}", "exec"), namespace)
        assert cell["outputs"] or number == 0, "kept without its output"
