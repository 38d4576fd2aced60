"""Bills by tokens as the package `genai-prices` works them out, beside ours."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from itertools import product

import numpy as np
from genai_prices import Usage
from genai_prices.data_snapshot import get_snapshot
from genai_prices.types import ModelInfo, ModelPrice, Provider, TimeOfDateConstraint

from coalesce_sim.economics.tariff import bill_usd, tariff_of
from coalesce_sim.inputs.package_prices import package_prices

NOON = 12.0


def listings() -> Iterator[tuple[Provider, ModelInfo]]:
    """All that the package lists."""
    for provider in get_snapshot().providers:
        for model in provider.models:
            yield provider, model


def tier_starts(model: ModelInfo, day: date) -> set[int]:
    """Tokens of a prompt beyond which any price changes."""
    prices = vars(model.get_prices(datetime(day.year, day.month, day.day, tzinfo=UTC))).values()
    return {tier.start for price in prices for tier in getattr(price, "tiers", ())}


def by_the_hour(model: ModelInfo) -> bool:
    """Whether any price depends on the time of day."""
    return not isinstance(model.prices, ModelPrice) and any(
        isinstance(each.constraint, TimeOfDateConstraint) for each in model.prices
    )


def greatest_difference(provider: Provider, model: ModelInfo, day: date) -> float:
    """By which share at most our bill differs: for prompts about every tier, with a third of them cached and
    none, and through the day where that matters.

    Raises `ValueError` where the listing cannot bill a task.
    """
    prices, _ = package_prices(model, day)
    prompts = {900, 300_000} | {start + more for start in tier_starts(model, day) for more in (0, 1)}
    hours = np.arange(0, 24, 0.5) if by_the_hour(model) else (NOON,)
    requests = [
        (prompt, cached, 1000, hour)
        for prompt, hour in product(sorted(prompts), hours)
        for cached in (0, prompt // 3)
    ]
    columns = np.array(requests, dtype=float).T
    prompt, cached, output, hour = columns
    ours_usd = bill_usd(
        tariff_of([prices], np.zeros(1, dtype=np.int64), np.ones(1)), prompt, cached, output, 3600 * hour
    )[:, 0]
    theirs_usd = np.array([_bill_usd(provider, model, day, *request) for request in requests])
    return float(np.max(np.abs(ours_usd - theirs_usd) / np.maximum(theirs_usd, 1e-12)))


def _bill_usd(
    provider: Provider, model: ModelInfo, day: date, prompt: int, cached: int, output: int, hour: float
) -> float:
    """The end of `genai_prices.calc_price`, which would look for the model by its name first."""
    usage = Usage(input_tokens=prompt, cache_read_tokens=cached, output_tokens=output)
    when = datetime(day.year, day.month, day.day, int(hour), round(60 * (hour % 1)), tzinfo=UTC)
    return float(model.calc_price(usage, provider, genai_request_timestamp=when).total_price)
