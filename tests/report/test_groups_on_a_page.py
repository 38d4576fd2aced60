"""What the page of a run says of groups of clients."""

from __future__ import annotations

from coalesce_sim.metrics import of_group
from coalesce_sim.report.html.groups import groups_sections
from coalesce_sim.report.html.page import Table
from coalesce_sim.statistics.intervals import Estimate


def test_the_page_has_a_row_a_group_and_nothing_without_groups() -> None:
    assert groups_sections((), {}) == []
    estimates = {of_group("tasks", "rich"): Estimate(12.0, None, None, 1)}
    [section] = groups_sections(("rich", "poor"), estimates)
    [table] = section.blocks
    assert isinstance(table, Table)
    assert table.columns[1].label == "Number of tasks"
    assert [[cell.text for cell in row][:2] for row in table.rows] == [["rich", "12"], ["poor", "–"]]
