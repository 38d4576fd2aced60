"""Listed prices of real sellers, from the `genai-prices` package or from a price file."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from coalesce_sim.inputs.package_prices import package_models, package_prices
from coalesce_sim.inputs.price_file import read_price_file
from coalesce_sim.scenario.pool import PriceList
from coalesce_sim.scenario.problems import Problem, ScenarioError
from coalesce_sim.scenario.tariff import TokenPrices


@dataclass(frozen=True, slots=True)
class ListedPrice:
    """What a provider charges for a model; `not_billed` names what its listing also has a price for, and no
    client orders."""

    provider: str
    prices: TokenPrices
    not_billed: tuple[str, ...] = ()


def listed_prices(wanted: PriceList) -> list[ListedPrice]:
    """The price of every wanted seller, in the order of the scenario.

    Raises `ScenarioError` naming each seller that is not listed or whose listing cannot bill a task, a price
    file that cannot be read, or the extra to install where `genai-prices` is needed and absent.
    """
    look_up = _in_package(wanted) if wanted.price_file is None else _in_file(wanted.price_file)
    listed, problems = [], []
    for provider, model in wanted.sellers.items():
        try:
            listed.append(look_up(provider, model))
        except ValueError as error:
            problems.append(Problem("", None, f"contractors.sellers.{provider}", str(error)))
    if problems:
        raise ScenarioError(problems)
    return listed


def left_out_of_prices(wanted: PriceList) -> list[str]:
    """What the listings of the wanted sellers hold besides, and nobody is billed for, in plain sentences."""
    told = [
        f"{each.provider} also lists {', '.join(each.not_billed)}, which no task is billed for"
        for each in listed_prices(wanted)
        if each.not_billed
    ]
    unread = () if wanted.price_file is None else read_price_file(wanted.price_file).unread
    if unread:
        told.append(f"{wanted.price_file} has columns that are not read: {', '.join(unread)}")
    return told


_LookUp = Callable[[str, str], ListedPrice]
"""The price of a provider's model. Raises `ValueError` where there is none by which a task can be billed."""


def _in_file(file: str) -> _LookUp:
    listing = read_price_file(file)

    def look_up(provider: str, model: str) -> ListedPrice:
        if (provider, model) not in listing.prices:
            raise ValueError(_not_listed(provider, model, listing.prices, file))
        if (provider, model) in listing.cut_down:
            raise ValueError(
                f"{file} says that {model!r} is tiered, but not what longer prompts cost: "
                "state rows with above_prompt_tokens"
            )
        return ListedPrice(provider, listing.prices[provider, model])

    return look_up


def _in_package(wanted: PriceList) -> _LookUp:
    models, source = package_models(), f"genai-prices on {wanted.price_date}"

    def look_up(provider: str, model: str) -> ListedPrice:
        if (provider, model) not in models:
            raise ValueError(_not_listed(provider, model, models, source))
        if models[provider, model].deprecated:
            raise ValueError(f"{source} lists {model!r} as deprecated")
        try:
            return ListedPrice(provider, *package_prices(models[provider, model], wanted.price_date))
        except ValueError as error:
            raise ValueError(f"{source} lists {model!r} {error}") from None

    return look_up


def _not_listed(provider: str, model: str, listing: Iterable[tuple[str, str]], source: str) -> str:
    models = sorted(m for p, m in listing if p == provider)
    known = models or sorted({p for p, _ in listing})
    near = difflib.get_close_matches(model if models else provider, known, cutoff=0.4)
    missing = f"no price for {model!r} from this provider" if models else "no such provider"
    hint = f"; did you mean {' or '.join(map(repr, near))}?" if near else ""
    return f"{source} has {missing}{hint}"
