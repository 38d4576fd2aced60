"""What is wrong with adversaries and defences is told with its place and value, all at once."""

from __future__ import annotations

import pickle
import sys
from pathlib import Path
from typing import Any

import pytest

import coalesce_sim
from coalesce_sim import Adversary, AdversaryError, Ballot, Card, Effort, Hold, ScenarioError, Sight
from coalesce_sim.experiments.diagnosis.warnings import oddities
from tests.adversaries.playing import RATED, cheating, seller, told
from tests.adversaries.test_everywhere import DRAWN
from tests.market.trading import contractor

A = {"members": ["a"]}


def refused(*chosen: dict[str, Any], sellers: Any = None, **sections: Any) -> list[str]:
    """What is wrong, without the file."""
    fields = cheating([0], *(sellers or (seller("a"), seller("b"))), by=list(chosen), **sections)
    for name in [name for name, value in fields.items() if value is None]:
        del fields[name]
    with pytest.raises(ScenarioError) as caught:
        coalesce_sim.load(fields | ({"contractors": sellers} if isinstance(sellers, dict) else {}))
    return [f"{problem.path}: {problem.message}" for problem in caught.value.problems]


def test_all_is_told_at_once() -> None:
    lowball = {"kind": "lowball", "who": {"share": 0.7}}
    joins = {"kind": "sybil", "who": {"join": 1, "like": "aa"}}
    said = refused(lowball, lowball, joins, {"kind": "on_off", "who": {"members": ["c"]}})
    assert said == [
        "adversaries[3].kind: goes by public scores; state reputation, which may be empty (got 'on_off')",
        "adversaries[2].who.like: there is no contractor of that name (got 'aa'); did you mean 'a'?",
        "adversaries[3].who.members[0]: there is no contractor of that name (got 'c')",
        "adversaries[1].who.share: the shares of contractors with the 1 members make 1.9 together, more "
        "than 1 (got 0.7)",
    ]


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        (
            {"kind": "lowball", "who": {"share": 0.5, "members": ["a"]}},
            "adversaries[0].who: must state just one of share, members, join and clients (got share, ",
        ),
        (
            {"kind": "lowball", "who": {"join": 1}},
            "adversaries[0].who.join: needs like or facts beside it, and they need it",
        ),
        (
            {"kind": "on_off", "who": A, "cheat_above": 0.5},
            "adversaries[0].behave_below: must be at most cheat_above, 0.5 (got 0.7)",
        ),
        (
            {"kind": "whitewashing", "who": A, "identities": 2, "at_once": 3},
            "adversaries[0].at_once: must be at most identities, 2 (got 3)",
        ),
        ({"kind": "lowball", "who": A, "quoted": -1}, "adversaries[0].quoted: must be > 0 (got -1)"),
        (
            {"kind": "metering", "who": A},
            "adversaries[0].kind: needs bills by use: state cost_model.external.pricing.kind: per_token, or "
            "outcomes with a bill_usd (got 'metering')",
        ),
        (
            {"kind": "lowball", "who": {"clients": 0.5}},
            "adversaries[0].who.clients: lowball is what contractors do; state share, members or join ",
        ),
        (
            {"kind": "non_payment", "who": A},
            "adversaries[0].who: non_payment is what clients do; state clients, their share",
        ),
        (
            {"kind": "non_payment", "who": {"clients": 0.5}},
            "adversaries[0].who.clients: of one client all would lie, or none; state clients.count of at "
            "least 2 (got 1)",
        ),
        (
            {"kind": "withholding", "who": A},
            "contractors[0].slots: unlimited, of which adversaries[0] cannot withhold a share",
        ),
        (
            {"kind": "substitution", "who": A, "with": "c"},
            "adversaries[0].with: there is no contractor of that name (got 'c')",
        ),
        (
            {"kind": "sybil", "who": {"members": [0]}},
            "adversaries[0].who.members[0]: contractors are listed by name (got 0)",
        ),
        (
            {"kind": "sybil", "who": {"join": 1000, "like": "a"}, "identities": 1000},
            "adversaries[0].identities: makes more than 100,000 names in all (got 1,000 of each of 1,000)",
        ),
        (
            {"kind": "slot_blocking", "who": A},
            "adversaries[0].who: slot_blocking is what clients do; state clients, their share",
        ),
        (
            {"kind": "slot_blocking", "who": {"clients": 0.5}},
            "adversaries[0].who.clients: of one client all would lie, or none; state clients.count of at "
            "least 2 (got 1)",
        ),
        (
            {"kind": "slot_blocking", "who": {"clients": 0.5}},
            "adversaries[0].targets: goes by public scores; state reputation, which may be empty (got",
        ),
        (
            {"kind": "slot_blocking", "who": {"clients": 0.5}, "targets": ["b", "c"], "sellers": ["d"]},
            "adversaries[0].targets[1]: there is no contractor or type of that name (got 'c')",
        ),
        (
            {"kind": "slot_blocking", "who": {"clients": 0.5}, "targets": "all", "sellers": ["d"]},
            "adversaries[0].sellers[0]: there is no contractor or type of that name (got 'd')",
        ),
        (
            {"kind": "slot_blocking", "who": {"clients": 0.5}, "hold_min": -1},
            "adversaries[0].hold_min: must be >= 0 (got -1)",
        ),
        (
            {"kind": "slot_blocking", "who": {"clients": 0.5}, "contracts_per_hour": 0},
            "adversaries[0].contracts_per_hour: must be > 0 (got 0)",
        ),
        (
            {"kind": "exit_scan", "who": A, "from_hour": 1},
            "adversaries[0].kind: must be one of 'on_off', 'exit_scam',",
        ),
    ],
)
def test_what_cannot_be(chosen: dict[str, Any], said: str) -> None:
    assert any(each.startswith(said) for each in refused(chosen)), refused(chosen)


