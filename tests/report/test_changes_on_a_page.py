"""What the page of a comparison says of changes at stated times."""

from __future__ import annotations

import json
import math

from coalesce_sim.experiments.changes import Aftermath
from coalesce_sim.report.html.changes import changes_sections
from coalesce_sim.report.html.page import Table
from coalesce_sim.statistics.intervals import estimate


def test_the_page_has_a_table_a_change_and_nothing_where_nothing_changes() -> None:
    assert changes_sections({}) == []
    made_up = Aftermath(estimate([2.0, 2.0]), estimate([1.0, 3.0]), 12.5, 80, (40.0, math.inf))
    lost = Aftermath(estimate([2.0]), estimate([-1.0]), 30.0, None, (math.inf, math.inf))
    policies = {"greedy": made_up.as_dict(), "topsis": lost.as_dict()}
    facts = json.loads(json.dumps({"changes": [{"at_s": 5400.0, "task": 150.2, "policies": policies}]}))
    [section] = changes_sections(facts)
    [table] = section.blocks
    assert isinstance(table, Table)
    assert table.caption == "The change at 1.5 h, about task 150"
    assert [[cell.text for cell in row] for row in table.rows] == [
        ["greedy", "2.00", "2 ± 13", "12.5", "80 [40, never]"],
        ["topsis", "2.00", "-1.00", "30.0", "not"],
    ]
