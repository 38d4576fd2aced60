"""The picture of a search."""

from __future__ import annotations

from pathlib import Path

import pytest
from matplotlib.figure import Figure

from coalesce_sim.optimisation.question import question
from coalesce_sim.optimisation.request import SearchRequest
from coalesce_sim.optimisation.result import Optimisation
from coalesce_sim.optimisation.search import Trial
from coalesce_sim.report.optimisation import figure


def test_a_level_reads_as_in_the_tables(monkeypatch: pytest.MonkeyPatch):
    slots, by_type = "clients.slots", "reputation.by_task_type"
    over = {slots: [123456, "unlimited"], by_type: [False, True]}
    asked = question(SearchRequest("market_day", over=over, maximise="cost_reduction"))
    failed = Trial(0, (0.25, 0.25), {slots: 123456, by_type: False}, {}, feasible=False, error="no")
    drawn: list[Figure] = []
    monkeypatch.setattr(figure, "save", lambda each, _: drawn.append(each))
    figure.draw_trials(Path("trials.png"), Optimisation(asked, 2, [failed], None, None, None))
    ticks = [[label.get_text() for label in axes.get_xticklabels()] for axes in drawn[0].axes]
    assert ticks == [["123456", "unlimited"], ["false", "true"]]
