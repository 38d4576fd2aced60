"""The lab as its server was started: one for all pages."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from coalesce_sim.lab.workshop.workshop import Workshop

KEPT = Path("results/lab")
"""Where runs of the lab are kept, below the folder that it was started in."""


@dataclass(frozen=True, slots=True)
class Lab:
    """What all pages share.

    `start` is the folder that it was started in: the pages offer scenarios and results below it. What is
    played is kept below `keep`. `source` is the scenario, `results` the folder of results that it was asked
    to open.
    """

    start: Path
    keep: Path
    workshop: Workshop
    source: str | None = None
    results: Path | None = None


_open: Lab | None = None


def open_lab(lab: Lab) -> None:
    """Make this the lab of the process."""
    global _open
    _open = lab


def current() -> Lab:
    """The lab of this process."""
    assert _open is not None, "no lab was opened"
    return _open
