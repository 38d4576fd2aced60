"""How tasks end: charged, lost, joined with the other steps of their whole, and entered in the records."""

from __future__ import annotations

import math
from collections.abc import Sequence

from coalesce_sim.arrays import FloatArray
from coalesce_sim.cost_parts import COORDINATION, INTEGRATION, LATENESS, LOSS
from coalesce_sim.market.contracts.open_block import OpenContractBlock
from coalesce_sim.market.trade import Venue


class Endings:
    """Ends tasks, and charges what they cost."""

    def __init__(self, venue: Venue) -> None:
        self._env = venue.queues.env
        self._accounts = venue.accounts
        self._late_usd_per_s = venue.scenario.cost_model.late_usd_per_s

    def charge(
        self, opened: OpenContractBlock, task: int, part: int, usd: float, *, again: bool = False
    ) -> None:
        """A cost that was realised, one of `COST_PARTS`; `again` says that it is for another attempt."""
        opened.records.parts_usd[part, task] += usd
        self._realise(opened, task, usd, again=again)

    def charge_attempt(
        self,
        opened: OpenContractBlock,
        task: int,
        usd: float,
        parts: slice,
        parts_usd: FloatArray | tuple[float, ...],
        *,
        again: bool,
    ) -> None:
        """What an attempt came to, in all and by several `parts`; `again` says that it was not the first."""
        opened.records.parts_usd[parts, task] += parts_usd
        self._realise(opened, task, usd, again=again)

    def _realise(self, opened: OpenContractBlock, task: int, usd: float, *, again: bool) -> None:
        opened.records.realised_usd[task] += usd
        if again:
            opened.records.retries_usd[task] += usd
        self._accounts.realised_usd += usd

    def coordinated(self, opened: OpenContractBlock, step: int, usd: float, took_s: float) -> None:
        """A step was coordinated before it is decided on, at this cost and in this time."""
        opened.records.coordination_s[step] += took_s
        self._accounts.coordination_usd += usd
        self._accounts.coordination_s += took_s
        self.charge(opened, step, COORDINATION, usd)

    def leave_out(self, opened: OpenContractBlock, tasks: Sequence[int]) -> None:
        """What will not be done: steps of a whole that failed, or the way that a task is not done in."""
        for other in tasks:
            opened.records.good[other] = False
            opened.records.decided_s[other] = self._env.now
            self._leave(opened, other)

    def began(self, opened: OpenContractBlock, task: int) -> None:
        """Work on a task begins; the first time counts."""
        if math.isnan(opened.records.started_s[task]):
            opened.records.started_s[task] = self._env.now

    def done(self, opened: OpenContractBlock, task: int, *, good: bool) -> Sequence[int]:
        """A task's work is over and taken for good; it may still be bad. The steps that may begin now."""
        if opened.wholes is None:
            self._close(opened, task, good=good)
            return ()
        opened.records.good[task] = good
        closes, ready = opened.wholes.done(task, good)
        if closes:
            self.charge(opened, task, INTEGRATION, opened.wholes.integration_usd(task))
            self._close(opened, task, good=not opened.wholes.bad[opened.wholes.of(task)])
        else:
            self._leave(opened, task)
        return ready

    def fail(self, opened: OpenContractBlock, task: int) -> None:
        """A task has come to nothing, and with it the whole that it is a step of."""
        opened.records.good[task] = False
        if opened.wholes is None:
            self._close(opened, task, good=False)
            return
        closes, never = opened.wholes.fail(task)
        self.leave_out(opened, never)
        if closes:
            self._close(opened, task, good=False)
        else:
            self._leave(opened, task)

    def _close(self, opened: OpenContractBlock, task: int, *, good: bool) -> None:
        """A whole has ended: charge its lateness and, where it is no good, its loss."""
        block, records = opened.block, opened.records
        if opened.wholes is not None:
            records.closes[task] = True
        late_s = self._env.now - float(block.tasks.arrival_s[task] + block.target_s[task])
        if late_s > 0:
            self.charge(opened, task, LATENESS, late_s * self._late_usd_per_s)
        if not good:
            records.good[task] = False
            self.charge(opened, task, LOSS, opened.layout.loss_usd[task])
        self._leave(opened, task)

    def _leave(self, opened: OpenContractBlock, task: int) -> None:
        """A task leaves the market."""
        opened.records.finished_s[task] = self._env.now
        self.began(opened, task)
        self._accounts.done += 1
        self._accounts.last_done_s = self._env.now
        opened.left -= 1
