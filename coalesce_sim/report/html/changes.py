"""What changes at stated times came to for each policy, on the page of a comparison: a table a change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from coalesce_sim.numbers import with_half_width
from coalesce_sim.report.changes import heading, made_up
from coalesce_sim.report.html.page import Cell, Column, Section, Table, number_cell
from coalesce_sim.statistics.intervals import Estimate

_COLUMNS = (
    Column("Policy", numeric=False),
    Column("Saved a task before, USD", help="The later half of the time to the change"),
    Column("Saved a task after, USD", help="The later half of the time from the change"),
    Column("Lost at most, USD", help="By how much less is saved than at the pace before, where that is most"),
    Column("Made up after, tasks", help="Once as much is saved as at the pace before, for good"),
)
_NOTE = (
    "Means ± half of the 95 % interval; [ ]: 95 %, over resampled replications. Nothing is reckoned "
    "beyond the next change."
)


def changes_sections(facts: Mapping[str, Any]) -> list[Section]:
    """The section with what `comparison.json` has of changes; none where nothing changes at a stated time."""
    tables = [
        Table(
            heading(change["at_s"], change["task"]),
            _COLUMNS,
            [[Cell(label), *_cells(each)] for label, each in change["policies"].items()],
            _NOTE,
        )
        for change in facts.get("changes", ())
    ]
    return [Section("changes", "What changed", tables)] if tables else []


def _cells(told: Mapping[str, Any]) -> list[Cell]:
    before, after = (Estimate.of_dict(told[f"{when}_usd_per_task"]) for when in ("before", "after"))
    return [
        number_cell(before.mean, with_half_width(before)),
        number_cell(after.mean, with_half_width(after)),
        number_cell(told["lost_usd"]),
        Cell(made_up(told), told["made_up_after_tasks"]),
    ]
