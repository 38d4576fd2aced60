"""What kinds of results there are, by the file that is the first of each."""

from __future__ import annotations

from pathlib import Path
from typing import Final

SWEEP = "sweep.json"
_STUDIED = "sensitivity.json"
"""Lies beside the first file of a sweep, where factors were told apart."""

KINDS: Final = {
    SWEEP: "sweep",
    "comparison.json": "comparison",
    "summary.json": "run",
    "frictions.json": "frictions",
    "attack.json": "attack",
    "exploits.json": "search for attackers",
    "optimisation.json": "search for settings",
    "advice.json": "advice",
    "calibration.json": "calibration",
}
"""What each holds and those before it do not, as far as one folder can hold several."""

SENSITIVITY = "sensitivity"

WORDS: Final = (*KINDS.values(), SENSITIVITY)
"""Every kind, as it is called."""


def first_file(folder: Path) -> str | None:
    """The file that says what a folder of results holds; None for one that holds none."""
    return next((name for name in KINDS if (folder / name).is_file()), None)


def kind_of(folder: Path, first: str) -> str:
    """What a folder with that first file is called."""
    return SENSITIVITY if first == SWEEP and (folder / _STUDIED).is_file() else KINDS[first]
