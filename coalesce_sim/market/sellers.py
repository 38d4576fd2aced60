"""Listed per-token prices of real sellers, from the `genai-prices` package or from a flat price file."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import lru_cache
from pathlib import Path

from coalesce_sim.scenario.pool import PriceList
from coalesce_sim.scenario.problems import Problem, ScenarioError

_COLUMNS = ("provider", "model", "input_usd_per_mtok", "output_usd_per_mtok")


@dataclass(frozen=True, slots=True)
class ListedPrice:
    """A provider's price for a model, USD per million tokens."""

    provider: str
    input_usd_per_mtok: float
    output_usd_per_mtok: float


def listed_prices(wanted: PriceList) -> list[ListedPrice]:
    """The price of every wanted seller, in the order of the scenario.

    Raises `ScenarioError` naming each seller that is not listed, a price file that cannot be read, or the
    extra to install where `genai-prices` is needed and absent.
    """
    if wanted.price_file is None:
        listing = _package_prices(wanted.price_date)
        source = f"genai-prices on {wanted.price_date}"
    else:
        listing = _file_prices(wanted.price_file)
        source = wanted.price_file
    problems = []
    found = []
    for provider, model in wanted.sellers.items():
        price = listing.get((provider, model))
        if price is None:
            others = sorted(m for p, m in listing if p == provider)[:5]
            known = f"; it lists {', '.join(others)}" if others else "; no such provider"
            problems.append(
                Problem(source, None, f"contractors.sellers.{provider}", f"does not sell {model!r}{known}")
            )
        else:
            found.append(ListedPrice(provider, *price))
    if problems:
        raise ScenarioError(tuple(problems))
    return found


_Listing = dict[tuple[str, str], tuple[float, float]]


@lru_cache(maxsize=4)
def _package_prices(day: date) -> _Listing:
    try:
        from genai_prices.data_snapshot import get_snapshot
        from genai_prices.types import TieredPrices
    except ImportError as error:
        message = "needs the package genai-prices: pip install 'coalesce-sim[prices]', or set price_file"
        raise ScenarioError((Problem("", None, "contractors.price_file", message),)) from error
    when = datetime.combine(day, time(), UTC)
    listing: _Listing = {}
    for provider in get_snapshot().providers:
        for model in provider.models:
            price = model.get_prices(when)
            pair = [
                each.base if isinstance(each, TieredPrices) else each
                for each in (price.input_mtok, price.output_mtok)
            ]
            if not model.deprecated and pair[0] is not None and pair[1] is not None:
                listing[provider.id, model.id] = (float(pair[0]), float(pair[1]))
    return listing


def _file_prices(file: str) -> _Listing:
    listing: _Listing = {}
    try:
        with Path(file).open(newline="", encoding="utf-8") as handle:
            reader = csv.DictReader(handle)
            missing = [name for name in _COLUMNS if name not in (reader.fieldnames or [])]
            if missing:
                raise ScenarioError((Problem(file, 1, ", ".join(missing), "no such column"),))
            for row in reader:
                provider, model, *prices = (row[name] for name in _COLUMNS)
                if all(prices):
                    try:
                        listing[provider, model] = (float(prices[0]), float(prices[1]))
                    except ValueError:
                        message = f"prices must be numbers (got {prices[0]!r}, {prices[1]!r})"
                        raise ScenarioError((Problem(file, reader.line_num, model, message),)) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ScenarioError(
            (Problem(file, None, "contractors.price_file", f"cannot be read: {error}"),)
        ) from error
    return listing
