from __future__ import annotations

import pytest

from coalesce_sim.report.fields import label_of


@pytest.mark.parametrize(
    ("field", "label"),
    [
        ("policy.epsilon", "exploration rate ε"),
        ("clock.timeline_min", "clock timeline (min)"),
        ("clients.hardware.rent_usd_per_h", "clients hardware rent (USD/h)"),
        ("workload.arrivals.tasks_per_hour", "workload arrivals (tasks/hour)"),
    ],
)
def test_factors_are_named_in_words_with_their_unit(field: str, label: str):
    assert label_of(field) == label
