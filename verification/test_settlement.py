"""What moving money costs, against closed forms."""

from __future__ import annotations

import gc
import math
from typing import Any

import numpy as np
import pytest
from scipy.stats import chi2

import coalesce_sim
from coalesce_sim.market.contracts.contract import Contract
from coalesce_sim.market.contracts.trade import ContractTrade
from coalesce_sim.market.market import Market
from coalesce_sim.policies.registry import create
from coalesce_sim.scenario.schema import Scenario
from coalesce_sim.settlement.units import units_of
from tests.market.trading import contractor
from tests.settlement.played import Kept
from verification.cheating import SURE, check, gains, interval, jobs, profits, within
from verification.settings_of_cheats import CHEATS, DEFENCES, cheated
from verification.settings_of_settlement import SETTLEMENTS
from verification.test_incentives import (
    CHEAP_USD,
    GOOD,
    HONEST_USD,
    SENSITIVITY,
    SHODDY,
    SPECIFICITY,
    substitution,
)

MANY, JOB_S, DAY_S, YEAR_DAYS = 2000, 60.0, 86_400.0, 365


def settled(many: int, *sellers: dict[str, Any], settlement: dict[str, Any], **sections: Any) -> Scenario:
    """So many jobs, all given away, and how they are paid."""
    return jobs(many, *sellers, settlement=settlement, policy={"kind": "always_outsource"}, **sections)


@pytest.mark.parametrize("days", [0.5, 2, 30])
def test_money_on_its_way_for_n_days_costs_price_times_rate_times_n_over_365(days: float) -> None:
    """P·r·n/365 a contract, exactly; where there is escrow, of the minute of the job too."""
    rate, price_usd, many = 0.08, 0.85, 50
    pay = {"delay_days": days, "capital_rate_per_year": rate}
    for escrow, more_days in (None, 0.0), ({}, JOB_S / DAY_S):
        stated = {"pay": pay, "escrow": escrow}
        book = Kept(settled(many, contractor("it", price_usd=price_usd), settlement=stated))
        closed_usd = many * price_usd * rate * (days + more_days) / YEAR_DAYS
        assert book.figures["capital_cost_usd"] == pytest.approx(closed_usd, rel=0, abs=1e-9)


def test_what_is_paid_by_the_period_waits_for_half_of_it_on_average() -> None:
    """Jobs come by chance: P·r·(n + H/48)/365 a contract."""
    rate, days, hours = 0.08, 1.0, 24.0
    pay = {"every_h": hours, "delay_days": days, "capital_rate_per_year": rate}
    scenario = settled(MANY, contractor("it"), settlement={"pay": pay})
    arrivals = {"kind": "renewal", "gap_s": {"exponential": {"mean": 600.0}}, "limit": MANY}
    by_chance = scenario.model_copy(update={"workload": _coming(scenario, arrivals)})
    costs_usd = [Kept(by_chance, replication=number).figures["capital_cost_usd"] for number in range(4)]
    low, high = interval([usd / MANY for usd in costs_usd])
    assert low < rate * (days + hours / 48) / YEAR_DAYS < high
    assert high - low < 0.2 * low


def _coming(scenario: Scenario, arrivals: dict[str, Any]) -> Any:
    workload = scenario.workload
    return workload.model_copy(update={"arrivals": type(workload.arrivals).model_validate(arrivals)})


def test_charge_backs_cost_contractors_rate_times_price_and_fee() -> None:
    rate, price_usd, fee_usd = 0.05, 2.0, 0.5
    stated = {"charge_backs": {"rate": rate, "days": 60, "fee_usd": fee_usd}}
    book = Kept(settled(MANY, contractor("it", price_usd=price_usd), settlement=stated))
    loss_usd = MANY * price_usd - book.balances()["Contractor:K000 USD"] / 1e9
    error_usd = math.sqrt(MANY * rate * (1 - rate)) * (price_usd + fee_usd)
    assert abs(loss_usd - MANY * rate * (price_usd + fee_usd)) < within(error_usd)
    happened = book.figures["charge_backs"]
    assert loss_usd == pytest.approx(happened * (price_usd + fee_usd))
    assert book.figures["frictions_usd"] == pytest.approx(-happened * price_usd)


FX = {"contractors": {"it": "EUR"}, "rate": {"EUR": 1.1}}


