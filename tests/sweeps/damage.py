"""A finished sweep that nobody played, and what becomes of it when a bit of one of its files flips."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

from coalesce_sim.errors import ResultsWarning
from coalesce_sim.files import ResultsError
from coalesce_sim.sweeps.playing import Row, Run
from coalesce_sim.sweeps.request import Playing
from coalesce_sim.sweeps.results import SweepResult, open_results
from coalesce_sim.sweeps.running import perform, take_up
from coalesce_sim.sweeps.store import Store
from tests.sweeps.small import planned


def finished(folder: Path, **changes: Any) -> SweepResult:
    """A sweep of made-up figures, with one failure, that has ended."""
    plan = planned(**changes)
    points = [plan.point(number) for number in range(len(plan.design))]
    assert isinstance(plan.replications, int)
    rows = [
        Row(Run(point.number, replication), point.seed, point.key, 0.01, {"cost_reduction": number / 7})
        for point in points
        for replication in range(plan.replications)
        for number in [10 * point.number + replication]
    ]
    last = rows.pop()
    rows.append(Row(last.run, last.seed, last.key, 0.01, error="ValueError: no", traceback="where"))
    with Store(folder) as store:
        take_up(store, plan, "a test", datetime.now(UTC), extend=False)
        store.add(rows)
    return perform(plan, Playing(folder))


def flip(path: Path, random: Random) -> Callable[[], None]:
    """Turn over one bit of a file; what undoes it."""
    before = path.read_bytes()
    after = bytearray(before)
    after[random.randrange(len(after))] ^= 1 << random.randrange(8)
    path.write_bytes(after)

    def undo() -> None:
        path.write_bytes(before)

    return undo


def told_on_opening(folder: Path, digest: str) -> str:
    """What is said of a folder when it is opened, be it refused; its figures are the same where it is not."""
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always", ResultsWarning)
        try:
            result = open_results(folder)
        except ResultsError as error:
            return str(error)
    assert result.digest == digest
    return " ".join(str(each.message) for each in told)
