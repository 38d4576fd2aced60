"""Trade as it was: each task goes where its log says, and ends as it ended."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from coalesce_sim.arrays import FloatArray
from coalesce_sim.cost_parts import (
    HOME_BILL,
    HOME_COMPUTE,
    HOME_DEPRECIATION,
    HOME_ENERGY,
    HOME_MEMORY,
    LATENESS,
    LOSS,
    PRICE,
)
from coalesce_sim.economics.correction import ErrorWindow
from coalesce_sim.market.breakdown import NOT_ITS_WORK, OFFERS, Breakdown
from coalesce_sim.market.logged.charges import LoggedCharges, logged_charges
from coalesce_sim.market.logged.tasks import Logged
from coalesce_sim.market.open_block import OpenBlock
from coalesce_sim.market.records import Records
from coalesce_sim.market.trade import Events, Onward, Venue
from coalesce_sim.market.workload import Block
from coalesce_sim.policies.errors import PolicyError
from coalesce_sim.policies.protocol import LOCAL, Decision, Offers, OracleView, Outcome


class OpenLoggedBlock(OpenBlock):
    """An open block with what its log says, and what that came to."""

    __slots__ = ("charges", "logged")

    def __init__(self, block: Block, records: Records, logged: Logged, charges: LoggedCharges) -> None:
        super().__init__(block, records, charges.usd, logged.s, logged.s)
        self.logged, self.charges = logged, charges


@dataclass(frozen=True, slots=True)
class LoggedQuote:
    """The one offer on a task: that of the contractor that did it, none where it was done at home."""

    offers: Offers


@dataclass(frozen=True, slots=True)
class LoggedWork:
    """A task under way."""

    opened: OpenLoggedBlock
    task: int


class LoggedTrade:
    """Plays a log: nobody queues, nothing goes otherwise than it went, and nothing is estimated."""

    def __init__(self, venue: Venue) -> None:
        self._env, self._accounts = venue.queues.env, venue.accounts
        self._pool, self._skills, self._luck = venue.pool, venue.skills, venue.luck
        self._late_usd_per_s = venue.scenario.cost_model.charged_late_usd_per_s
        clients = venue.scenario.clients
        self._shares = np.array([home.batch_curve is not None for home in clients.homes])[clients.home_of]
        self._explain = venue.observer.wants("decided")

    def open(self, block: Block, records: Records) -> OpenLoggedBlock:
        """Lay out what the log says of a block. Raises `PolicyError` where it says nothing."""
        logged, charges = self.looked_up(block)
        return OpenLoggedBlock(block, records, logged, charges)

    def looked_up(self, block: Block) -> tuple[Logged, LoggedCharges]:
        """What the log says of a block, and what that came to. Raises `PolicyError` where it says nothing."""
        if block.logged is None:
            raise PolicyError("as_logged: no log says where tasks went")
        for part in block.home.running:  # what a machine costs that several share, nobody estimates here
            part[self._shares[block.tasks.client]] = 0.0
        return block.logged, logged_charges(block, block.logged, self._late_usd_per_s)

    def arrive(self, opened: OpenLoggedBlock, tasks: slice) -> Iterable[slice]:  # noqa: ARG002
        """One after the other, for each has another offer."""
        return [slice(task, task + 1) for task in range(tasks.start, tasks.stop)]

    def prepare(self, opened: OpenLoggedBlock, tasks: slice) -> None:
        """Nothing has to be done."""

    def quote(self, opened: OpenLoggedBlock, tasks: slice) -> LoggedQuote:
        """What the log says that the task came to, where it says that it did."""
        task, to = tasks.start, int(opened.logged.to[tasks.start])
        ids = np.array([to] if to != LOCAL else [], dtype=np.int64)
        usd = np.full((1, len(ids)), opened.charges.usd[task])
        type_id = opened.type_id[task]
        offers = Offers(
            tasks=opened.block.tasks,
            first_task=opened.block.first,
            first=task,
            client=opened.client[tasks],
            type_id=opened.type_id[tasks],
            internal_usd=[float(opened.charges.usd[task]) if to == LOCAL else np.nan],
            ids=ids,
            price_usd=np.full((1, len(ids)), opened.charges.parts_usd[PRICE, task]),
            external_usd=usd,
            latency_s=np.full((1, len(ids)), opened.logged.s[task]),
            reliability=self._pool.reliability[ids],
            security=1 - self._pool.security_risk[ids],
            skill=self._skills.total[type_id : type_id + 1, ids],
            eligible=np.ones((1, len(ids)), dtype=bool),
            luck=self._luck,
            explain=self._explain,
        )
        return LoggedQuote(offers)

    def bids_usd(self, quote: LoggedQuote) -> FloatArray:
        """What was billed: nobody's own costs are in a log."""
        return quote.offers.price_usd.copy()

    def oracle_view(self, opened: OpenLoggedBlock, quote: LoggedQuote, task: int) -> OracleView:  # noqa: ARG002
        """The same as the offers: they are what happened."""
        offers = quote.offers
        return OracleView(offers, task - offers.first, offers.internal_usd[0], offers.external_usd[0].copy())

    def breakdown(self, opened: OpenLoggedBlock, quote: LoggedQuote, task: int) -> Breakdown:
        """What the task came to, where it was done; nobody else made an offer."""
        ids, parts_usd = quote.offers.ids, opened.charges.parts_usd[:, task]
        reasons = np.full(len(self._pool), NOT_ITS_WORK, dtype=np.int8)
        reasons[ids] = OFFERS
        at_home = 1.0 if not len(ids) else np.nan
        return Breakdown(
            {name: at_home * float(parts_usd[part]) for name, part in _AT_HOME.items()},
            float(opened.charges.s[task]),
            {"rule": "none"},
            {name: np.full(len(ids), parts_usd[part]) for name, part in _AWAY.items()},
            {},
            np.full(len(ids), np.nan),
            reasons,
        )

    def split(self, opened: OpenLoggedBlock, task: int) -> Sequence[int]:
        """Logged tasks have no steps."""
        raise NotImplementedError(f"task {opened.block.first + task} cannot be split")

    def carry_out(
        self,
        opened: OpenLoggedBlock,
        quote: LoggedQuote,
        task: int,
        decision: Decision,
    ) -> LoggedWork:
        """The task is under way from when it comes."""
        at_home = decision.contractor == LOCAL
        opened.records.contractor[task] = LOCAL if at_home else quote.offers.ids[decision.contractor]
        opened.records.started_s[task] = self._env.now
        return LoggedWork(opened, task)

    def work(self, attempt: LoggedWork) -> Events:
        """As long as it took, all attempts together."""
        yield self._env.timeout(attempt.opened.local_s[attempt.task])

    def end(self, attempt: LoggedWork) -> None:
        """Enter what it came to, and pay what was billed."""
        opened, task, charges = attempt.opened, attempt.task, attempt.opened.charges
        records, price_usd = opened.records, float(charges.parts_usd[PRICE, task])
        records.parts_usd[:, task] = charges.parts_usd[:, task]
        records.realised_usd[task] = charges.usd[task]
        records.good[task] = charges.good[task]
        records.attempts[task] = opened.logged.attempts[task]
        records.finished_s[task] = self._env.now
        self._accounts.realised_usd += opened.charge_usd[task]
        self._accounts.last_done_s = self._env.now
        if records.contractor[task] != LOCAL:
            self._accounts.pay(int(records.contractor[task]), price_usd)

    def learn(self, attempt: LoggedWork) -> Outcome | None:  # noqa: ARG002
        """Nobody learns anything."""
        return None

    def recover(self, attempt: LoggedWork) -> Onward[LoggedWork]:
        """Close the task, well or not: its log has no more of it."""
        self._accounts.done += 1
        attempt.opened.left -= 1
        return _DONE

    def taken(self) -> tuple[None, None]:
        """There are no contracts, and nobody is rated."""
        return None, None

    def figures(self) -> dict[str, float]:
        """Nothing besides what every market tells."""
        return {}

    def mean_price_usd(self, hours: int) -> FloatArray:
        """NaN: a log has prices of tasks."""
        return np.full(hours, np.nan)

    def estimation_errors(self) -> list[ErrorWindow]:
        """Nothing is estimated."""
        return []


_AT_HOME: Final = {
    "compute_usd": HOME_COMPUTE,
    "memory_usd": HOME_MEMORY,
    "energy_usd": HOME_ENERGY,
    "opportunity_usd": LATENESS,
    "depreciation_usd": HOME_DEPRECIATION,
    "own_price_usd": HOME_BILL,
    "expected_loss_usd": LOSS,
}
"""What an estimate at home is made of, by what the log says of it."""

_AWAY: Final = {"price_usd": PRICE, "latency_penalty_usd": LATENESS, "expected_loss_usd": LOSS}
"""The same of an offer."""

_DONE: Final[Onward[LoggedWork]] = Onward()