def test_a_rate_that_stands_still_costs_its_spread_exactly() -> None:
    """Of 0.85 USD 37 basis points are 3,145,000 units, whenever it is paid."""
    pay = {"delay_days": 30}
    stated = {"fx": FX | {"spread_bp": 37}, "pay": pay}
    book = Kept(settled(50, contractor("it", price_usd=0.85), settlement=stated))
    assert book.figures["fx_loss_usd"] == pytest.approx(50 * 3_145_000 / 1e9, rel=0, abs=1e-15)
    assert {each[3] for each in book.told("top up")} == {3_145_000}


def test_a_rate_that_moves_costs_nothing_on_average_and_as_much_as_it_moves_by_chance() -> None:
    """A month after, with σ√(30/365) as the deviation of the rate's logarithm; from one replication to the
    next rates have nothing to do with each other."""
    volatility, days, times = 1.5, 30, 400
    stated = {"fx": FX | {"volatility_per_year": volatility}, "pay": {"delay_days": days}}
    scenario = settled(1, contractor("it"), settlement=stated)
    loss_usd = [Kept(scenario, replication=number).figures["fx_loss_usd"] for number in range(times)]
    low, high = interval(loss_usd)
    assert low < 0 < high
    logarithms = np.log1p(loss_usd)
    variance, free = volatility**2 * days / YEAR_DAYS, times - 1
    least, most = (variance * chi2.ppf(p, free) / free for p in (1 - SURE, SURE))
    assert least < np.var(logarithms, ddof=1) < most
    low, high = interval(logarithms)
    assert low < -variance / 2 < high


@pytest.mark.parametrize("retries", [0, 1, 3])
def test_a_payment_fails_when_all_attempts_at_it_do(retries: int) -> None:
    rate = 0.4
    stated = {"failures": {"rate": rate, "retries": retries}}
    failed = Kept(settled(MANY, contractor("it"), settlement=stated)).figures["payment_failures"]
    p = rate ** (retries + 1)
    assert abs(failed - MANY * p) < within(math.sqrt(MANY * p * (1 - p)))


def test_disputes_are_as_frequent_and_as_wrong_as_they_are_said_to_be() -> None:
    """Clients contest good work, and win where the decision is wrong: the price, less 0.2 where they lose."""
    share, wrong, cost_usd = 0.3, 0.25, 0.2
    dispute = {"share": share, "wrong": wrong, "days": 40, "cost_usd": cost_usd}
    book = Kept(settled(MANY, contractor("it"), settlement={"escrow": {"dispute": dispute}}))
    opened, lost = book.figures["disputes"], len(book.of("dispute lost"))
    assert abs(opened - MANY * share) < within(math.sqrt(MANY * share * (1 - share)))
    assert abs(lost - opened * wrong) < within(math.sqrt(opened * wrong * (1 - wrong)))
    assert book.figures["disputes_usd"] == pytest.approx((opened - lost) * cost_usd - lost)


HOLDBACK, TIMES = 0.4, 10


def held_back(many: int = 200, **sections: Any) -> Scenario:
    """One seller, at a price of 1 USD, of which a part waits for the verdict."""
    return jobs(
        many,
        contractor("it", success=GOOD, own_cost_share=HONEST_USD),
        contracts={"verification": check(SENSITIVITY, SPECIFICITY)},
        settlement={"escrow": {"holdback": HOLDBACK, "until": "verified"}},
        **sections,
    )


def test_a_holdback_does_what_a_stake_does() -> None:
    """A holdback of share h is d = 1 − h: cheating does not pay from a stake of
    S* = (c_H − c_L)/((p_H − p_L)(sp + s − 1)) − h·P on, and the honest bear
    S_max = (P(d + (1 − d)A_H) − c_H)/(1 − A_H)."""
    accepted = GOOD * SPECIFICITY + (1 - GOOD) * (1 - SENSITIVITY)
    told = (GOOD - SHODDY) * (SPECIFICITY + SENSITIVITY - 1)
    stake_usd = (HONEST_USD - CHEAP_USD) / told - HOLDBACK
    bears_usd = (1 - HOLDBACK + HOLDBACK * accepted - HONEST_USD) / (1 - accepted)
    assert (stake_usd, bears_usd) == pytest.approx((0.9052, 1.2129), abs=5e-5)
    cheats = [substitution("it", SHODDY)]
    for more_usd, pays in ((-0.3, True), (0.0, None), (0.5, False)):
        defences = {"stake_usd": stake_usd + more_usd}
        low, high = interval(gains(held_back(adversaries=cheats, defences=defences), TIMES))
        assert (low > 0, high < 0) == (pays is True, pays is False)
    low, high = interval(profits(held_back(defences={"stake_usd": bears_usd}), "it", TIMES))
    assert low < 0 < high