def test_members_have_one_strategy_and_names_of_their_own() -> None:
    sybil = {"kind": "sybil", "who": A}
    assert refused(sybil, {"kind": "lowball", "who": {"members": ["b", "a"]}}) == [
        "adversaries[0].who.members[0]: has more than one strategy (got 'a')"
    ]
    joins = {"kind": "sybil", "who": {"join": 2, "like": "a"}}
    assert refused(joins, sellers=[seller("a"), seller("joined_2")]) == [
        "adversaries[0].who.join: a contractor is called 'joined_2' already (got 2)"
    ]


def test_costs_that_nothing_tells_are_asked_for_where_they_matter() -> None:
    plain, costly = contractor("a"), seller("b")
    cost = "contractors[0].own_cost_share: missing, and no hardware: "
    cost += "what adversaries[0] earns hangs on own costs"
    for chosen in (
        {"kind": "lowball", "who": A},
        {"kind": "lowball", "who": {"share": 0.5}},
        {"kind": "substitution", "who": {"members": ["b"]}, "with": "a"},
        {"class": f"{__name__}:Mute", "who": A},
    ):
        assert refused(chosen, sellers=[plain, costly]) == [cost]
    ring = {"kind": "work_ring", "who": {"clients": 0.5}, "sellers": ["a"]}
    blocks = {"kind": "slot_blocking", "who": {"clients": 0.5}, "sellers": ["a"]}
    for chosen in (ring, blocks):
        assert refused(chosen, sellers=[plain, costly], clients={"count": 2}, **RATED) == [cost]
    coalesce_sim.load(cheating([0], plain, costly, by={"kind": "lowball", "who": {"members": ["b"]}}))


def test_drawn_pools_have_numbers_and_types() -> None:
    said = refused(
        {"kind": "sybil", "who": {"members": ["edge_1", 6]}},
        {"kind": "sybil", "who": {"join": 1, "like": "edgy"}},
        sellers=DRAWN,
    )
    assert said == [
        "adversaries[0].who.members[0]: names of a drawn pool differ by replication; state numbers "
        "(got 'edge_1')",
        "adversaries[0].who.members[1]: there are 6 contractors, from 0 on (got 6)",
        "adversaries[1].who.like: there is no type of that name (got 'edgy'); did you mean 'edge'?",
    ]


