"""Bills by tokens against the package's own, over all its listings."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from genai_prices.types import ModelInfo

from coalesce_sim.inputs.package_prices import package_prices
from verification.package_bills import greatest_difference, listings, tier_starts

NEEDED = {"input_mtok", "output_mtok"}


@pytest.mark.parametrize("day", [date(2026, 11, 22), date(2026, 8, 20)])
def test_every_listing_bills_what_the_package_says_or_is_refused_by_the_name_of_a_price(day: date) -> None:
    billed = tiered = 0
    for provider, model in listings():
        refusal = why_not(model, day)
        if refusal:
            listed = vars(model.get_prices(datetime(day.year, day.month, day.day, tzinfo=UTC))).keys()
            named = NEEDED - listed or listed - NEEDED
            assert any(name in refusal for name in named), (provider.id, model.id, refusal)
            continue
        assert greatest_difference(provider, model, day) < 1e-12, (provider.id, model.id)
        billed, tiered = billed + 1, tiered + bool(tier_starts(model, day))
    assert billed > 2000
    assert tiered > 120


def why_not(model: ModelInfo, day: date) -> str:
    """Why a task cannot be billed by a listing; empty where it can."""
    try:
        package_prices(model, day)
    except ValueError as error:
        return str(error)
    return ""
