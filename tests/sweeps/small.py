"""A sweep whose runs take a few milliseconds, and what stands for parts of one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from coalesce_sim.sweeps.plan import Plan
from coalesce_sim.sweeps.playing import Row, Run
from coalesce_sim.sweeps.request import Request
from coalesce_sim.sweeps.running import prepare

SMALL: dict[str, Any] = {
    "base": "dur_03",
    "set": {"clock.days": 0.1, "contractors.count": 5},
    "factors": {"policy.epsilon": [0, 0.1, 0.3]},
    "replications": 3,
}

FACTS: dict[str, Any] = {
    "specification": {"name": "small", "factors": {"policy.epsilon": [0, 0.1, 0.3]}, "base": "dur_03"},
    "asked": {"coalesce_sim": "0", "sweep": {}, "files": []},
    "seed": 1,
    "title": "",
    "provenance": {"command": "a test", "coalesce_sim": "0"},
}
"""What a folder says of a sweep."""


def planned(**changes: Any) -> Plan:
    """The plan of `SMALL` with some entries replaced."""
    return prepare(Request(SMALL | changes))


def written(folder: Path, text: str, name: str = "mine.yaml") -> Path:
    """A sweep file."""
    path = folder / name
    path.write_text(text)
    return path


def row(
    point: int,
    replication: int,
    value: float = 0.5,
    *,
    error: str | None = None,
    seed: int = 1,
    metrics: Mapping[str, float] | None = None,
) -> Row:
    """The row of a run, good unless it has an error."""
    figures = {"cost_reduction": value} if metrics is None else metrics
    good = error is None
    return Row(Run(point, replication), seed, "", 0.01, figures if good else {}, error, error)
