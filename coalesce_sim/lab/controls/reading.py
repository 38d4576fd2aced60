"""The scenario that controls are for, validated anew only where its files have changed."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from coalesce_sim.lab.controls.changes import Written
from coalesce_sim.scenario.document import read_base


def written(source: str) -> Written:
    """The scenario of that file or bundled name. Raises `ScenarioError` with all problems."""
    files = read_base(source).sources
    return _written(source, tuple((path, path.stat().st_mtime_ns) for path in files))


@lru_cache(maxsize=8)
def _written(source: str, stamps: tuple[tuple[Path, int], ...]) -> Written:  # noqa: ARG001 - they tell apart
    return Written.of(read_base(source))
