"""What adversaries and defences need, and what does not go together: all at once, before anything runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from coalesce_sim.scenario import adversaries as kinds
from coalesce_sim.scenario.costs import BargainedPrice, LoadPrice, TokenPrice
from coalesce_sim.scenario.pool import ContractorFacts, DrawnPool, PriceList, RecordedPool
from coalesce_sim.scenario.problems import closest
from coalesce_sim.scenario.skills import Table

if TYPE_CHECKING:
    from coalesce_sim.scenario.schema import Scenario

_BY_SCORE = (kinds.OnOff, kinds.Whitewashing, kinds.FalseRatings, kinds.WorkRing)
_OF_CLIENTS = (kinds.FalseRatings, kinds.WorkRing, kinds.NonPayment, kinds.FalseRejection)
_MANY = 100_000


def objections_to_adversaries(scenario: Scenario) -> Iterator[str]:
    """What is wrong with `adversaries` and `defences`, each beginning with its place."""
    if scenario.adversaries and scenario.contracts is None:
        yield "adversaries: need contracts, which may be empty ({}), or extends: market"
    if scenario.defences.any and scenario.contracts is None:
        yield "defences: need contracts, which may be empty ({}), or extends: market"
    audit = scenario.defences.audit
    if audit is not None and audit.raise_with_risk and scenario.reputation is None:
        yield "defences.audit.raise_with_risk: needs reputation, whose score it follows (got true)"
    for index, chosen in enumerate(scenario.adversaries):
        place = f"adversaries[{index}]"
        yield from _of_one(scenario, chosen, place)
        yield from _of_who(scenario, chosen, f"{place}.who")
        if not isinstance(chosen, kinds.OwnAdversary):
            yield from _of_words(scenario, chosen, place)
    yield from _shares(scenario)
    yield from _more_than_one_strategy(scenario)
    yield from _names_in_all(scenario)


def _of_one(scenario: Scenario, chosen: kinds.AdversarySettings, place: str) -> Iterator[str]:
    if isinstance(chosen, kinds.OwnAdversary):
        return
    kind, external = chosen.kind, scenario.cost_model.external
    if scenario.reputation is None and isinstance(chosen, _BY_SCORE):
        yield f"{place}.kind: goes by public scores; state reputation, which may be empty (got {kind!r})"
    of_clients = isinstance(chosen, _OF_CLIENTS)
    whoever = isinstance(chosen, kinds.Honest)
    if of_clients and chosen.who.clients is None:
        yield f"{place}.who: {kind} is what clients do; state clients, their share"
    if not of_clients and not whoever and chosen.who.clients is not None:
        got = f"(got {chosen.who.clients:g})"
        yield f"{place}.who.clients: {kind} is what contractors do; state share, members or join {got}"
    by_use = isinstance(external.pricing, TokenPrice | LoadPrice) or scenario.records is not None
    billed = any(
        outcome.bill_usd is not None
        for _, facts in scenario.facts
        for outcome in (facts.outcomes or {}).values()
    )
    if isinstance(chosen, kinds.Metering) and not (by_use or billed):
        yield (
            f"{place}.kind: needs bills by use: state cost_model.external.pricing.kind: per_token, or "
            f"outcomes with a bill_usd (got {kind!r})"
        )
    priced = isinstance(chosen, kinds.Lowball | kinds.Cartel | kinds.ExplorationFarming)
    if priced and isinstance(external.pricing, BargainedPrice):
        yield f"{place}.kind: {kind} asks a price, where prices are bargained for (got {kind!r})"
    if isinstance(chosen, kinds.Withholding):
        for where, facts in scenario.facts:
            if facts.slots == "unlimited":
                yield f"{place}.kind: withholding needs slots to withhold: {where}.slots is unlimited"
    if not of_clients and not isinstance(chosen, kinds.Absent | kinds.Honest):
        yield from _costs_that_are_missing(scenario, chosen, place)


def _costs_that_are_missing(scenario: Scenario, chosen: kinds.AdversarySettings, place: str) -> Iterator[str]:
    """What an attack earns hangs on what work costs: that has to be stated of whoever may follow it."""
    who = chosen.who
    if who.facts is not None:
        concerned: Sequence[tuple[str, ContractorFacts]] = [(f"{place}.who.facts", who.facts)]
    else:
        concerned = [(where, each) for where, each in scenario.facts if _may_be(scenario, who, where, each)]
    for where, facts in concerned:
        told = facts.own_cost_share, facts.hardware, facts.slot_usd_per_h
        if all(each is None for each in told):
            yield f"{where}.own_cost_share: missing, and no hardware: what {place} earns hangs on own costs"


def _may_be(scenario: Scenario, who: kinds.Who, where: str, facts: ContractorFacts) -> bool:
    """Whether a follower may be of these facts."""
    name = where.rpartition(".")[2]
    if isinstance(scenario.contractors, DrawnPool):
        return who.like is None or who.like == name
    if isinstance(scenario.contractors, list):
        named = getattr(facts, "name", "")
        return who.share is not None or named in (who.members or ()) or named == who.like
    return True


def names_known(scenario: Scenario) -> list[str]:
    """Contractors by name, of a drawn pool the types."""
    match scenario.contractors:
        case DrawnPool(types=types):
            return list(types)
        case PriceList(sellers=sellers):
            return list(sellers)
        case RecordedPool():
            return list(scenario.records.contractors or ()) if scenario.records is not None else []
        case listed:
            return [each.name for each in listed]


def _unknown(scenario: Scenario, word: str | int, place: str, *, joined: bool) -> Iterator[str]:
    """What is wrong with a word that should mean a contractor, or a type."""
    pool, known = scenario.contractors, names_known(scenario)
    if isinstance(word, int):
        if not isinstance(pool, DrawnPool):
            yield f"{place}: contractors are listed by name (got {word})"
        elif word >= pool.count:
            yield f"{place}: there are {pool.count} contractors, from 0 on (got {word})"
        return
    if joined:
        known = [*known, *(f"joined_{number + 1}" for number in range(_joining(scenario)))]
        if not isinstance(pool, DrawnPool):
            types = [getattr(each, "type", "") for _, each in scenario.facts]
            known = [*known, *types]
    if (
        isinstance(pool, RecordedPool)
        and scenario.records is not None
        and scenario.records.contractors is None
    ):
        return
    if word not in known:
        near = closest(word, known)
        hint = "" if near is None else f"; did you mean {near!r}?"
        what = "contractor or type" if joined else ("type" if isinstance(pool, DrawnPool) else "contractor")
        yield f"{place}: there is no {what} of that name (got {word!r}){hint}"


def _joining(scenario: Scenario) -> int:
    return sum(each.who.join or 0 for each in scenario.adversaries)


def _of_who(scenario: Scenario, chosen: kinds.AdversarySettings, place: str) -> Iterator[str]:
    who, pool = chosen.who, scenario.contractors
    if who.like is not None:
        yield from _unknown(scenario, who.like, f"{place}.like", joined=False)
    if who.facts is not None and isinstance(pool, RecordedPool):
        yield f"{place}.facts: recorded work tells what contractors do; state like, one of the models"
    read = not isinstance(scenario.skills.embedder, Table) and not isinstance(pool, DrawnPool)
    if who.facts is not None and read:
        kind = getattr(scenario.skills.embedder, "kind", "class")
        yield f"{place}.facts: skills.embedder reads texts ({kind}), and they have none; state like"
    for number, member in enumerate(who.members or ()):
        at = f"{place}.members[{number}]"
        if isinstance(pool, DrawnPool) and isinstance(member, str):
            yield f"{at}: names of a drawn pool differ by replication; state numbers (got {member!r})"
        else:
            yield from _unknown(scenario, member, at, joined=False)
    if who.clients is not None and scenario.clients.total < 2:
        yield (
            f"{place}.clients: of one client all would lie, or none; state clients.count of at least 2 "
            f"(got {scenario.clients.total})"
        )


def _of_words(scenario: Scenario, chosen: kinds.Adversary, place: str) -> Iterator[str]:
    """Other contractors that a strategy names."""
    if isinstance(chosen, kinds.Cheap) and chosen.with_ is not None:
        yield from _unknown(scenario, chosen.with_, f"{place}.with", joined=False)
    words: Sequence[str | int] = ()
    if isinstance(chosen, kinds.FalseRatings) and not isinstance(chosen.targets, str):
        words = chosen.targets
    if isinstance(chosen, kinds.WorkRing):
        words = chosen.sellers
    field = "sellers" if isinstance(chosen, kinds.WorkRing) else "targets"
    for number, word in enumerate(words):
        yield from _unknown(scenario, word, f"{place}.{field}[{number}]", joined=True)


def _shares(scenario: Scenario) -> Iterator[str]:
    for field, of in (("share", "contractors"), ("clients", "clients")):
        shares = [getattr(each.who, field) or 0.0 for each in scenario.adversaries]
        if sum(shares) > 1 + 1e-9:
            last = max(index for index, share in enumerate(shares) if share > 0)
            together = f"the shares of {of} make {sum(shares):g} together, more than 1"
            yield f"adversaries[{last}].who.{field}: {together} (got {shares[last]:g})"


def _more_than_one_strategy(scenario: Scenario) -> Iterator[str]:
    members = [
        (f"adversaries[{index}].who.members[{number}]", member)
        for index, each in enumerate(scenario.adversaries)
        for number, member in enumerate(each.who.members or ())
    ]
    counts = Counter(member for _, member in members)
    for place, member in members:
        if counts[member] > 1:
            counts[member] = 1
            yield f"{place}: has more than one strategy (got {member!r})"


def _names_in_all(scenario: Scenario) -> Iterator[str]:
    for index, each in enumerate(scenario.adversaries):
        names, who, pool = kinds.names_each(each), each.who, scenario.contractors
        count = pool.count if isinstance(pool, DrawnPool) else len(names_known(scenario))
        agents = who.join or len(who.members or ()) or round((who.share or 0.0) * count)
        if names * agents > _MANY:
            got = f"(got {names:,} of each of {agents:,})"
            yield f"adversaries[{index}].identities: makes more than {_MANY:,} names in all {got}"
