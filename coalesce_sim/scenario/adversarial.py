"""What adversaries and defences need, and what does not go together: all at once, before anything runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from coalesce_sim.scenario import adversaries as kinds
from coalesce_sim.scenario.costs import BargainedPrice, LoadPrice, TokenPrice
from coalesce_sim.scenario.moving import Moving
from coalesce_sim.scenario.pool import ContractorFacts, DrawnPool, PriceList, RecordedPool
from coalesce_sim.scenario.problems import closest
from coalesce_sim.scenario.skills import Table

if TYPE_CHECKING:
    from coalesce_sim.scenario.schema import Scenario

_BY_SCORE = (kinds.OnOff, kinds.Whitewashing, kinds.FalseRatings, kinds.WorkRing)
_OF_CLIENTS = (
    kinds.FalseRatings,
    kinds.WorkRing,
    kinds.SlotBlocking,
    kinds.NonPayment,
    kinds.FalseRejection,
)
_MANY = 100_000


def objections_to_adversaries(scenario: Scenario) -> Iterator[str]:
    """What is wrong with `adversaries` and `defences`, each beginning with its place."""
    if scenario.adversaries and scenario.contracts is None:
        yield "adversaries: need contracts, which may be empty ({}), or extends: market"
    if scenario.defences.any and scenario.contracts is None:
        yield "defences: need contracts, which may be empty ({}), or extends: market"
    bias = scenario.clients.position_bias
    if bias > 0 and scenario.contracts is None:
        yield f"clients.position_bias: needs contracts, which may be empty ({{}}) (got {bias:g})"
    audit = scenario.defences.audit
    if audit is not None and audit.raise_with_risk and scenario.reputation is None:
        yield "defences.audit.raise_with_risk: needs reputation, whose score it follows (got true)"
    for index, chosen in enumerate(scenario.adversaries):
        place = f"adversaries[{index}]"
        if not isinstance(chosen, kinds.OwnAdversary):
            yield from _of_one(scenario, chosen, place)
        yield from _missing_costs(scenario, chosen, place)
        yield from _of_who(scenario, chosen, f"{place}.who")
    known = names_known(scenario)
    if known is not None:
        yield from unknown_names(scenario, known)
        yield from _names_taken(scenario, known)
        yield from _more_names_than_may_be(scenario, known)
    yield from _shares(scenario, known)
    yield from _more_than_one_strategy(scenario)


def _of_one(scenario: Scenario, chosen: kinds.AdversarySettings, place: str) -> Iterator[str]:
    assert not isinstance(chosen, kinds.OwnAdversary)
    kind, external = chosen.kind, scenario.cost_model.external
    if scenario.reputation is None and isinstance(chosen, _BY_SCORE):
        yield f"{place}.kind: goes by public scores; state reputation, which may be empty (got {kind!r})"
    if scenario.reputation is None and isinstance(chosen, kinds.SlotBlocking) and chosen.targets == "best":
        yield f"{place}.targets: goes by public scores; state reputation, which may be empty (got 'best')"
    of_clients = isinstance(chosen, _OF_CLIENTS)
    if of_clients and chosen.who.clients is None:
        yield f"{place}.who: {kind} is what clients do; state clients, their share"
    if not of_clients and not isinstance(chosen, kinds.Honest) and chosen.who.clients is not None:
        got = f"(got {chosen.who.clients:g})"
        yield f"{place}.who.clients: {kind} is what contractors do; state share, members or join {got}"
    by_token = isinstance(external.pricing, TokenPrice)
    by_use = by_token or isinstance(external.pricing, LoadPrice) or scenario.records is not None
    outcomes = [each for _, facts in scenario.facts for each in (facts.outcomes or {}).values()]
    billed = any(outcome.bill_usd is not None for outcome in outcomes)
    if isinstance(chosen, kinds.Metering) and not (by_use or billed):
        yield (
            f"{place}.kind: needs bills by use: state cost_model.external.pricing.kind: per_token, or "
            f"outcomes with a bill_usd (got {kind!r})"
        )
    priced = isinstance(chosen, kinds.Lowball | kinds.Cartel | kinds.ExplorationFarming)
    if priced and isinstance(external.pricing, BargainedPrice):
        yield f"{place}.kind: {kind} asks a price, where prices are bargained for (got {kind!r})"
    if isinstance(chosen, kinds.WorkRing) and by_token and scenario.defences.platform_fee_share > 0:
        yield (
            f"{place}.kind: the price that goes round is the one listed, of which the market takes its part; "
            f"where prices go by tokens there is none (got {kind!r})"
        )
    if isinstance(chosen, kinds.Withholding):
        for where, facts in _concerned(scenario, chosen.who, place):
            if isinstance(facts.slots, Moving):
                yield f"{where}.slots: move, of which {place} cannot withhold a share"
            elif facts.slots == "unlimited":
                yield f"{where}.slots: unlimited, of which {place} cannot withhold a share"


class _Facts(NamedTuple):
    """Where it stands what is true of some contractors, and what that is."""

    place: str
    stated: ContractorFacts


def _concerned(scenario: Scenario, who: kinds.Who, place: str) -> list[_Facts]:
    """What is stated of whoever may follow a strategy."""
    if who.clients is not None:
        return []
    if who.facts is not None:
        return [_Facts(f"{place}.who.facts", who.facts)]
    words = who.members if who.like is None else [who.like]
    return _of_words(scenario, words)


def _of_words(scenario: Scenario, words: Sequence[kinds.Member] | None) -> list[_Facts]:
    """What is stated of those whom words mean; of everybody where there are none, or numbers."""
    stated = [_Facts(where, each) for where, each in scenario.facts]
    if words is None or not isinstance(scenario.contractors, DrawnPool | list):
        return stated
    if any(isinstance(word, int) for word in words):
        return stated
    return [each for each in stated if _called(each) in words]


def _called(facts: _Facts) -> str:
    """The name of a listed contractor, or that of a type."""
    return getattr(facts.stated, "name", facts.place.rpartition(".")[2])


def _missing_costs(scenario: Scenario, chosen: kinds.AdversarySettings, place: str) -> Iterator[str]:
    """What an attack earns hangs on what work costs: of whoever may follow it, whose work that is in truth,
    and for whom it is done."""
    if isinstance(chosen, kinds.Absent | kinds.Honest):
        return
    concerned = _concerned(scenario, chosen.who, place)
    if isinstance(chosen, kinds.Cheap) and chosen.with_ is not None:
        concerned += _of_words(scenario, [chosen.with_])
    if isinstance(chosen, kinds.WorkRing | kinds.SlotBlocking) and chosen.sellers is not None:
        concerned += _of_words(scenario, chosen.sellers)
    if isinstance(chosen, kinds.BallotStuffing) and not isinstance(chosen.targets, str):
        concerned += _of_words(scenario, chosen.targets)
    for where, stated in {each.place: each.stated for each in concerned}.items():
        told = stated.own_cost_share, stated.hardware, stated.slot_usd_per_h
        if all(each is None for each in told):
            yield f"{where}.own_cost_share: missing, and no hardware: what {place} earns hangs on own costs"


def names_known(scenario: Scenario) -> list[str] | None:
    """Contractors by name, of a drawn pool the types; None where only the recorded runs tell."""
    match scenario.contractors:
        case DrawnPool(types=types):
            return list(types)
        case PriceList(sellers=sellers):
            return list(sellers)
        case RecordedPool():
            listed = None if scenario.records is None else scenario.records.contractors
            return None if listed is None else list(listed)
        case listed:
            return [each.name for each in listed]


class _Word(NamedTuple):
    """A word that means a contractor or a type, where it stands, and whether it may mean any type, or those
    who join."""

    place: str
    word: kinds.Member
    anybody: bool


def _words(scenario: Scenario) -> Iterator[_Word]:
    """All such words."""
    for index, chosen in enumerate(scenario.adversaries):
        place, who = f"adversaries[{index}]", chosen.who
        if who.like is not None:
            yield _Word(f"{place}.who.like", who.like, anybody=False)
        for number, member in enumerate(who.members or ()):
            yield _Word(f"{place}.who.members[{number}]", member, anybody=False)
        if isinstance(chosen, kinds.Cheap) and chosen.with_ is not None:
            yield _Word(f"{place}.with", chosen.with_, anybody=False)
        if isinstance(chosen, kinds.FalseRatings | kinds.SlotBlocking):
            named = [] if isinstance(chosen.targets, str) else chosen.targets
            for number, word in enumerate(named):
                yield _Word(f"{place}.targets[{number}]", word, anybody=True)
        if isinstance(chosen, kinds.WorkRing | kinds.SlotBlocking):
            for number, word in enumerate(chosen.sellers or ()):
                yield _Word(f"{place}.sellers[{number}]", word, anybody=True)


def unknown_names(scenario: Scenario, known: Sequence[str]) -> Iterator[str]:
    """What is wrong with words that should mean contractors, or types, of whom these are `known`."""
    pool = scenario.contractors
    joining = sum(each.who.join or 0 for each in scenario.adversaries)
    joined = [f"joined_{number + 1}" for number in range(joining)]
    types = [getattr(facts, "type", "") for _, facts in scenario.facts]
    types += [each.who.facts.type for each in scenario.adversaries if each.who.facts is not None]
    for place, word, anybody in _words(scenario):
        if isinstance(word, int):
            if not isinstance(pool, DrawnPool):
                yield f"{place}: contractors are listed by name (got {word})"
            elif word >= pool.count:
                yield f"{place}: there are {pool.count} contractors, from 0 on (got {word})"
        elif isinstance(pool, DrawnPool) and place.endswith("]") and not anybody:
            yield f"{place}: names of a drawn pool differ by replication; state numbers (got {word!r})"
        elif word not in (there := [*known, *joined, *types] if anybody else known):
            near = closest(word, there)
            hint = "" if near is None else f"; did you mean {near!r}?"
            what = "contractor or type" if anybody else "contractor"
            what = "type" if isinstance(pool, DrawnPool) and not anybody else what
            yield f"{place}: there is no {what} of that name (got {word!r}){hint}"


def _of_who(scenario: Scenario, chosen: kinds.AdversarySettings, place: str) -> Iterator[str]:
    who = chosen.who
    if who.facts is not None and isinstance(scenario.contractors, RecordedPool):
        yield f"{place}.facts: recorded work tells what contractors do; state like, one of the models"
    read = not isinstance(scenario.skills.embedder, Table)
    if who.facts is not None and read and not isinstance(scenario.contractors, DrawnPool):
        kind = getattr(scenario.skills.embedder, "kind", "class")
        yield f"{place}.facts: skills.embedder reads texts ({kind}), and they have none; state like"
    if who.clients is not None and scenario.clients.total < 2:
        yield (
            f"{place}.clients: of one client all would lie, or none; state clients.count of at least 2 "
            f"(got {scenario.clients.total})"
        )


def _count(scenario: Scenario, known: Sequence[str]) -> int:
    """How many contractors there are from the start."""
    return scenario.contractors.count if isinstance(scenario.contractors, DrawnPool) else len(known)


def _shares(scenario: Scenario, known: Sequence[str] | None) -> Iterator[str]:
    for field, of in (("share", "contractors"), ("clients", "clients")):
        shares = [getattr(each.who, field) or 0.0 for each in scenario.adversaries]
        members = sum(len(each.who.members or ()) for each in scenario.adversaries)
        named = members / _count(scenario, known) if known and field == "share" else 0.0
        if sum(shares) + named > 1 + 1e-9 and any(shares):
            last = max(index for index, share in enumerate(shares) if share > 0)
            beside = f" with the {members} members" if named else ""
            together = f"the shares of {of}{beside} make {sum(shares) + named:g} together, more than 1"
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


def _names_taken(scenario: Scenario, known: Sequence[str]) -> Iterator[str]:
    """Those who join are called by number."""
    first = 1
    for index, chosen in enumerate(scenario.adversaries):
        many = chosen.who.join or 0
        for name in (f"joined_{number}" for number in range(first, first + many)):
            if name in known:
                yield f"adversaries[{index}].who.join: a contractor is called {name!r} already (got {many})"
        first += many


def _more_names_than_may_be(scenario: Scenario, known: Sequence[str]) -> Iterator[str]:
    count = _count(scenario, known)
    for index, each in enumerate(scenario.adversaries):
        names, who = kinds.names_each(each), each.who
        agents = who.join or len(who.members or ()) or round((who.share or 0.0) * count)
        if names * agents > _MANY:
            got = f"(got {names:,} of each of {agents:,})"
            yield f"adversaries[{index}].identities: makes more than {_MANY:,} names in all {got}"