def test_the_published_trade_has_neither() -> None:
    chosen = {"kind": "lowball", "who": A}
    said = refused(chosen, contracts=None, defences={"stake_usd": 1})
    assert said[:2] == [
        "adversaries: need contracts, which may be empty ({}), or extends: market",
        "defences: need contracts, which may be empty ({}), or extends: market",
    ]


def test_defences_have_their_bounds() -> None:
    rules = {"entry_fee_usd": -1, "stake_usd": -0.5, "audit": {"share": 2}, "ratings": "none"}
    said = refused(defences=rules)
    assert [each.partition(":")[0] for each in said] == [
        *("defences.entry_fee_usd", "defences.stake_usd", "defences.audit.share", "defences.ratings"),
    ]
    audit = {"audit": {"share": 0.5, "raise_with_risk": True}}
    assert refused(defences=audit) == [
        "defences.audit.raise_with_risk: needs reputation, whose score it follows (got true)"
    ]


def test_recorded_models_are_looked_for_in_the_records(shared_data: Path) -> None:
    said = [
        f"records.path={shared_data / 'openhands_instances.csv'}",
        f"records.models_path={shared_data / 'openhands_models.csv'}",
        "contractors.recorded.own_cost_share=0.7",
        "adversaries=[{kind: substitution, who: {members: [GLM-4.8]}, with: GLM-5}]",
    ]
    with pytest.raises(ScenarioError) as caught:
        coalesce_sim.load("real_agents", said)
    (problem,) = caught.value.problems
    assert problem.path == "adversaries[0].who.members[0]"
    assert problem.message.startswith(
        "there is no contractor of that name (got 'GLM-4.8'); did you mean 'GLM-"
    )


def test_what_can_earn_nothing_is_a_warning() -> None:
    chosen = {"kind": "exploration_farming", "who": {"share": 0.2}}
    fields = cheating([0], seller("a"), seller("b"), by=chosen)
    assert oddities(coalesce_sim.load(fields))[-2:] == [
        "adversaries[0].who.share: 0.2 of 2 is nobody",
        "adversaries[0]: exploration_farming lives on policies that try people out, which cheapest does not",
    ]
    explores = fields | {"policy": {"kind": "topsis", "epsilon": 0.1}}
    explores["adversaries"] = [{"kind": "exploration_farming", "who": {"share": 0.5}}]
    assert not [each for each in oddities(coalesce_sim.load(explores)) if "adversaries" in each]


ANSWERS: list[tuple[str, Any, str]] = [
    ("Bills", -1.0, "bill_usd must give an amount >= 0 (got -1.0)"),
    ("Bills", float("nan"), "bill_usd must give an amount >= 0 (got nan)"),
    ("Asks", float("inf"), "ask_usd must give an amount >= 0 (got inf)"),
    ("Asks", "much", "ask_usd must give an amount >= 0 (got 'much')"),
    ("Asks", True, "ask_usd must give an amount >= 0 (got True)"),
    ("Works", 0.5, "effort must give an Effort or None (got 0.5)"),
    ("Works", Effort(9), "effort must give an Effort like one of the contractors (got Effort(like=9"),
    ("Works", Effort(None, 2.0), "effort must give an Effort whose success is from 0 to 1 (got"),
    ("Works", Effort(None, 0.0, -1.0), "effort must give an Effort whose cost_factor is >= 0 (got"),
    ("Advertises", None, "card must give a Card with skills by name (got None)"),
    ("Advertises", Card((), 1.5), "card must give a reliability from 0 to 1 (got"),
    ("Offers", 0, "slots must give a whole number from 1 to 2 (got 0)"),
    ("Offers", 3, "slots must give a whole number from 1 to 2 (got 3)"),
    ("Rates", 1.0, "rates must give a Ballot (got 1.0)"),
    (
        "Rates",
        Ballot(0, 0, 0, 3.0, contract=True),
        "rates must give a Ballot whose rating is from 0 to 1",
    ),
    ("Blocks", 3, "blocks must give Holds, one after the other (got 3)"),
    ("Blocks", Hold(0, 1.0), "blocks must give Holds, one after the other (got Hold("),
    ("Blocks", [(0, 1.0)], "blocks must give a Hold (got (0, 1.0))"),
    ("Blocks", [Hold(9, 1.0)], "blocks must give a Hold whose contractor is from 0 to 1 (got Hold("),
    ("Blocks", [Hold(0, -1.0)], "blocks must give a Hold whose hold_s is >= 0 (got -1.0)"),
    ("Blocks", [Hold(0, float("inf"))], "blocks must give a Hold whose hold_s is >= 0 (got inf)"),
]


