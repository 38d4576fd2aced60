"""The terms of every offer on one task: the arithmetic of a quote."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from coalesce_sim.arrays import FloatArray, IntArray
from coalesce_sim.economics.bargaining import bargained_price_usd
from coalesce_sim.economics.external import lateness_usd
from coalesce_sim.economics.pricing import load_price_usd
from coalesce_sim.market.contracts.layout import Listed

TERMS = range(10)
LATENCY, SERVICE, ASKED, SHOWN, PLAIN, EXTERNAL, BID, RELIABILITY, SECURITY, SKILL = TERMS
"""Rows of the terms: quoted time (s), the work alone (s), the price asked, the price as the client expects
it, the charges before and the whole cost after correction by experience (USD), the contractor's own cost
(USD), and what is public of it. The whole cost has lateness in it, by the time quoted and corrected."""


class Sides(NamedTuple):
    """What the terms of one task depend on besides the contractors; amounts in USD.

    `at_stake_usd` is what work costs that is not accepted: doing it over, or the loss; `at_risk_usd` is the
    value that other risks apply to, `leak_usd` what a leak costs the client. `rule` says how prices come
    about: `LIST_PRICE`, `LOAD` with `slope` and `max_load`, or `BARGAINED` with the client's weight in
    `slope`. `by_use` says that bills follow use, so that prices are only expected.
    """

    fees_usd: float
    max_latency_s: float
    late_usd_per_s: float
    at_stake_usd: float
    at_risk_usd: float
    leak_usd: float
    internal_usd: float
    rule: int
    slope: float
    max_load: float
    performance_weight: float
    by_use: bool


LIST_PRICE, LOAD, BARGAINED = range(3)


class Known(NamedTuple):
    """What is known of all contractors for one type of task; one entry each.

    `factor` corrects charges, `time_factor` the time quoted; `risk` is the share of a task's value at risk
    besides bad work. `leaks` is the probability of a leak, `intact` that good work is neither tampered with
    nor lost, as far as `reliability` does not tell.
    """

    jobs: FloatArray
    slots: FloatArray
    reliability: FloatArray
    factor: FloatArray
    time_factor: FloatArray
    skill: FloatArray
    security: FloatArray
    risk: FloatArray
    leaks: FloatArray
    intact: FloatArray


def terms(ids: IntArray, wait_s: FloatArray, listed: Listed, known: Known, sides: Sides) -> FloatArray:
    """The terms of the contractors `ids` for one task, (10, offers).

    `wait_s` is what queue and discovery add to each one's quoted time, `listed` what they state. A price that
    no bargaining reaches is infinite.
    """
    price_usd = listed.price_usd
    reliability, factor = known.reliability[ids], known.factor[ids]
    latency_s = listed.latency_s + wait_s
    corrected_s = latency_s * known.time_factor[ids]
    late_usd = lateness_usd(corrected_s, sides.max_latency_s, sides.late_usd_per_s)
    accepted = reliability * known.intact[ids]
    risk_usd = (1 - accepted) * sides.at_stake_usd + sides.at_risk_usd * known.risk[ids]
    risk_usd = risk_usd + sides.leak_usd * known.leaks[ids]
    if sides.rule == LOAD:
        jobs, slots = known.jobs[ids], known.slots[ids]
        price_usd = load_price_usd(price_usd, jobs, slots, slope=sides.slope, max_load=sides.max_load)
    bid_usd = np.where(np.isnan(listed.own_usd), price_usd, listed.own_usd)
    if sides.rule == BARGAINED:
        surcharges_usd = sides.fees_usd * factor + late_usd + risk_usd
        price_usd = bargained_price_usd(bid_usd, sides.internal_usd, surcharges_usd, sides.slope)
    plain_usd = price_usd + sides.fees_usd
    of = np.empty((len(TERMS), len(ids)))
    of[LATENCY], of[SERVICE] = latency_s, listed.service_s
    of[ASKED], of[SHOWN] = price_usd, price_usd * factor if sides.by_use else price_usd
    of[PLAIN], of[EXTERNAL] = plain_usd, plain_usd * factor + late_usd + risk_usd
    of[BID], of[RELIABILITY], of[SECURITY] = bid_usd, reliability, known.security[ids]
    of[SKILL] = np.minimum(known.skill[ids] + sides.performance_weight * reliability, 1.0)
    return of
