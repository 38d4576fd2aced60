"""What sellers live on: what each was paid, and what its work and its idle hardware cost it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from coalesce_sim.arrays import BoolArray, FloatArray, IntArray
from coalesce_sim.market.cast import AGENT
from coalesce_sim.market.contracts.payments import Payments
from coalesce_sim.market.courses import Courses
from coalesce_sim.market.pool import Pool
from coalesce_sim.rounding import exceeds
from coalesce_sim.scenario.defences import Defences

if TYPE_CHECKING:
    from coalesce_sim.market.contracts.contract import Contract


class Books:
    """The books of all contractors, kept contract by contract; one entry a contractor.

    Work costs its contractor from the moment it begins, whatever comes of it: hardware for the time at work,
    at the price of when that began, its overheads in money (`price_factor`) with it; else the stated share of
    the listed price, in full. Owned hardware loses value by the clock, in slots that stand idle or are
    withheld too. Rented hardware is paid for while at work, as is whatever has slots without limit; idle
    slots draw no electricity.
    Who is not in the market has no idle slots, and of a box that is `shared` nobody's books bear any.
    Of the fees on contracts they bear none; what the market's `defences` make them pay is levied. `rents` are
    the prices of an hour that move, None where none does.

    `revenue_usd` is what they were paid, as the accounts have it. `jobs` are those on which work began; they
    took `worked_s` of slots and cost `work_usd`, NaN for those of whom nothing tells their costs (`known`).
    """

    def __init__(
        self,
        pool: Pool,
        revenue_usd: Sequence[float],
        *,
        price_factor: float,
        shared: frozenset[str],
        defences: Defences,
        rents: Courses | None,
        payments: Payments,
    ) -> None:
        self._pool, self._revenue_usd, self._payments = pool, revenue_usd, payments
        self._levied_usd, self._defences = [0.0] * len(pool), defences
        self._agents = [] if pool.cast is None else [list(each.names) for each in pool.cast.agents()]
        firsts = {names[0]: f"{AGENT}{pool.names[names[0]]}" for names in self._agents}
        self._shares_a_box = [box in shared and box != firsts.get(who) for who, box in enumerate(pool.boxes)]
        usd_per_s = pool.own_usd_per_s * price_factor
        self.known: BoolArray = (usd_per_s > 0) | ~np.isnan(pool.own_cost_share)
        self._usd_per_s: list[float] = usd_per_s.tolist()
        self._rents, self._price_factor = rents, price_factor
        self._jobs = [0] * len(pool)
        self._worked_s = [0.0] * len(pool)
        self._work_usd: list[float] = np.where(self.known, 0.0, np.nan).tolist()

    def enter(self, contract: Contract) -> float:
        """A contract has ended; what it cost its contractor, NaN where that is not known."""
        who = contract.contractor
        if math.isnan(contract.working_s):
            return 0.0 if self.known[who] else math.nan
        usd_per_s = self._usd_per_s_at(contract.working_s, who)
        own_usd = usd_per_s * contract.worked_s if usd_per_s > 0 else contract.quoted_own_usd
        if contract.effort is not None:
            other_usd = contract.other_usd
            own_usd = own_usd * contract.effort.cost_factor if math.isnan(other_usd) else other_usd
        self._jobs[who] += 1
        self._worked_s[who] += contract.worked_s
        self._work_usd[who] += own_usd
        return own_usd if self.known[who] else math.nan

    def levy(self, at_s: float, who: int, usd: float) -> None:
        """A contractor pays the market."""
        self._levied_usd[who] += usd
        if usd > 0:
            self._payments.levy(at_s, who, usd)

    def slash(self, contract: Contract, usd: float) -> None:
        """A contractor loses its stake in a contract."""
        self._levied_usd[contract.contractor] += usd
        self._payments.slash(contract)

    def levied_usd(self, now_s: float) -> FloatArray:
        """What each has paid the market by now: levies, the fee for entering, and for slots withheld."""
        levied_usd, rules = np.array(self._levied_usd), self._defences
        presence = self._pool.roster.presence
        if rules.entry_fee_usd > 0:
            levied_usd += rules.entry_fee_usd * presence.entered(now_s)
        return levied_usd + self.withheld_usd(now_s)

    def withheld_usd(self, now_s: float) -> FloatArray:
        """What each has paid by now for slots that it withheld."""
        cast, rules = self._pool.cast, self._defences
        if cast is None or rules.commitment is None:
            return np.zeros(len(self._pool))
        there_h = self._there_s(now_s) / 3600
        withheld_usd: FloatArray = rules.commitment.usd_per_slot_h * there_h * cast.withheld
        return withheld_usd

    def _usd_per_s_at(self, now_s: float, who: int) -> float:
        """What a slot of a contractor costs it at work that begins now, 0 where nothing tells."""
        if self._rents is None or not self._rents.moves[who]:
            return self._usd_per_s[who]
        return self._rents.of(who).value(now_s) / 3600 * self._price_factor

    def take_over(self, jobs: IntArray, worked_s: FloatArray, work_usd: FloatArray) -> None:
        """Enter what was played elsewhere."""
        self._jobs, self._worked_s = jobs.tolist(), worked_s.tolist()
        self._work_usd = np.where(self.known, work_usd, np.nan).tolist()

    @property
    def revenue_usd(self) -> FloatArray:
        """What each was paid."""
        return np.array(self._revenue_usd)

    @property
    def jobs(self) -> IntArray:
        """On how many contracts work began."""
        return np.array(self._jobs, dtype=np.int64)

    @property
    def worked_s(self) -> FloatArray:
        """How long they kept slots."""
        return np.array(self._worked_s)

    @property
    def work_usd(self) -> FloatArray:
        """What they cost."""
        return np.array(self._work_usd)

    def idle_usd(self, now_s: float) -> FloatArray:
        """What slots of owned hardware have lost while they stood idle; a job under way counts as idle until
        it has ended."""
        (slots, usd_per_s), there_s, worked_s = self._owned, self._there_s(now_s), self.worked_s
        for first, *others in self._agents:
            worked_s[first] += worked_s[others].sum()
        idle_s = np.maximum(0.0, slots * there_s - worked_s)
        return np.where(self.known, usd_per_s * idle_s, np.nan)

    def _there_s(self, now_s: float) -> FloatArray:
        """How long each machine was in the market: that of all an agent's names is its first one's."""
        presence = self._pool.roster.presence
        there_s = presence.spent_s(now_s)
        for first, *others in self._agents:
            there = [who for who in (first, *others) if there_s[who] > 0]
            if others and there:
                until_s = min(now_s, float(presence.leave_s[there].max()))
                there_s[first] = until_s - float(presence.enter_s[there].min())
        return there_s

    @cached_property
    def _owned(self) -> tuple[FloatArray, FloatArray]:
        """How many slots each ever has for good, one machine where that serves all its jobs at once, and what
        one loses in a second."""
        roster = self._pool.roster
        stated = zip(self._pool.most_slots, self._pool.curves, strict=True)
        slots: FloatArray = np.array([1.0 if curve else each or 0.0 for each, curve in stated])
        if self._pool.cast is not None:
            slots += self._pool.cast.withheld
        slots[self._shares_a_box] = 0.0
        machines = [kind.hardware if kind.slot_usd_per_h is None else None for kind in roster.kinds]
        usd_per_h = [0.0 if each is None else each.slot_depreciation_usd_per_h for each in machines]
        return slots, roster.spread(usd_per_h) / 3600

    def profit_usd(self, now_s: float) -> FloatArray:
        """What is left of the revenue; below 0 a contractor is in the red. NaN where costs are not known."""
        return self.revenue_usd - self.work_usd - self.idle_usd(now_s) - self.levied_usd(now_s)

    def figures(self, now_s: float) -> dict[str, float]:
        """Of all contractors together that were in the market and whose costs are known; nothing where none
        are. Shares in percent."""
        counted = self.known & self._pool.roster.presence.entered(now_s)
        if not counted.any():
            return {}
        revenue_usd, work_usd = self.revenue_usd[counted], self.work_usd[counted]
        idle_usd, levied_usd = self.idle_usd(now_s)[counted], self.levied_usd(now_s)[counted]
        taken_usd, red = float(revenue_usd.sum()), exceeds(work_usd + idle_usd + levied_usd, revenue_usd)
        spent_usd = float(work_usd.sum() + idle_usd.sum() + levied_usd.sum())
        return {
            "contractor_work_usd": float(work_usd.sum()),
            "contractor_idle_usd": float(idle_usd.sum()),
            **({"contractor_levies_usd": float(levied_usd.sum())} if self._defences.levies else {}),
            "contractor_profit_usd": taken_usd - spent_usd,
            "contractor_margin": 100 * (1 - spent_usd / taken_usd) if taken_usd > 0 else math.nan,
            "contractors_in_the_red": 100 * float(red.mean()),
        }
