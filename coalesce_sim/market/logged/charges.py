"""What logged tasks were charged: the bill of the log, lateness and losses as this market counts them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from coalesce_sim.arrays import BoolArray, FloatArray
from coalesce_sim.cost_parts import COST_PARTS, HOME_BILL, LATENESS, LOSS, PRICE, RUNNING
from coalesce_sim.market.logged.tasks import Logged
from coalesce_sim.market.workload import Block


@dataclass(frozen=True, slots=True)
class LoggedCharges:
    """What logged tasks came to, one entry a task: all of it, its parts, (`COST_PARTS`, tasks), how long they
    took, and whether they ended well. NaN where a contractor's bill is not in the log."""

    usd: FloatArray
    parts_usd: FloatArray
    s: FloatArray
    good: BoolArray


def logged_charges(block: Block, logged: Logged, late_usd_per_s: float) -> LoggedCharges:
    """The bill, or what the hardware at home costs for so long, what being late costs, and what is lost with
    tasks that did not end well."""
    at_home, billed = logged.at_home, ~np.isnan(logged.usd)
    parts_usd = np.zeros((len(COST_PARTS), len(block)))
    parts_usd[RUNNING] = np.where(at_home & ~billed, [*logged.running], 0.0)
    parts_usd[HOME_BILL] = np.where(at_home & billed, logged.usd, 0.0)
    parts_usd[PRICE] = np.where(at_home, 0.0, logged.usd)
    parts_usd[LATENESS] = np.maximum(0.0, logged.s - block.target_s) * late_usd_per_s
    parts_usd[LOSS] = np.where(logged.good, 0.0, block.loss_usd)
    return LoggedCharges(parts_usd.sum(axis=0), parts_usd, logged.s, logged.good)
