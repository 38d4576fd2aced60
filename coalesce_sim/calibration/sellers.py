"""Contractors as a scenario has them, and the laws of their seconds and their bills."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from coalesce_sim.arrays import BoolArray, FloatArray
from coalesce_sim.calibration.components import NotFitted
from coalesce_sim.calibration.home import Usable, left_out, places_of
from coalesce_sim.calibration.laws import Law, Part
from coalesce_sim.calibration.luck import Place
from coalesce_sim.calibration.runs import HOME, Runs
from coalesce_sim.scenario.costs import LoadPrice, TokenPrice
from coalesce_sim.scenario.moving import Moving
from coalesce_sim.scenario.pool import ContractorFacts, DrawnPool
from coalesce_sim.scenario.problems import Steps
from coalesce_sim.scenario.schema import Scenario


@dataclass(frozen=True, slots=True)
class Seller:
    """A contractor of a list, or a type of which a pool is drawn: its name in runs, and where it stands."""

    name: str
    at: Steps
    facts: ContractorFacts

    def number(self, field: str) -> float | None:
        """What is stated of a field. Raises `NotFitted` for a number that moves."""
        value = getattr(self.facts, field)
        if isinstance(value, Moving):
            raise NotFitted(f"{field} moves with time, which runs are not fitted to")
        return None if value is None else float(value)


def sellers_of(scenario: Scenario) -> list[Seller]:
    """Those whom runs can name: contractors of a list, or types of a drawn pool."""
    facts = [each for _, each in scenario.facts]
    pool = scenario.contractors
    if isinstance(pool, DrawnPool):
        named = zip(pool.types, facts, strict=True)
        return [Seller(name, ("contractors", "types", name), each) for name, each in named]
    if isinstance(pool, list):
        listed = zip(pool, facts, strict=True)
        return [Seller(each.name, ("contractors", at), known) for at, (each, known) in enumerate(listed)]
    return []


def whose(sellers: list[Seller], runs: Runs) -> dict[str, BoolArray]:
    """Whose each run is: its contractor's, or the type's of which that is drawn; by the seller's name."""
    drawn = {each.name for each in sellers if each.at[1] == "types"}
    of: dict[str, str] = {}
    for name in dict.fromkeys(runs.where.tolist()):
        kind = re.sub(r"_\d+$", "", name)
        of[name] = kind if name not in drawn and kind in drawn else name
    place = np.array([of[name] for name in runs.where.tolist()], dtype=object)
    return {each.name: np.asarray(place == each.name) for each in sellers}


def seconds_law(seller: Seller) -> Law:
    """A start, and seconds for each token read and written. Raises `NotFitted`."""
    if seller.facts.batch_curve is not None:
        raise NotFitted("its pace hangs on the jobs at work there (batch_curve), which runs do not say")
    network_s, latency_s = 1e-3 * (seller.number("network_ms") or 0), 60 * (seller.number("latency_min") or 0)
    if latency_s > 0:  # the start is what is stated of it: here the work's own, beside the network
        start = Part("a start", (*seller.at, "latency_min"), _one, latency_s / 60, per=60.0, early=True)
    else:
        start = Part("a start", (*seller.at, "network_ms"), _one, 1e3 * network_s, per=1e-3, early=True)
    known_s = network_s if latency_s > 0 else 0.0
    parts = (
        start,
        Part(
            "reading",
            (*seller.at, "prefill_tokens_per_s"),
            _amount("prompt_tokens"),
            _pace(seller, "prefill_tokens_per_s"),
            inverse=True,
            early=True,
        ),
        Part(
            "writing",
            (*seller.at, "decode_tokens_per_s"),
            _amount("output_tokens"),
            _pace(seller, "decode_tokens_per_s"),
            inverse=True,
        ),
    )
    return Law(
        "seconds by start and tokens",
        parts,
        lambda runs: runs["s"],
        known=lambda runs: np.full(len(runs), known_s),
        early=lambda runs: runs["first_token_s"],
    )


def timed_runs(seller: Seller, runs: Runs, mine: BoolArray) -> Usable:
    """The runs of a seller that its law of seconds is about."""
    among: BoolArray = mine & np.isfinite(runs["s"])
    outcomes = seller.facts.outcomes or {}
    fixed = [name for name, each in outcomes.items() if each.latency_min is not None]
    read, wrote = np.nan_to_num(runs["prompt_tokens"]) > 0, np.nan_to_num(runs["output_tokens"]) > 0
    reasons = [
        (np.isin(runs.type, fixed), "of types whose time is stated"),
        (~(read | wrote), "that do not say their tokens"),
        ((runs.good == 0) & ~wrote, "that failed and wrote nothing"),
    ]
    return left_out(among, reasons, f"of {seller.name}")


