"""Attacks, defences and what is varied as users write them, and what is wrong with them."""

from __future__ import annotations

import pytest

from coalesce_sim import ScenarioError
from coalesce_sim.attacks.asked import prepare
from coalesce_sim.experiments.attacks.written import attacks, defences
from tests.attacks.test_study import MARKUP, tiny


def problems(**asked: object) -> list[str]:
    with pytest.raises(ScenarioError) as refused:
        prepare(tiny(), **{"adversaries": [MARKUP], **asked})  # type: ignore[arg-type]
    return str(refused.value).split("\n")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("on_of", "adversary 'on_of': there is no such adversary; did you mean 'on_off'? (known: scenario, "),
        ("on_off(who.share=2)", "adversary 'on_off(who.share=2)': who.share: must be <= 1 (got 2)"),
        ("on_off(who.share=0.1", "adversary 'on_off(who.share=0.1': a closing bracket is missing"),
        ("on_off", "adversary 'on_off': who: missing"),
        (
            "sybil(who.members=[c])",
            "adversary 'sybil(who.members=[c])': who.members[0]: there is no contractor",
        ),
        ("scenario", "adversary 'scenario': the scenario states no adversaries"),
        (
            "bad_mouthing(who.clients=0.5)",
            "adversary 'bad_mouthing(who.clients=0.5)': who.clients: of one client all would lie, or none",
        ),
    ],
)
def test_a_wrong_attack_is_told_with_its_text(text: str, message: str):
    assert problems(adversaries=[text])[0].startswith(message)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "entryfee=1",
            "defence 'entryfee=1': there is no such defence; did you mean 'entry_fee'? (known: none, ",
        ),
        ("entry_fee", "defence 'entry_fee': needs a value: write entry_fee=VALUE"),
        ("audit", "defence 'audit': must be written audit(FIELD=VALUE, …)"),
        ("audit=0.3", "defence 'audit=0.3': must be written audit(FIELD=VALUE, …)"),
        ("reserve_price(a=1)", "defence 'reserve_price(a=1)': has no parameters"),
        ("entry_fee=-1", "defence 'entry_fee=-1': defences.entry_fee_usd: must be >= 0 (got -1)"),
        (
            "window=50+window=60",
            "defence 'window=50+window=60': reputation.model.window_ratings is set twice",
        ),
        ("skills.treshold=1", "defence 'skills.treshold=1': skills.treshold: unknown field"),
    ],
)
def test_a_wrong_defence_is_told_with_its_text(text: str, message: str):
    assert problems(defences=[text])[0].startswith(message)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "share=0:1:3",
            "--vary share=0:1:3: cartel(who.members=[a], markup=1.5) has no adversary with a share",
        ),
        ("policy.epsilon=0,1", "--vary policy.epsilon=0,1: must be a field of adversaries"),
        ("adversaries[0].markup=1:2", "--vary adversaries[0].markup=1:2: a range has no levels"),
        ("adversaries[0].markup=1", "--vary adversaries[0].markup=1: needs two levels or more"),
        (
            "adversaries[1].markup=1,2",
            "--vary adversaries[1].markup=1,2: there is no item [1]; the list has 1",
        ),
        ("adversaries[0].markup=0,2", "--vary adversaries[0].markup=0,2: adversaries[0].markup: must be > 0"),
    ],
)
def test_what_cannot_be_varied_is_told(text: str, message: str):
    assert problems(vary=text)[0].startswith(message)


def test_all_that_is_wrong_is_told_at_once():
    found = problems(adversaries=["on_of"], defences=["entry_fee"], policies="topsi", vary="share=0")
    assert [each.partition(":")[0] for each in found] == [
        "policy 'topsi'",
        "adversary 'on_of'",
        "defence 'entry_fee'",
        "--vary share=0",
    ]
    with pytest.raises(ScenarioError, match="adversaries: nobody cheats: state adversaries, or --adversary"):
        attacks(tiny())
    with pytest.raises(ScenarioError, match="adversary 'sybil': listed twice"):
        attacks(tiny(adversaries=[{"kind": "sybil", "who": {"share": 0.5}}]), ["sybil", "sybil"])


def test_what_is_not_stated_is_as_in_the_scenario():
    own = {"kind": "cartel", "who": {"members": ["a"]}, "markup": 2}
    scenario = tiny(adversaries=[own])
    assert [each.label for each in attacks(scenario)] == ["cartel"]
    stated, moved, both = attacks(
        scenario, ["cartel(markup=3)", "cartel(who.share=0.5)", "scenario+sybil(who.members=[b])"]
    )
    assert stated.adversaries[0].model_dump()["markup"] == 3
    assert stated.adversaries[0].who.members == ["a"]
    assert moved.adversaries[0].model_dump()["markup"] == 2
    assert [each.model_dump()["kind"] for each in both.adversaries] == ["cartel", "sybil"]


def test_every_alias_says_which_fields_it_sets():
    texts = ["entry_fee=1+dues=2", "audit(share=0.3, usd=1)", "window=50", "on_acceptance", "none"]
    texts += ["escrow", "escrow(cap=0.5)", "holdback=0.2"]
    assert [each.explained for each in defences(texts)] == [
        "the market as stated",
        "defences.entry_fee_usd=1, defences.dues_usd=2",
        "defences.audit.share=0.3, defences.audit.usd=1",
        "reputation.model.kind=sliding_window, reputation.model.window_ratings=50",
        "contracts.due_on_failure=0",
        "settlement.escrow.until=verified",
        "settlement.escrow.until=verified, settlement.escrow.cap=0.5",
        "settlement.escrow.holdback=0.2",
    ]
