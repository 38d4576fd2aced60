"""The picture of a search."""

from __future__ import annotations

from pathlib import Path

import pytest
from matplotlib.figure import Figure

from coalesce_sim.optimisation.question import question
from coalesce_sim.optimisation.request import SearchRequest
from coalesce_sim.optimisation.result import Optimisation, Validation
from coalesce_sim.optimisation.search import Trial
from coalesce_sim.report.optimisation import figure
from coalesce_sim.statistics.intervals import Estimate


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


def test_the_title_tells_cash_delay_and_losses_before_their_sum_and_names_settings_in_words(
    monkeypatch: pytest.MonkeyPatch,
):
    asked = question(
        SearchRequest("market_day", over={"policy.epsilon": (0.0, 0.3)}, maximise="cost_reduction")
    )
    saved = dict(zip(asked.told, (30.0, 2.0, -12.0, 20.0), strict=True))
    figures = {name: Estimate(mean, 1.0, (mean - 1, mean + 1), 5) for name, mean in saved.items()}
    best = Trial(0, (0.5,), {"policy.epsilon": 0.15}, figures, feasible=True, error=None)
    fresh = Validation(2, 5, figures, figures, figures["cost_reduction"], ())
    drawn: list[Figure] = []
    monkeypatch.setattr(figure, "save", lambda each, _: drawn.append(each))
    figure.draw_trials(Path("trials.png"), Optimisation(asked, 2, [best], best, None, fresh))
    title = " ".join(drawn[0].texts[0].get_text().split())
    assert title == (
        "Saved, validated: cash 30.0 % ± 1.0 %, delay 2.0 % ± 1.0 %, losses -12.0 % ± 1.0 %, "
        "in all 20.0 % ± 1.0 % at exploration rate ε = 0.15"
    )