def price_law(scenario: Scenario, seller: Seller, runs: Runs) -> Law:
    """USD by tokens read, cached and written, and for a request where that costs something."""
    pricing = scenario.cost_model.external.pricing
    by_tokens = isinstance(pricing, TokenPrice) or (
        isinstance(pricing, LoadPrice) and (seller.facts.slots == "unlimited" or pricing.slope == 0)
    )
    if not by_tokens:
        raise NotFitted(f"prices are {pricing.kind}, not by tokens alone")
    if isinstance(pricing, LoadPrice) and seller.number("price_usd"):
        raise NotFitted("a price_usd is added to that of tokens")
    if seller.facts.conditional_prices:
        raise NotFitted("conditional_prices hold besides, and runs are not parted by them")
    cached = bool(np.nan_to_num(runs["cached_tokens"]).any())
    price = seller.number("input_usd_per_mtok")

    def uncached(some: Runs) -> FloatArray:
        read = np.nan_to_num(some["prompt_tokens"])
        return np.asarray(read - np.nan_to_num(some["cached_tokens"])) if cached else read

    cache_price = seller.number("cache_read_usd_per_mtok")
    parts = [
        Part("tokens read", (*seller.at, "input_usd_per_mtok"), uncached, price, per=1e-6),
        Part(
            "tokens written",
            (*seller.at, "output_usd_per_mtok"),
            _amount("output_tokens"),
            seller.number("output_usd_per_mtok"),
            per=1e-6,
        ),
    ]
    if cached:
        stated = price if cache_price is None else cache_price
        at = (*seller.at, "cache_read_usd_per_mtok")
        parts.append(Part("cached tokens", at, _amount("cached_tokens"), stated, per=1e-6))
    if fee := seller.number("request_usd"):
        parts.append(Part("requests", (*seller.at, "request_usd"), _one, fee))
    return Law("USD by tokens", tuple(parts), lambda some: some["usd"])


def billed_runs(seller: Seller, runs: Runs, mine: BoolArray) -> Usable:
    """The runs of a seller that its prices are about."""
    among: BoolArray = mine & np.isfinite(runs["usd"])
    outcomes = seller.facts.outcomes or {}
    by_use = [name for name, each in outcomes.items() if each.bill_usd is not None]
    knows_cache = np.isfinite(runs["cached_tokens"])
    silent = ~knows_cache if bool((knows_cache & among).any()) else np.zeros(len(runs), dtype=bool)
    tokens = np.nan_to_num(runs["prompt_tokens"]) + np.nan_to_num(runs["output_tokens"])
    reasons = [
        (np.isin(runs.type, by_use), "of types whose bill is stated"),
        (runs["usd"] == 0, "that cost nothing"),
        (tokens == 0, "that do not say their tokens"),
        (silent, "that do not say how much was cached"),
    ]
    return left_out(among, reasons, f"of {seller.name}")


def success_of(seller: Seller) -> dict[str, Place]:
    """Where it is stated how often a seller's work is good; by default it is as good as it claims. Raises
    `NotFitted`."""
    claimed = seller.facts.success
    if claimed is None and seller.facts.outcomes is None:
        claimed = seller.number("reliability")
    return places_of(seller.at, claimed, seller.facts.outcomes)


def strangers(sellers: list[Seller], runs: Runs) -> Iterator[str]:
    """Names in runs that are nobody's in the scenario."""
    known = whose(sellers, runs)
    theirs = np.zeros(len(runs), dtype=bool)
    for mine in known.values():
        theirs = theirs | mine
    yield from dict.fromkeys(runs.where[~theirs & (runs.where != HOME)].tolist())


def _pace(seller: Seller, field: str) -> float | None:
    """The speed that is stated or, left out, that of the hardware."""
    stated = seller.number(field)
    if stated is not None or seller.facts.hardware is None:
        return stated
    found: float | None = getattr(seller.facts.hardware, field)
    return found


def _amount(column: str) -> Callable[[Runs], FloatArray]:
    return lambda runs: np.nan_to_num(runs[column])


def _one(runs: Runs) -> FloatArray:
    return np.ones(len(runs))
