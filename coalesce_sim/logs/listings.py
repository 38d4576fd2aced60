"""Who answered: a provider's models as they are called in the log, what they ask, how fast and how sure they
were."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from coalesce_sim.logs.calls import Calls, Names
from coalesce_sim.logs.models import AT_HOME, UNKNOWN, provider_name, same_model
from coalesce_sim.logs.prices import Prices, recovered
from coalesce_sim.logs.speeds import Speeds, speeds_of
from coalesce_sim.numbers import plural
from coalesce_sim.scenario.problems import Problem, ScenarioError
from coalesce_sim.scenario.tariff import PRICES, TokenPrices

_SAME_PRICE = 1e-6


@dataclass(slots=True)
class Seller:
    """A model at a provider. `models` are its names in the log, `model` what they share, `at_home` whether it
    is one's own.

    `prices` are None as long as nobody says them.
    """

    provider: str
    model: str
    models: tuple[str, ...]
    name: str
    at_home: bool = False
    rows: int = 0
    failed: int = 0
    prices: TokenPrices | None = None
    priced_from: str = ""
    speeds: Speeds | None = None
    outcomes: dict[str, tuple[int, int]] = field(default_factory=dict)
    """By type of task how many were done here, and how many of them well."""

    @property
    def is_free(self) -> bool:
        """Whether its bills are all 0."""
        prices = self.prices
        return prices is not None and not any(getattr(prices, name) for name in PRICES) and self.rows > 0

    @property
    def failure_rate(self) -> float:
        """Share of calls that failed; 0 where there are none."""
        return self.failed / self.rows if self.rows else 0.0


@dataclass(frozen=True, slots=True)
class Sellers:
    """All who answered, and the place among them of who answered each call."""

    sellers: list[Seller]
    of_call: np.ndarray
    told: list[str]


def sellers_of(calls: Calls, models: Names, providers: Names, home: str | None) -> Sellers:
    """Who answered the calls, where `home` names the model that one runs oneself.

    Raises `ScenarioError` where no model is called so, or several providers serve it and may be meant.
    """
    told: list[str] = []
    provider = _with_providers(calls, models, providers, told)
    width = len(provider.names)
    key = calls.model * np.int32(width) + provider.codes
    listings = np.flatnonzero(np.bincount(key))
    at = np.zeros(int(listings[-1]) + 1, dtype=np.int32)
    at[listings] = np.arange(len(listings))
    of_call = at[key]
    pairs = [(provider.names[each % width], models.values[each // width]) for each in listings.tolist()]
    parts = _parts(of_call, len(pairs))
    prices = [_prices(calls, part) for part in parts]
    owned = _owned(pairs, prices, home)
    merged = _merged(pairs, prices, owned)
    sellers: list[Seller] = []
    place = np.empty(len(pairs), dtype=np.int32)
    for members in merged:
        provider_, model = pairs[members[0]]
        theirs = np.sort(np.concatenate([parts[each] for each in members]))
        seller = Seller(
            provider_,
            same_model(model),
            tuple(pairs[each][1] for each in members),
            "",
            at_home=members[0] in owned,
            rows=len(theirs),
            failed=int(calls.failed[theirs].sum()),
            speeds=speeds_of(calls, theirs),
        )
        if not seller.at_home:
            found = prices[members[0]] if len(members) == 1 else _prices(calls, theirs)
            if found is not None:
                seller.prices, seller.priced_from = _as_tokens(found), found.told
        place[members] = len(sellers)
        sellers.append(seller)
    _name(sellers)
    told += [
        f"taken for the same model at {each.provider}: {', '.join(each.models)}"
        for each in sellers
        if len(each.models) > 1
    ]
    told += _across(sellers)
    return Sellers(sellers, place[of_call], told)


@dataclass(frozen=True, slots=True)
class _Providers:
    names: list[str]
    codes: np.ndarray


def _with_providers(calls: Calls, models: Names, providers: Names, told: list[str]) -> _Providers:
    """The provider of each call: as stated, as the model's name begins, or as that of the model's other
    calls."""
    names = Names()
    stated = np.array(
        [names.number(provider_name(each, "")) for each in providers.values] + [-1], dtype=np.int32
    )
    codes = stated[calls.provider]
    by_name = np.array([names.number(provider_name(None, each)) for each in models.values], dtype=np.int32)
    key = np.array([same_model(each) for each in models.values])
    for model in np.unique(calls.model[codes < 0]).tolist():
        lacking = (calls.model == model) & (codes < 0)
        alike = np.isin(calls.model, np.flatnonzero(key == key[model])) & (codes >= 0)
        others = np.unique(codes[alike])
        if len(others) == 1:
            codes[lacking] = others[0]
            who = f"{names.values[others[0]]}, who answered its other calls"
            count = plural(int(lacking.sum()), "call")
            told.append(f"{count} of {models.values[model]} without a provider: taken for {who}")
        else:
            codes[lacking] = by_name[model]
    return _Providers(names.values, codes)


def _parts(of_call: np.ndarray, count: int) -> list[np.ndarray]:
    order = np.argsort(of_call, kind="stable")
    return np.split(order, np.cumsum(np.bincount(of_call, minlength=count))[:-1])


def _prices(calls: Calls, which: np.ndarray) -> Prices | None:
    well = which[~calls.failed[which]]
    return recovered(calls.prompt[well], calls.cached[well], calls.output[well], calls.usd[well])


def _as_tokens(prices: Prices) -> TokenPrices:
    return TokenPrices(
        input_usd_per_mtok=prices.input_usd,
        cache_read_usd_per_mtok=prices.cached_usd,
        output_usd_per_mtok=prices.output_usd,
    )


def _owned(pairs: list[tuple[str, str]], prices: list[Prices | None], home: str | None) -> set[int]:
    """Which listings are the model at home."""
    if home is None:
        return set()
    exact = {
        place
        for place, (provider, model) in enumerate(pairs)
        if home.lower() in (f"{provider}/{model}".lower(), model.lower() if "/" in home else "")
    }
    alike = exact or {
        place for place, (_, model) in enumerate(pairs) if same_model(model) == same_model(home)
    }
    if not alike:
        known = sorted({same_model(model) for _, model in pairs})
        near = difflib.get_close_matches(same_model(home), known, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        shown = ", ".join(known[:20])
        raise _home_problem(f"no call was answered by {home!r}{hint} (models: {shown})")
    own = {place for place in alike if pairs[place][0] in AT_HOME}
    free = {place for place in alike if _is_free(prices[place])}
    chosen = own or free or alike
    by = sorted({pairs[place][0] for place in chosen})
    if len(by) > 1:
        names = " or ".join(f"{each}/{home}" for each in by)
        raise _home_problem(
            f"{home!r} is served by {', '.join(by)}: say which of them is your own, as in --home {names}"
        )
    return chosen


def _is_free(prices: Prices | None) -> bool:
    return prices is not None and prices.input_usd == 0 and prices.output_usd == 0


def _home_problem(message: str) -> ScenarioError:
    return ScenarioError([Problem("", None, "--home", message)])


def _merged(pairs: list[tuple[str, str]], prices: list[Prices | None], owned: set[int]) -> list[list[int]]:
    """Listings that are one: the same model at the same provider, at the same prices as far as these are
    known."""
    found: list[list[int]] = []
    for place, (provider, model) in enumerate(pairs):
        for members in found:
            first = members[0]
            alike = pairs[first][0] == provider and same_model(pairs[first][1]) == same_model(model)
            if alike and (first in owned) == (place in owned) and _agree(prices[first], prices[place]):
                members.append(place)
                break
        else:
            found.append([place])
    return found


def _agree(one: Prices | None, other: Prices | None) -> bool:
    if one is None or other is None:
        return True
    pairs = (
        (one.input_usd, other.input_usd),
        (one.output_usd, other.output_usd),
        (one.cached_usd, other.cached_usd),
    )
    return all(a is None or b is None or abs(a - b) <= _SAME_PRICE * max(a, b) for a, b in pairs)


def _name(sellers: list[Seller]) -> None:
    """Provider and model, or where that is not enough the name in the log."""
    short = Counter((each.provider, each.model) for each in sellers)
    for each in sellers:
        model = (
            each.model if short[each.provider, each.model] == 1 else each.models[0].lower().rpartition("/")[2]
        )
        each.name = model if each.provider == UNKNOWN else f"{each.provider}/{model}"


def _across(sellers: Iterable[Seller]) -> list[str]:
    """Which names at different providers are taken for the same model."""
    by_model: dict[str, list[str]] = {}
    for each in sellers:
        by_model.setdefault(each.model, []).extend(f"{each.provider}: {name}" for name in each.models)
    return [
        f"taken for the same model, {model}: {', '.join(names)}"
        for model, names in by_model.items()
        if len({name.partition(": ")[2].lower() for name in names}) > 1
        and len({name.partition(": ")[0] for name in names}) > 1
    ]
