"""Books that must balance in every run."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np

from coalesce_sim.cost_parts import COST_PARTS, LEAK, PRICE
from coalesce_sim.errors import ConservationError
from coalesce_sim.market.records import Records


class Accounts:
    """Counts kept event by event, and the same worked out from the records; `check` compares them.

    Event by event: tasks that came in, tasks that have ended, well or not (`done`, the last at `last_done_s`
    where there are contracts), what contractors were
    paid, what clients were charged, what coordinating steps cost and took by the clock, what is held for
    contracts under way, and how contracts ended, by final state; security incidents by kind, and what leaks
    cost clients (`leak_usd`, a part of what they were charged) and their insurance.
    """

    def __init__(self, contractors: int) -> None:
        self.tasks_in = 0
        self.done = 0
        self.last_done_s = 0.0
        self.realised_usd = 0.0
        self.coordination_usd = 0.0
        self.coordination_s = 0.0
        self.held_usd = 0.0
        self._ever_held_usd = 0.0
        self.contracts_open = 0
        self.found_bad = 0
        self.lost_to_outages = 0
        self.incidents: Counter[str] = Counter()
        self.leak_usd = 0.0
        self.insured_usd = 0.0
        self.contracts_ended: Counter[str] = Counter()
        self.revenue_usd = [0.0] * contractors
        self._recorded = 0
        self._recorded_usd = 0.0
        self._recorded_parts_usd = np.zeros(len(COST_PARTS))
        self._recorded_coordination_usd = 0.0
        self._recorded_coordination_s = 0.0

    def hold(self, price_usd: float) -> None:
        """The price of a contract is set aside when it is submitted."""
        self.held_usd += price_usd
        self._ever_held_usd += price_usd
        self.contracts_open += 1

    def release(self, price_usd: float, state: str) -> None:
        """It is set free again when the contract ends in its final state, whatever is then paid."""
        self.held_usd -= price_usd
        self.contracts_open -= 1
        self.contracts_ended[state] += 1

    def pay(self, contractor: int, price_usd: float) -> None:
        """A contractor is paid its price or bill, or the part of it that is due for bad work."""
        self.revenue_usd[contractor] += price_usd

    def book(self, records: Records) -> None:
        """Add a finished block's records to the other side of the books."""
        self._recorded += int(np.isfinite(records.finished_s).sum())
        self._recorded_usd += float(records.realised_usd.sum())
        self._recorded_parts_usd += records.parts_usd.sum(axis=1)
        wholes = records.block.wholes
        if wholes is not None:
            of_begun = wholes.of[wholes.is_step & (records.attempts > 0)]
            self._recorded_coordination_usd += float(wholes.split_usd[of_begun].sum())
            self._recorded_coordination_s += float(wholes.split_s[of_begun].sum())

    def check(self) -> None:
        """Raise `ConservationError`, with both figures, where the two sides differ."""
        pairs = {
            "tasks: came in, ended": (self.tasks_in, self.done),
            "tasks: ended, recorded": (self.done, self._recorded),
            "contracts: submitted, ended": (self.contracts_open, 0),
            "USD: contractors' revenue, clients' payments": (
                math.fsum(self.revenue_usd),
                float(self._recorded_parts_usd[PRICE]),
            ),
            "USD: leaks charged, recorded": (self.leak_usd, float(self._recorded_parts_usd[LEAK])),
            "USD: charged, recorded": (self.realised_usd, self._recorded_usd),
            "USD: charged, recorded part by part": (
                self.realised_usd,
                math.fsum(self._recorded_parts_usd.tolist()),
            ),
            "USD: charged for coordination, due for the steps that began": (
                self.coordination_usd,
                self._recorded_coordination_usd,
            ),
            "seconds: spent on coordination, due for the steps that began": (
                self.coordination_s,
                self._recorded_coordination_s,
            ),
        }
        for what, (one, other) in pairs.items():
            if not math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-9):
                raise ConservationError(f"{what}: {one!r} against {other!r}")
        if abs(self.held_usd) > 1e-9 * max(1.0, self._ever_held_usd):
            raise ConservationError(f"USD: held for contracts at the end: {self.held_usd!r} against 0")
