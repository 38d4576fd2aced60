"""Listed per-token prices of real sellers, from the `genai-prices` package or from a flat price file."""

from __future__ import annotations

import csv
import difflib
import math
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
    problems = [
        Problem("", None, f"contractors.sellers.{provider}", _not_listed(provider, model, listing, source))
        for provider, model in wanted.sellers.items()
        if (provider, model) not in listing
    ]
    if problems:
        raise ScenarioError(problems)
    return [ListedPrice(provider, *listing[provider, model]) for provider, model in wanted.sellers.items()]


_Listing = dict[tuple[str, str], tuple[float, float]]


def _not_listed(provider: str, model: str, listing: _Listing, source: str) -> str:
    models = sorted(m for p, m in listing if p == provider)
    known = models or sorted({p for p, _ in listing})
    near = difflib.get_close_matches(model if models else provider, known, cutoff=0.4)
    missing = f"no price for {model!r} from this provider" if models else "no such provider"
    hint = f"; did you mean {' or '.join(map(repr, near))}?" if near else ""
    return f"{source} has {missing}{hint}"


@lru_cache(maxsize=4)
def _package_prices(day: date) -> _Listing:
    try:
        from genai_prices.data_snapshot import get_snapshot
        from genai_prices.types import TieredPrices
    except ImportError as error:
        message = "needs the extra `prices` (pip install genai-prices), or a price_file"
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
    """The listings of a price file; rows that leave a price empty are none."""
    listing: _Listing = {}
    problems: list[Problem] = []
    try:
        with Path(file).open(newline="", encoding="utf-8-sig") as handle:
            reader = csv.DictReader(handle, strict=True)
            missing = [name for name in _COLUMNS if name not in (reader.fieldnames or [])]
            if missing:
                raise ScenarioError((Problem(file, 1, ", ".join(missing), "no such column"),))
            for row in reader:
                provider, model, *prices = (row[name] for name in _COLUMNS)
                if not all(prices):
                    continue
                try:
                    if (provider, model) in listing:
                        raise ValueError("is listed twice")
                    listing[provider, model] = (_price_usd(prices[0]), _price_usd(prices[1]))
                except ValueError as error:
                    problems.append(Problem(file, reader.line_num, f"{provider} {model}", str(error)))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = getattr(error, "strerror", None) or error
        message = f"{file}: cannot be read: {reason}"
        raise ScenarioError((Problem("", None, "contractors.price_file", message),)) from error
    if problems:
        raise ScenarioError(problems)
    return listing


def _price_usd(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        raise ValueError(f"a price must be a number (got {text!r})") from None
    if not (math.isfinite(value) and value >= 0):
        raise ValueError(f"a price must be >= 0 and finite (got {text!r})")
    return value
