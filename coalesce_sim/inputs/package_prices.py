"""Prices of real sellers as the package `genai-prices` lists them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING, Any

from coalesce_sim.scenario.problems import Problem, ScenarioError
from coalesce_sim.scenario.tariff import ConditionalPrices, TokenPrices

if TYPE_CHECKING:
    from genai_prices.types import ModelInfo, ModelPrice

_FIELDS = {
    "input_mtok": "input_usd_per_mtok",
    "output_mtok": "output_usd_per_mtok",
    "cache_read_mtok": "cache_read_usd_per_mtok",
    "requests_kcount": "request_usd",
}
"""What a task can be billed for, by the package's names and ours."""

_ORDERED_EXTRA = (
    *("cache_write_mtok", "cache_write_5m_mtok", "cache_write_1h_mtok"),
    *("web_searches_kcount", "storage_searches_kcount"),
)
"""What is charged only where a client orders it beside the task, which no client does here."""


def package_models() -> dict[tuple[str, str], ModelInfo]:
    """All listings by provider and model.

    Raises `ScenarioError` with the extra to install where the package is absent.
    """
    try:
        from genai_prices.data_snapshot import get_snapshot
    except ImportError as error:
        message = "needs the extra `prices` (pip install genai-prices), or a price_file"
        raise ScenarioError((Problem("", None, "contractors.price_file", message),)) from error
    return {
        (provider.id, model.id): model for provider in get_snapshot().providers for model in provider.models
    }


def package_prices(model: ModelInfo, day: date) -> tuple[TokenPrices, tuple[str, ...]]:
    """What a model costs on a day, and the charges that its listing has for what no task has or orders.

    Raises `ValueError` where a task cannot be billed by the listing: a price is missing, or one is by what no
    task has, such as images, or what nobody knows of it, such as how many of its tokens are reasoning.
    """
    listed = list(_on_the_day(model, day))
    charges = dict.fromkeys(name for prices, _ in listed for name in _stated(prices))
    for prices, _ in listed:
        missing = [name for name in ("input_mtok", "output_mtok") if name not in _stated(prices)]
        if missing:
            raise ValueError(f"without {' and '.join(missing)}{_by(charges)}")
    strange = [name for name in charges if name not in _FIELDS and name not in _ORDERED_EXTRA]
    if strange:
        raise ValueError(f"with {', '.join(strange)}, which no task can be charged by")
    (base, _), *others = listed
    conditional = [*_tiers(base, {})]
    for prices, hours in others:
        conditional += [_instead(prices, hours), *_tiers(prices, hours)]
    heard = [
        each
        for place, each in enumerate(conditional)
        if not any(later.hides(each) for later in conditional[place + 1 :])
    ]
    own = TokenPrices(**_of_length(base, -1), conditional_prices=heard)
    return own, tuple(name for name in charges if name in _ORDERED_EXTRA)


def _by(charges: dict[str, None]) -> str:
    others = [name for name in charges if name not in _FIELDS]
    return f", but with {', '.join(others)}" if others else ""


def _on_the_day(model: ModelInfo, day: date) -> Iterator[tuple[ModelPrice, dict[str, float]]]:
    """Prices of the day in rising order of precedence, and the hours at which they hold; the first always do.

    The package's rule: the last whose condition is met holds, else the first.
    """
    from genai_prices.types import ModelPrice, TimeOfDateConstraint

    if isinstance(model.prices, ModelPrice):
        yield model.prices, {}
        return
    if not model.prices:
        yield ModelPrice(), {}
        return
    all_day, at_hours = model.prices[0].prices, []
    for each in model.prices:
        if isinstance(each.constraint, TimeOfDateConstraint):
            begin, end = _hour(day, each.constraint.start_time), _hour(day, each.constraint.end_time)
            if begin != end:
                at_hours.append((each.prices, {"from_hour_utc": begin, "until_hour_utc": end or 24.0}))
        elif each.constraint is None or each.constraint.active(datetime.combine(day, time(), UTC)):
            all_day, at_hours = each.prices, []
    yield all_day, {}
    yield from at_hours


def _hour(day: date, moment: time) -> float:
    utc = datetime.combine(day, moment).replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    return utc.hour + utc.minute / 60 + (utc.second + utc.microsecond / 1e6) / 3600


def _stated(prices: ModelPrice) -> dict[str, Any]:
    return {name: price for name, price in vars(prices).items() if price is not None}


def _tiers(prices: ModelPrice, hours: dict[str, float]) -> Iterator[ConditionalPrices]:
    """The prices of longer prompts, the longest last."""
    starts = {tier.start for price in _stated(prices).values() for tier in getattr(price, "tiers", ())}
    for start in sorted(starts):
        yield _instead(prices, hours | {"above_prompt_tokens": float(start)}, start)


def _instead(prices: ModelPrice, condition: dict[str, float], start: int = -1) -> ConditionalPrices:
    """What is charged on the condition, with all prices, so that none is taken from the usual ones."""
    charged = _of_length(prices, start)
    implied = {"cache_read_usd_per_mtok": charged["input_usd_per_mtok"], "request_usd": 0.0}
    return ConditionalPrices(**(condition | implied | charged))


def _of_length(prices: ModelPrice, start: int) -> dict[str, float]:
    """What is charged, by our names, for prompts just longer than `start` tokens."""
    charged = {}
    for name, price in _stated(prices).items():
        if name in _FIELDS:
            reached = [tier.price for tier in getattr(price, "tiers", ()) if tier.start <= start]
            usd = [getattr(price, "base", price), *reached][-1]
            charged[_FIELDS[name]] = float(usd / 1000 if name == "requests_kcount" else usd)
    return charged
