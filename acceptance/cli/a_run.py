"""A small run, with and without figures, the files that it leaves, and what is told besides."""

from __future__ import annotations

from pathlib import Path

DRAWN = "dur_03 --set clock.days=1 --replications 1 --jobs 1 --out o"
SMALL = f"{DRAWN} --no-figures"
FILES = {"summary.json", "decisions.parquet", "timeline.parquet", "routing.parquet"}
FIGURES = {"routing.png", "cost_reduction.png", "outsourcing_rate.png"}


def left(folder: str = "o") -> set[str]:
    return {path.name for path in Path(folder).iterdir() if path.name != ".lock"}


def complaints(err: str) -> list[str]:
    """What was told on stderr besides warnings and notes about the scenario."""
    return [line for line in err.splitlines() if not line.startswith(("note: ", "warning: "))]
