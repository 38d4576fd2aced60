"""What each rule of the market takes from whom, and what it changes of what clients do."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pytest

import coalesce_sim
from coalesce_sim import Decision, OracleView, Policy, View
from tests.adversaries.playing import ALWAYS, GIVE_UP, PAID, RATED, Explores, offered, seller, told
from tests.market.trading import HOME, HOME_USD, VALUE_USD, market

BAD = {"success": 0}
UNSEEN = {"automated": {"sensitivity": 0}}


def defended(*sellers: dict[str, Any], tasks: int = 1, contracts: Any = None, **rules: Any) -> dict[str, Any]:
    """A task an hour in a market with these defences."""
    arrivals = [3600.0 * hour for hour in range(tasks)]
    return market(arrivals, *sellers, contracts=contracts or GIVE_UP, defences=rules)


def test_every_seller_pays_to_enter_when_it_does() -> None:
    late = seller("b", enter_h=0.5), seller("c", enter_h=20)
    came = told(defended(seller("a"), *late, tasks=2, entry_fee_usd=0.25), *"ab")
    assert [came.books(name)["levied"] for name in "abc"] == [0.25, 0.25, 0]
    assert came.books("b")["profit"] == 1 - 0.5 - 0.25


def test_dues_are_worked_off_unpaid_name_by_name() -> None:
    came = told(defended(seller("a"), seller("b"), tasks=4, dues_usd=1.5), *"aaba")
    assert came.each("waived_usd") == [1, 0.5, 1, 0]
    assert came.each("paid_usd") == [0, 0.5, 0, 1]
    assert came.each("billed_usd") == [1, 1, 1, 1]
    assert came.books("a")["profit"] == pytest.approx(0)


def test_what_is_waived_corrects_no_estimate() -> None:
    calibrated = defended(seller("a"), tasks=3, dues_usd=2) | {"calibration": {}}
    assert told(calibrated, *"aaa").each("estimated_usd") == [1, 1, 1]


def test_bad_work_costs_its_stake() -> None:
    broken = told(defended(seller("a", **BAD), contracts=GIVE_UP | {"failed_share": 1}, stake_usd=3), "a")
    assert broken.books("a") == {"revenue": 0, "work": 0.5, "idle": 0, "levied": 3, "profit": -3.5}
    came = told(defended(seller("a", **BAD), seller("b"), tasks=2, stake_usd=3), *"ab")
    assert [came.books(name)["levied"] for name in "ab"] == [3, 0]


def test_the_market_keeps_its_part_of_what_is_paid() -> None:
    came = told(defended(seller("a"), tasks=2, platform_fee_share=0.2, dues_usd=1), *"aa")
    assert came.books("a") == {"revenue": 1, "work": 1, "idle": 0, "levied": 0.2, "profit": -0.2}
    assert came.market.accounts.realised_usd == 1  # its clients pay no more for that


def test_metrics_of_books_have_levies_in_them() -> None:
    scenario = defended(seller("a"), platform_fee_share=0.6)
    result = coalesce_sim.run(coalesce_sim.load(scenario | {"policy": {"kind": "fixed", "contractor": "a"}}))
    (metrics,) = result.replications[:1]
    assert metrics["contractor_profit_usd"] == pytest.approx(1 - 0.5 - 0.6)
    assert metrics["contractors_in_the_red"] == 100


@pytest.mark.parametrize(("sensitivity", "found"), [(1, True), (0, False)])
def test_an_audit_may_find_what_the_check_did_not(sensitivity: float, found: bool) -> None:
    audit = {"share": 1, "usd": 0.25, "sensitivity": sensitivity}
    rules = GIVE_UP | {"verification": UNSEEN}
    came = told(defended(seller("a", **BAD), contracts=rules, audit=audit, stake_usd=2), "a")
    (contract,) = came.ended
    assert (contract.audited, contract.reported, contract.kept) == (True, not found, not found)
    assert (contract.paid_usd, contract.fees_usd) == (0 if found else 1, 0.25)
    assert came.books("a")["levied"] == (2 if found else 0)
    assert came.market.accounts.realised_usd == pytest.approx(VALUE_USD + 0.25 + (0 if found else 1))


def test_audits_are_reckoned_with_as_often_as_they_are_and_cost_when_they_are() -> None:
    audit = {"share": 0.25, "usd": 0.4}
    came = told(defended(seller("a"), tasks=24, audit=audit), *["a"] * 24)
    assert came.each("estimated_usd") == pytest.approx([1.1] * 24)
    audited = came.each("audited")
    assert 0 < sum(audited) < 20
    assert came.each("fees_usd") == [0.4 if each else 0 for each in audited]
    assert all(came.each("reported"))


def test_audits_may_follow_the_score() -> None:
    """Each good job makes the next audit less likely, on the same luck."""
    by_risk, always = ({"share": 0.5, "raise_with_risk": each} for each in (True, False))
    plain = told(defended(seller("a"), tasks=24, audit=always) | RATED, *["a"] * 24)
    follows = told(defended(seller("a"), tasks=24, audit=by_risk) | RATED, *["a"] * 24)
    assert 0 < sum(follows.each("audited")) < sum(plain.each("audited")) / 2
    assert follows.each("audited")[0] == plain.each("audited")[0]  # the score is 1/2
    both = zip(follows.each("audited"), plain.each("audited"), strict=True)
    assert not any(one and not other for one, other in both)


def test_no_offer_is_dearer_than_the_task_at_home() -> None:
    sellers = seller("a", price_usd=2 * HOME_USD), seller("b", price_usd=HOME_USD / 2)
    assert offered(defended(*sellers), HOME) == [["a", "b"]]
    assert offered(defended(*sellers, reserve_price=True), HOME) == [["b"]]


@pytest.mark.parametrize(("at_most", "where"), [(30.0, "a"), (5.0, None)])
def test_who_is_tried_out_may_cost_so_much(at_most: float, where: str | None) -> None:
    scenario = defended(seller("a"), seller("b"), explore_at_most=at_most)
    loaded = coalesce_sim.load(scenario)
    result = coalesce_sim.run(loaded, replications=1, policy=Explores, core="simpy")
    (contractor_,) = result.decisions["contractor"].tolist()
    assert contractor_ == where or (where is None and not isinstance(contractor_, str))


class Knows(Policy):
    """Hires the one who will really cost least, and remembers what that is."""

    view_type = OracleView
    expected_usd: ClassVar[list[float]] = []

    def decide(self, view: View) -> Decision:
        assert isinstance(view, OracleView)
        best = int(np.argmin(view.realised_external_usd))
        self.expected_usd.append(float(view.realised_external_usd[best]))
        return Decision(best)


@pytest.mark.parametrize("due", [0, 0.5])
def test_who_is_told_the_truth_knows_of_dues_audits_and_cheats(due: float) -> None:
    rules = GIVE_UP | {"verification": {"automated": {"sensitivity": 0.6, "specificity": 0.8}}}
    rules |= {"due_on_failure": due, "failed_share": 0.3}
    audit = {"share": 0.5, "usd": 0.25, "sensitivity": 0.7}
    sellers = [seller(name, success=0.6) for name in "abc"]
    scenario = defended(*sellers, tasks=20, contracts=rules, dues_usd=3, audit=audit)
    scenario["adversaries"] = [
        {"kind": "lowball", "who": {"members": ["a"]}},
        {"kind": "substitution", "who": {"members": ["b"]}},
    ]
    Knows.expected_usd.clear()
    result = coalesce_sim.run(coalesce_sim.load(scenario), replications=1, policy=Knows, core="simpy")
    assert result.decisions["realised_usd"].tolist() == pytest.approx(Knows.expected_usd)
    assert len({round(each, 3) for each in Knows.expected_usd}) > 4


def test_harm_is_told_with_audits_and_dues_on_both_sides() -> None:
    audit = {"share": 1, "usd": 0.25}
    rules = PAID | {"verification": UNSEEN}
    scenario = defended(seller("a"), contracts=rules, audit=audit, dues_usd=0.75)
    scenario["adversaries"] = [ALWAYS | {"who": {"members": ["a"]}}]
    (contract,) = told(scenario, "a").ended
    assert (contract.paid_usd, contract.fees_usd) == (0.25, 0.25)
    assert contract.harm_usd == VALUE_USD  # both are audited, and paid as much


def test_defences_that_do_nothing_change_no_byte() -> None:
    plain = defended(seller("a"), seller("b", success=0.5), tasks=20) | {"policy": {"kind": "cheapest"}}
    idle = plain | {"defences": {"ratings": "contracts", "explore_at_most": 1e6}}
    runs = [coalesce_sim.run(coalesce_sim.load(each), replications=2) for each in (plain, idle)]
    for one, other in zip(runs[0].replications, runs[1].replications, strict=True):
        assert one == other
    assert runs[0].contracts.equals(runs[1].contracts)
