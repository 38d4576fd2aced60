"""What payment costs, against what is paid: known before anything is played."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from coalesce_sim.experiments.diagnosis.contradictions import first_tasks
from coalesce_sim.luck import Luck
from coalesce_sim.market.contracts.behaviour import HONEST
from coalesce_sim.market.contracts.layout import Layouts
from coalesce_sim.market.contracts.paying import tasks_per_payment
from coalesce_sim.market.contracts.results import GroundTruth
from coalesce_sim.market.pool import Pool
from coalesce_sim.numbers import number
from coalesce_sim.scenario.contracts import ContractRules
from coalesce_sim.scenario.distributions import drawn_at
from coalesce_sim.scenario.pool import DrawnPool
from coalesce_sim.scenario.schema import Scenario
from coalesce_sim.scenario.settlement import Settlement
from coalesce_sim.streams import Streams

EATEN = 0.5
"""Share of a payment from which it is told that its fees take it."""

FAR = 10.0
"""Times a payment from which it is told that a mishap costs so much more."""

_TASKS, _CONTRACTORS = 32, 100
"""How many are asked for prices."""


def odd_payments(scenario: Scenario) -> Iterator[str]:
    """Sentences on fees, mishaps and funds that are out of all proportion to what is paid."""
    stated = scenario.settlement
    if stated is None or scenario.plays_log:
        return
    price_usd = median_offer_usd(scenario)
    if not price_usd > 0:
        return
    pool = scenario.contractors
    contractors = pool.count if isinstance(pool, DrawnPool) else len(scenario.facts)
    together = tasks_per_payment(scenario, stated.pay, contractors)
    yield from _fees(stated, price_usd, together)
    yield from _mishaps(stated, price_usd, price_usd * together)
    if stated.clients is not None:
        funds_usd = drawn_at(stated.clients.funds_usd, 0.5)
        if funds_usd < price_usd:
            yield (
                f"settlement.clients.funds_usd: half of the clients have {number(funds_usd)} USD or less, "
                f"and the median offer is {number(price_usd)} USD: what they cannot pay is rejected"
            )


def remarks_on_payment(scenario: Scenario) -> Iterator[str]:
    """What is easily overlooked of a settlement, and does no harm."""
    escrow = None if scenario.settlement is None else scenario.settlement.escrow
    if escrow is not None and escrow.until == "verified" and escrow.holdback < 1:
        share = 1 - escrow.holdback
        yield (
            f"settlement.escrow.holdback is {escrow.holdback:g}: delivered work that is found bad earns "
            f"{100 * share:.3g} % of its bill, as contracts.due_on_failure: {share:.3g} would have it"
        )


def median_offer_usd(scenario: Scenario) -> float:
    """The median of what contractors list for the first tasks; NaN where nobody can be asked yet."""
    honest = scenario.model_copy(update={"adversaries": []})
    block, pool = first_tasks(honest), Pool(honest, Streams(scenario.seed))
    truth = GroundTruth(honest, pool, Luck(scenario.seed, 0, pool.identities))
    rules = scenario.contracts or ContractRules()
    layouts, results = Layouts(honest, rules, pool, truth, HONEST.asking, None), truth.of(block)
    layout, asked_usd = layouts.of(block), []
    everyone = np.linspace(0, len(pool) - 1, min(len(pool), _CONTRACTORS)).astype(np.int64)
    for task in range(min(len(block), _TASKS)):
        offered = results.offered(task)
        ids = everyone if offered is None else everyone[offered[everyone]]
        asked_usd.append(layouts.listed(block, layout, task, ids, 0.0).price_usd)
    prices_usd = np.concatenate(asked_usd) if asked_usd else np.zeros(0)
    return float(np.median(prices_usd)) if len(prices_usd) else float("nan")


def _fees(stated: Settlement, price_usd: float, together: float) -> Iterator[str]:
    paid_usd = price_usd * together
    fixed_usd = sum(fee.fixed_usd for fee in stated.fee)
    fees_usd = fixed_usd + paid_usd * sum(fee.share for fee in stated.fee)
    if fees_usd < EATEN * paid_usd:
        return
    what = f"a payment of {number(price_usd)} USD, the median offer,"
    way = "settlement.pay.every_h pays several contracts at once"
    if together > 1:
        what = f"a payment of {number(paid_usd)} USD, {number(together)} tasks at the median offer,"
        way = "with more hours in settlement.pay.every_h more contracts are paid at once"
    times = _against(fees_usd, paid_usd, "the price")
    told = f"settlement.fee: {what} costs {number(fees_usd)} USD in fees, {times}"
    yield f"{told}; {way}" if fixed_usd > 0 else told


def _mishaps(stated: Settlement, price_usd: float, paid_usd: float) -> Iterator[str]:
    """What a charge-back of a payment and a dispute about a contract cost."""
    charge_backs, escrow = stated.charge_backs, stated.escrow
    if charge_backs is not None:
        place, usd = "settlement.charge_backs.fee_usd", charge_backs.fee_usd
        yield from _mishap(place, charge_backs.rate, usd, paid_usd, "the payment")
    dispute = None if escrow is None else escrow.dispute
    if dispute is not None and dispute.least_usd < dispute.cost_usd:
        place = "settlement.escrow.dispute.cost_usd"
        yield from _mishap(place, dispute.share, dispute.cost_usd, price_usd, "the median offer")


def _mishap(place: str, rate: float, usd: float, paid_usd: float, what: str) -> Iterator[str]:
    if rate > 0 and usd > FAR * paid_usd:
        yield (
            f"{place} is {number(usd)} USD, {_against(usd, paid_usd, what)}, {number(paid_usd)} USD; at a "
            f"rate of {100 * rate:.3g} % it costs {_against(rate * usd, paid_usd, 'it')} on average"
        )


def _against(usd: float, paid_usd: float, what: str) -> str:
    """How much it is of what is paid."""
    times = usd / paid_usd
    if times < 1:
        return f"{100 * times:.3g} % of {what}"
    return f"{number(times, 0) if times >= 10 else f'{times:.2g}'} times {what}"
