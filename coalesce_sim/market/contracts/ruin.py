"""Contractors that give up because their books do not add up."""

from __future__ import annotations

import numpy as np
import simpy

from coalesce_sim.market.contracts.books import Books
from coalesce_sim.market.presence import Presence
from coalesce_sim.market.trade import Events
from coalesce_sim.rounding import exceeds
from coalesce_sim.scenario.turnover import Ruin


def give_up(
    env: simpy.Environment,
    presence: Presence,
    books: Books,
    ruin: Ruin,
    *,
    every_s: float,
    until_s: float,
) -> Events:
    """Look at the books every so often, until the last tasks arrive; whoever has been in the red by so much
    at each look for so long leaves."""
    contractors = len(presence.enter_s)
    red_since_s = np.full(contractors, np.inf)
    for look in range(1, int(until_s / every_s) + 1):
        yield env.timeout(max(0.0, look * every_s - env.now))
        spent_usd = books.work_usd + books.idle_usd(env.now) + books.levied_usd(env.now)
        active = presence.during(env.now)
        red = exceeds(spent_usd, books.revenue_usd + ruin.usd) & (True if active is None else active)
        red_since_s = np.where(red, np.minimum(red_since_s, env.now), np.inf)
        for contractor in np.flatnonzero(env.now - red_since_s >= 3600 * ruin.hours).tolist():
            presence.leave(contractor, env.now)
