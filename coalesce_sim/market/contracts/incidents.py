"""Incidents at contractors: data leaked, work tampered with, work lost; how likely, and whether they happen.

An incident may happen to every contract on which data went out. Whether it does, of which kind it is and
whether it is averted are three draws by contractor, task and attempt: what averts more takes incidents away
and changes no other.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from coalesce_sim.arrays import FloatArray, IntArray
from coalesce_sim.luck import Luck
from coalesce_sim.market.pool import Pool
from coalesce_sim.scenario.security import INCIDENT_KINDS, Security

LEAKED, TAMPERED, LOST = range(len(INCIDENT_KINDS))
NOTHING: Final = -1


class Incidents:
    """What the contractors' `security_risk` comes to.

    `probability` is that of each kind, (kinds, contractors), averted ones left out; all 0 where
    `contracts.security` states no incidents. Of what a leak costs, the client bears `borne_share`.
    """

    def __init__(self, security: Security, pool: Pool, luck: Luck) -> None:
        stated = security.incidents
        kinds = len(INCIDENT_KINDS)
        self.stated = stated is not None
        self.borne_share = 1.0
        self._risk = pool.security_risk
        self._below, self._averted, self._left = np.ones(kinds), np.zeros(kinds), np.zeros(kinds)
        self.probability: FloatArray = np.zeros((kinds, len(pool)))
        if stated is not None:
            self.borne_share = 1 - stated.insured_share
            up_to = np.cumsum([stated.shares.of(kind) for kind in INCIDENT_KINDS])
            self._below = up_to / up_to[-1]
            self._averted = np.array([security.averted(kind) for kind in INCIDENT_KINDS])
            self._left = np.diff(self._below, prepend=0.0) * (1 - self._averted)
            self.probability = self._left[:, None] * pool.security_risk
        self._happens, self._kind = luck("incident"), luck("incident kind")
        self._averts = luck("incident averted")

    def turn(self, contractors: IntArray) -> None:
        """The `security_risk` of these has moved."""
        self.probability[:, contractors] = self._left[:, None] * self._risk[contractors]

    def at(self, contractors: IntArray, task: int, attempt: int) -> IntArray:
        """What happens to a contract with each of those contractors: a kind, or `NOTHING`."""
        if not self.stated:
            return np.full(len(contractors), NOTHING)
        kinds = self._below.searchsorted(self._kind.draws(contractors, task, attempt), side="right")
        happens = self._happens.draws(contractors, task, attempt) < self._risk[contractors]
        averted = self._averts.draws(contractors, task, attempt) < self._averted[kinds]
        return np.where(happens & ~averted, kinds, NOTHING)

    def of(self, contractor: int, task: int, attempt: int) -> int:
        """The same of a contract with one."""
        return int(self.at(np.array([contractor]), task, attempt)[0]) if self.stated else NOTHING
