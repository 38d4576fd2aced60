"""What contractors charge by tokens. Pure functions over arrays, tasks × contractors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import NamedTuple

import numpy as np

from coalesce_sim.arrays import BoolArray, FloatArray, IntArray
from coalesce_sim.scenario.tariff import PRICES, ConditionalPrices, TokenPrices


class Rates(NamedTuple):
    """Prices of some contractors, one entry each."""

    input_usd_per_token: FloatArray
    cache_read_usd_per_token: FloatArray
    output_usd_per_token: FloatArray
    request_usd: FloatArray

    def at(self, places: IntArray) -> Rates:
        """Those of some entries."""
        input_usd, cache_read_usd, output_usd, request_usd = self
        return Rates(
            input_usd[places],
            cache_read_usd[places],
            output_usd[places],
            request_usd[places],
        )


class Conditional(NamedTuple):
    """Prices of some `contractors`, by their places in the pool, and the condition on which they hold; one
    entry each.

    They hold for prompts of more than `above_prompt_tokens` that arrive between the seconds `from_s` and
    `until_s` of the day.
    """

    contractors: IntArray
    above_prompt_tokens: FloatArray
    from_s: FloatArray
    until_s: FloatArray
    rates: Rates

    def at(self, places: IntArray, contractors: IntArray) -> Conditional:
        """Those of some entries, for contractors at other places."""
        above, from_s, until_s = (column[places] for column in self[1:4])
        return Conditional(contractors, above, from_s, until_s, self.rates.at(places))


@dataclass(frozen=True, slots=True)
class Tariff:
    """The prices by tokens of a pool: the `base` of all contractors and, in rising order of precedence, those
    that hold instead on a condition."""

    base: Rates
    conditional: tuple[Conditional, ...]

    @property
    def charges(self) -> bool:
        """Whether anybody charges by tokens."""
        return bool(self.conditional) or any(usd.any() for usd in self.base)

    def of(self, ids: IntArray) -> Tariff:
        """That of some contractors of the pool, in their order."""
        conditional = []
        for layer in self.conditional:
            if not len(layer.contractors):  # nobody of a drawn pool states any
                continue
            place = np.searchsorted(layer.contractors, ids)
            place[place == len(layer.contractors)] = 0
            stated = np.flatnonzero(layer.contractors[place] == ids)
            conditional.append(layer.at(place[stated], stated))
        return Tariff(self.base.at(ids), tuple(conditional))


def tariff_of(kinds: Sequence[TokenPrices], kind: IntArray, factor: FloatArray) -> Tariff:
    """The tariff of a pool: contractor i charges what ``kinds[kind[i]]`` states, times its factor."""
    layers = [dict(enumerate(_row(own) for own in kinds))]
    for layer in zip_longest(*(own.conditional_prices for own in kinds)):
        stated = {which: prices for which, prices in enumerate(layer) if prices is not None}
        layers.append({which: _row(kinds[which], prices) for which, prices in stated.items()})
    base, *conditional = (_layer(rows, len(kinds), kind, factor) for rows in layers)
    return Tariff(base.rates, tuple(conditional))


def bill_usd(
    tariff: Tariff,
    prompt_tokens: FloatArray,
    cached_tokens: FloatArray,
    output_tokens: FloatArray,
    second_of_day: FloatArray,
) -> FloatArray:
    """What every contractor bills for every task, (tasks, contractors).

    `cached_tokens` are those of the prompt that are read from a contractor's cache, `second_of_day` is when,
    in UTC, a task arrives.
    """
    usd = _usd(tariff.base, prompt_tokens, cached_tokens, output_tokens)
    for layer in tariff.conditional:
        hold = _hold(layer, prompt_tokens, second_of_day)
        instead_usd = _usd(layer.rates, prompt_tokens, cached_tokens, output_tokens)
        usd[:, layer.contractors] = np.where(hold, instead_usd, usd[:, layer.contractors])
    return usd


def input_usd_per_mtok(tariff: Tariff, second_of_day: FloatArray) -> FloatArray:
    """The price of a million tokens in short prompts at those times, (times, contractors)."""
    always_usd = tariff.base.input_usd_per_token * 1e6
    usd = np.broadcast_to(always_usd, (len(second_of_day), len(always_usd))).copy()
    for layer in tariff.conditional:
        hold = _hold(layer, np.zeros(len(second_of_day)), second_of_day)
        instead_usd = layer.rates.input_usd_per_token * 1e6
        usd[:, layer.contractors] = np.where(hold, instead_usd, usd[:, layer.contractors])
    return usd


def _usd(
    rates: Rates, prompt_tokens: FloatArray, cached_tokens: FloatArray, output_tokens: FloatArray
) -> FloatArray:
    """Where nothing is cached, or at no price of its own, and there is no fee, to the last bit what two
    constants give."""
    usd: FloatArray = prompt_tokens[:, None] * rates.input_usd_per_token
    if cached_tokens.any():
        usd += cached_tokens[:, None] * (rates.cache_read_usd_per_token - rates.input_usd_per_token)
    usd += output_tokens[:, None] * rates.output_usd_per_token
    if rates.request_usd.any():
        usd += rates.request_usd
    return usd


def _hold(layer: Conditional, prompt_tokens: FloatArray, second_of_day: FloatArray) -> BoolArray:
    """Whether its rates hold for each task, (tasks, contractors)."""
    begun, over = second_of_day[:, None] >= layer.from_s, second_of_day[:, None] >= layer.until_s
    in_hours = np.where(layer.from_s < layer.until_s, begun & ~over, begun | ~over)
    hold: BoolArray = in_hours & (prompt_tokens[:, None] > layer.above_prompt_tokens)
    return hold


def _layer(rows: dict[int, _Row], kinds: int, kind: IntArray, factor: FloatArray) -> Conditional:
    """The rates of all contractors whose kind, of so many, has a row."""
    place_of = np.full(kinds, -1)
    place_of[list(rows)] = np.arange(len(rows))
    places = place_of[kind]
    contractors = np.flatnonzero(places >= 0)
    stated = np.array(list(rows.values()), dtype=np.float64)[places[contractors]]
    above, from_h, until_h = stated[:, :3].T
    input_usd, cache_read_usd, output_usd, request_usd = stated[:, 3:].T * factor[contractors]
    return Conditional(
        contractors,
        above_prompt_tokens=above,
        from_s=np.round(3600 * from_h, 6),
        until_s=np.round(3600 * until_h, 6),
        rates=Rates(input_usd / 1e6, cache_read_usd / 1e6, output_usd / 1e6, request_usd),
    )


_Row = tuple[float, ...]
"""The condition (tokens, hours), and the prices as they are stated."""


def _row(own: TokenPrices, instead: ConditionalPrices | None = None) -> _Row:
    above, from_h, until_h = -1.0, 0.0, 24.0
    prices = [getattr(own, name) for name in PRICES]
    if instead is not None:
        if instead.above_prompt_tokens is not None:
            above = instead.above_prompt_tokens
        if instead.from_hour_utc is not None and instead.until_hour_utc is not None:
            from_h, until_h = instead.from_hour_utc, instead.until_hour_utc
        stated = [getattr(instead, name) for name in PRICES]
        prices = [one if other is None else other for one, other in zip(prices, stated, strict=True)]
    input_usd, cache_read_usd, output_usd, request_usd = prices
    cached_usd = input_usd if cache_read_usd is None else cache_read_usd
    return above, from_h, until_h, input_usd, cached_usd, output_usd, request_usd