def test_a_holdback_pays_what_a_share_for_bad_work_pays() -> None:
    """Contract by contract, on the same luck."""
    by_contract = held_back(60).model_dump(exclude_unset=True, by_alias=True) | {"settlement": None}
    by_contract["contracts"] = by_contract["contracts"] | {"due_on_failure": 1 - HOLDBACK, "failed_share": 0}
    here = [each.paid_usd for each in Kept(held_back(60)).ended]
    assert 0 < sum(usd < 1 for usd in here) < 60
    assert here == [each.paid_usd for each in Kept(by_contract).ended]


def test_net_is_gross_less_all_bars_to_the_unit_of_markets_played_by_themselves() -> None:
    changes = ["workload.arrivals.limit=150", "contracts.due_on_failure=0.5"]
    stated = coalesce_sim.load("market_viable", changes)
    ways = SETTLEMENTS["one by one"] | {
        "fx": SETTLEMENTS["one by one"]["fx"] | {"contractors": {"edge": "EUR"}}
    }
    scenario = coalesce_sim.load(stated.model_dump(by_alias=True, exclude_unset=True) | {"settlement": ways})
    study = coalesce_sim.analyse_frictions(scenario, replications=2)
    assert len(study.bars) == 9  # what the two largest do together among them
    for market, on in (stated, study.without), (scenario, study.with_all):
        played = coalesce_sim.run(market, replications=2, core="simpy").replications
        saved = [each["all_local_usd"] - each["realised_usd"] for each in played]
        paid = [each.get("frictions_usd", 0.0) for each in played]
        assert study.saved[on] == tuple(units_of(a) - units_of(b) for a, b in zip(saved, paid, strict=True))
    for number in range(2):
        taken = sum(bar.units[number] for bar in study.bars)
        gross, net = study.saved[study.without][number], study.saved[study.with_all][number]
        assert 0 != taken == gross - net


class _Alive(coalesce_sim.Observer):
    """Counts the contracts that somebody still knows when one has ended, those of earlier tests left out."""

    def __init__(self) -> None:
        gc.collect()
        self._before, self.most = _contracts(), 0

    def contract_ended(self, contract: Contract) -> None:  # noqa: ARG002
        self.most = max(self.most, _contracts() - self._before)


def _contracts() -> int:
    return sum(type(each) is Contract for each in gc.get_objects())


def test_contracts_are_forgotten_when_they_have_ended_whatever_is_still_to_be_paid() -> None:
    ways = SETTLEMENTS["one by one"] | {"charge_backs": {"rate": 1, "days": 60}}
    ways |= {"fx": ways["fx"] | {"contractors": {"it": "EUR"}}, "failures": None}
    counted, scenario = _Alive(), settled(60, contractor("it", success=0.7), settlement=ways)
    played = Market(scenario, create(scenario.policy), counted, seed=1)
    played.run()
    assert played.figures()["contracts"] == 60
    assert counted.most == 1


@pytest.mark.parametrize("kind", CHEATS)
def test_who_cheats_breaks_no_law_and_what_defences_take_is_what_the_platform_has(kind: str) -> None:
    """A book that broke a law would not be closed; in one without frictions the platform has levies alone, in
    half a unit each."""
    book = Kept(cheated(CHEATS[kind], defences=DEFENCES, settlement={}))
    trade = book.market.trade
    assert isinstance(trade, ContractTrade)
    levied_usd = float(trade.books.levied_usd(book.market.ended_s).sum())
    amounts = len(book.of("levy", "slash", "entry fee"))
    assert book.balances()["Platform USD"] == pytest.approx(1e9 * levied_usd, rel=0, abs=0.5 * amounts + 1e-3)
    assert levied_usd > 0
    ways = SETTLEMENTS["one by one"] | {"fee": SETTLEMENTS["one by one"]["fee"][:1]}
    assert Kept(cheated(CHEATS[kind], defences=DEFENCES, settlement=ways)).entries
