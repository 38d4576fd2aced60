"""A calibration in sentences."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from coalesce_sim.calibration.components import Component
from coalesce_sim.numbers import NOTHING, number, plural

if TYPE_CHECKING:
    from coalesce_sim.calibration.study import Calibration

NOTE: Final = (
    "Measured, predicted: means over the runs held out (s, J, GB, USD; of spread what a tenth exceed). "
    "Errors, before and as fitted: mean of |predicted / measured − 1| with its 95 % interval; of spread, "
    "success and gaps that of the figure itself."
)
"""What the columns of errors mean."""


def verdict(found: Calibration) -> str:
    """Whether all that was held against runs is within the limit, and what is not."""
    limit = f"{found.limit:g} %"
    if not found.above:
        checked = sum(each.checked for each in found.components)
        return f"All {plural(checked, 'component')} that could be checked are within {limit}."
    named = [f"{each.name} ({percent(each.after.mean)} %{_doubt(each, found.limit)})" for each in found.above]
    return f"Above {limit}: {', '.join(named)}."


def remarks(found: Calibration) -> Iterator[str]:
    """What is to be known besides, a sentence a line."""
    yield from found.notes
    for each in found.components:
        if each.reason:
            yield f"{each.name}: not fitted, stays as stated: {each.reason}"
        elif not each.checked:
            yield f"{each.name}: no run is held out that it could be held against"
        yield from (f"{each.name}: {note}" for note in each.notes)


def percent(share: float | None) -> str:
    """A share as people read it, in percent."""
    return NOTHING if share is None else number(100 * share, 1)


def _doubt(component: Component, limit: float) -> str:
    ends = component.after.ci95
    if ends is None:
        return ", of too few runs for an interval"
    return ", though its interval reaches below" if 100 * ends[0] <= limit else ""