class Mute(Adversary):
    """Does nothing of its own."""


class Says(Adversary):
    """Answers one question with one of `ANSWERS`, which may have no meaning."""

    def __init__(self, number: int) -> None:
        self.answer = ANSWERS[number][1]


class Bills(Says):
    def bill_usd(self, sight: Sight, who: int, due_usd: float, honest_usd: float) -> float:
        return self.answer  # type: ignore[no-any-return]


class Asks(Says):
    def ask_usd(self, sight: Sight, who: int, honest_usd: float) -> float:
        return self.answer  # type: ignore[no-any-return]


class Works(Says):
    def effort(self, sight: Sight, who: int, luck: float) -> Effort | None:
        return self.answer  # type: ignore[no-any-return]


class Advertises(Says):
    def card(self, honest: Card, wanted: Any) -> Card:
        return self.answer  # type: ignore[no-any-return]


class Offers(Says):
    def slots(self, own: int) -> int:
        return self.answer  # type: ignore[no-any-return]


class Rates(Says):
    def rates(self, sight: Sight, cast: Ballot) -> Ballot:
        return self.answer  # type: ignore[no-any-return]


class Blocks(Says):
    acts_every_s = 60.0

    def blocks(self, sight: Sight) -> Any:
        return self.answer


class Raises(Adversary):
    def noticed(self, sight: Sight, who: int) -> None:
        raise KeyError("what now")


class Peeps(Adversary):
    def noticed(self, sight: Sight, who: int) -> None:
        sight.profit_usd(1 - who)


class StartsBadly(Adversary):
    def start(self, scene: Any) -> None:
        sys.exit("no")


class Stuffs(Adversary):
    acts_every_s = 60.0

    def ballots(self, sight: Sight) -> Any:
        yield Ballot(0, 9, 0, 1.0, contract=True)


def failure(name: str, **given: Any) -> str:
    chosen = {"class": f"{__name__}:{name}", "who": A} | given
    if name in ("Rates", "Stuffs", "Blocks"):
        chosen["who"] = {"clients": 0.5}
    fields = cheating(
        [{"type": "job", "arrival_s": 60.0 * each, "client": each % 2} for each in range(6)],
        *(seller("a", slots=2), seller("b")),
        by=chosen,
        clients={"count": 2},
        **RATED,
    )
    with pytest.raises(AdversaryError) as caught:
        told(fields, *"aaaaaa")
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("number", range(len(ANSWERS)))
def test_answers_without_a_meaning_are_told_with_the_name(number: int) -> None:
    name, _, said = ANSWERS[number]
    text = failure(name, number=number)
    assert text.startswith(f"adversaries[0]: {__name__}:{name}: {said}"), text


def test_what_a_strategy_raises_is_told_with_its_line() -> None:
    at = Path(__file__).name
    assert failure("Raises").startswith(
        f"adversaries[0]: {__name__}:Raises: noticed raised KeyError: 'what now' ({at}:"
    )
    assert "start raised SystemExit: no" in failure("StartsBadly")
    assert "noticed raised ValueError: the books of others cannot be seen (got contractor 1)" in failure(
        "Peeps"
    )
    assert "ballots must give a Ballot whose contractor is from 0 to 1 (got Ballot(" in failure("Stuffs")


def test_classes_that_cannot_be_had_are_told_at_their_place() -> None:
    for given, said in (
        ({"class": "no_such_module:It"}, "cannot import (got 'no_such_module:It'): ModuleNotFoundError"),
        ({"class": "pathlib:Path"}, "must be a subclass of coalesce_sim.Adversary (got 'pathlib:Path')"),
        ({"class": f"{__name__}:Bills", "amount": 3}, f"{__name__}:Bills does not take these parameters"),
    ):
        (problem,) = refused(given | {"who": A})
        assert problem.startswith(f"adversaries[0].class: {said}")
