"""What makes honesty pay: stakes, holdbacks, audits, a price above cost; and what withheld slots earn."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import coalesce_sim
from coalesce_sim.experiments.attacks import playing, twins
from tests.market.trading import contractor, market
from verification.cheating import Seen, check, gains, interval, jobs, profits

HONEST_USD, CHEAP_USD = 0.7, 0.05
GOOD, SHODDY = 0.8, 0.2
SENSITIVITY, SPECIFICITY = 0.85, 0.98
MANY, TIMES = 200, 10


def substitution(who: str, success: float) -> dict[str, Any]:
    """Cheap work is delivered always."""
    return {
        "kind": "substitution",
        "who": {"members": [who]},
        "success": success,
        "cost_factor": CHEAP_USD / HONEST_USD,
    }


def seller(checked: dict[str, Any], due: float, **sections: Any) -> coalesce_sim.Scenario:
    """One seller, at a price of 1 USD."""
    return jobs(
        MANY,
        contractor("it", success=GOOD, own_cost_share=HONEST_USD),
        contracts={"verification": checked, "due_on_failure": due},
        **sections,
    )


@pytest.mark.parametrize(
    ("due", "least_usd", "most_usd"), [(1.0, 1.3052, 1.6129), (0.0, 0.3052, 0.6129), (0.6, 0.9052, None)]
)
def test_the_stake_at_which_cheating_does_not_pay_and_the_one_that_the_honest_bear(
    due: float, least_usd: float, most_usd: float | None
) -> None:
    """A holdback of share h is d = 1 − h, and does what a stake of h·P does."""
    accepted = GOOD * SPECIFICITY + (1 - GOOD) * (1 - SENSITIVITY)
    told = (GOOD - SHODDY) * (SPECIFICITY + SENSITIVITY - 1)
    stake_usd = (HONEST_USD - CHEAP_USD) / told - (1 - due)
    bears_usd = (due + (1 - due) * accepted - HONEST_USD) / (1 - accepted)
    assert stake_usd == pytest.approx(least_usd, abs=5e-5)
    checked, cheats = check(SENSITIVITY, SPECIFICITY), [substitution("it", SHODDY)]

    def cheating(more_usd: float) -> tuple[float, float]:
        defences = {"stake_usd": stake_usd + more_usd}
        return interval(gains(seller(checked, due, adversaries=cheats, defences=defences), TIMES))

    low, high = cheating(0)
    assert low < 0 < high
    if due == 1:
        assert cheating(-0.3)[0] > 0
        assert cheating(0.5)[1] < 0
    if most_usd is not None:
        assert bears_usd == pytest.approx(most_usd, abs=5e-5)
        low, high = interval(profits(seller(checked, due, defences={"stake_usd": bears_usd}), "it", TIMES))
        assert low < 0 < high


def test_audits_find_as_many_as_their_rate_says() -> None:
    """No other check: at a rate q of audits, what is told apart is q·s·(p_H − p_L)."""
    stake_usd = 1.0
    rate = (HONEST_USD - CHEAP_USD) / ((GOOD - SHODDY) * SENSITIVITY * (1 + stake_usd))
    for factor, pays in ((0.5, True), (1.0, None), (1.5, False)):
        audit = {"share": factor * rate, "sensitivity": SENSITIVITY}
        defences = {"stake_usd": stake_usd, "audit": audit}
        cheats = [substitution("it", SHODDY)]
        low, high = interval(gains(seller(check(0), 0, adversaries=cheats, defences=defences), TIMES))
        assert (low > 0, high < 0) == (pays is True, pays is False)


@pytest.mark.parametrize(("prior", "passes"), [((1, 0.3), 1), ((8, 1), 3)])
def test_a_price_above_cost_makes_honesty_pay_where_nobody_knows_the_end(
    prior: tuple[float, float], passes: int
) -> None:
    """P = c_L + (c_H − c_L)/δ^k, where k cheats take a score of so many good jobs below 0.7, at which nobody
    hires any more; a market goes on after each job with probability δ."""
    going_on, times = 0.9, 80
    price_usd = CHEAP_USD + (HONEST_USD - CHEAP_USD) / going_on**passes
    ends = np.random.default_rng(1).geometric(1 - going_on, times).tolist()
    skills = {"threshold": 0.7, "ontological_weight": 0, "embedding_weight": 0, "performance_weight": 1}

    def gain_usd(number: int) -> float:
        scenario = jobs(
            ends[number],
            contractor("it", price_usd=price_usd, own_cost_share=HONEST_USD / price_usd),
            adversaries=[substitution("it", 0)],
            contracts={"due_on_failure": 1},
            reputation={"model": {"kind": "beta", "prior_good": prior[0], "prior_bad": prior[1]}},
            skills=skills,
        )
        cheating, honest = (playing.play(each, 1, number) for each in (scenario, twins.honest(scenario)))
        assert cheating["manipulated"] == min(passes, ends[number])
        assert honest["contracts"] == ends[number]
        return cheating["profit_usd[it]"] - honest["profit_usd[it]"]

    low, high = interval([gain_usd(number) for number in range(times)])
    assert low < 0 < high


def test_withheld_slots_raise_a_price_by_load() -> None:
    """Four jobs are at work when the fifth is offered: a load of 1, or of 2 on half the slots."""
    slope, ahead, slots, most = 0.5, 4, 4, 2.0
    ratio = (1 + slope * min(ahead / (slots / 2), most)) / (1 + slope * min(ahead / slots, most))
    assert ratio == pytest.approx(4 / 3)
    asked = []
    for adversaries in ([], [{"kind": "withholding", "who": {"members": ["it"]}}]):
        scenario = market(
            [0.0, 1.0, 2.0, 3.0, 4.0],
            contractor("it", slots=slots, own_cost_share=0.7),
            adversaries=adversaries,
            external={"pricing": {"kind": "load", "slope": slope, "max_load": most}},
            policy={"kind": "always_outsource"},
        )
        asked.append(max(contract.agreed_usd for contract in Seen(coalesce_sim.load(scenario)).ended))
    assert asked[1] / asked[0] == pytest.approx(ratio)
