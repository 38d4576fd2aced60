"""Books that must balance in every run."""

from __future__ import annotations

import math

import numpy as np

from coalesce_sim.market.records import Records


class ConservationError(RuntimeError):
    """Tasks, money or capacity did not add up: a defect of the simulator, never of the scenario."""


class Accounts:
    """Counts kept event by event, and the same worked out from the records; `check` compares them.

    Event by event: tasks that came in and were done, what contractors were paid, what clients were charged.
    """

    def __init__(self, contractors: int) -> None:
        self.tasks_in = 0
        self.done = 0
        self.realised_usd = 0.0
        self.revenue_usd = [0.0] * contractors
        self._recorded = 0
        self._recorded_price_usd = 0.0
        self._recorded_fees_usd = 0.0
        self._recorded_local_usd = 0.0

    def pay(self, contractor: int, price_usd: float) -> None:
        """A contractor is paid its price."""
        self.revenue_usd[contractor] += price_usd

    def book(self, records: Records) -> None:
        """Add a finished block's records to the other side of the books."""
        outsourced = records.outsourced
        spent = records.realised_usd[outsourced]
        paid = records.price_usd[outsourced]
        self._recorded += int(np.isfinite(records.finished_s).sum())
        self._recorded_price_usd += float(paid.sum())
        self._recorded_fees_usd += float((spent - paid).sum())
        self._recorded_local_usd += float(records.realised_usd[~outsourced].sum())

    def check(self) -> None:
        """Raise `ConservationError`, with both figures, where the two sides differ."""
        pairs = {
            "tasks: came in, done": (self.tasks_in, self.done),
            "tasks: done, recorded": (self.done, self._recorded),
            "USD: contractors' revenue, clients' payments": (
                math.fsum(self.revenue_usd),
                self._recorded_price_usd,
            ),
            "USD: charged, recorded as prices + fees and lateness + local cost": (
                self.realised_usd,
                self._recorded_price_usd + self._recorded_fees_usd + self._recorded_local_usd,
            ),
        }
        for what, (one, other) in pairs.items():
            if not math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-9):
                raise ConservationError(f"{what}: {one!r} against {other!r}")
