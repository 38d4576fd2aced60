"""What a replay is made of, column by column, and the words that its codes stand for."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from coalesce_sim.arrays import BoolArray, FloatArray, IntArray

OUTCOMES: Final = (
    "done well",
    "done badly, and nobody noticed",
    "found bad",
    "good, and called bad",
    "broken off",
    "work lost",
    "turned away",
    "not reached",
    "timed out",
    "payment failed",
    "not done",
)
"""How a job may end. Work that fails is *broken off* by its worker or *lost* on the way or in an outage;
*not done* is a task that stayed with a client who has no machine."""

WELL, MISSED, FOUND, MISCALLED, BROKEN_OFF, LOST, TURNED_AWAY, NOT_REACHED, TIMED_OUT, NOT_PAID, NOT_DONE = (
    range(len(OUTCOMES))
)

DEEDS: Final = (
    "",
    "delivered another's work",
    "worked less than it could",
    "called good work bad",
    "did not pay",
    "asked or billed another price than the honest one",
)
"""What was done otherwise than the honest do on a contract; nothing first."""

HONEST, SUBSTITUTED, SHIRKED, SLANDERED, KEPT_THE_PRICE, PRICED = range(len(DEEDS))

DEFENCES: Final = (
    "",
    "looked at again",
    "found bad when looked at again",
    "worked for its dues",
    "lost its stake",
)
"""What the market's own rules did with a contract; nothing first."""

NO_RULE, AUDITED, CAUGHT, DUES_MET, STAKE_LOST = range(len(DEFENCES))

PHASES: Final = ("on its way", "waiting", "at work", "being checked")
"""Where a job is, from when it is asked for until it ends: see `Jobs`."""

ON_ITS_WAY, WAITING, AT_WORK, BEING_CHECKED = range(len(PHASES))


class Workers(NamedTuple):
    """Who may do work, clients at home first, then contractors; one entry each.

    `kind` is the group of a client or the type of a contractor, empty where there are no groups. `owner` is
    whose a further name of a seller is, and `strategy` what a cheat follows; both are empty else. `machine`
    is the place of its machine in `Machines`. A contractor is in the market from `enter_s` until, not at,
    `leave_s`, infinite for one that stays. `stands_for` is 1, or how many are summed up in one row.
    `first_score` is what the market goes by before the first rating, NaN for clients and summed rows.
    """

    name: tuple[str, ...]
    is_client: BoolArray
    kind: tuple[str, ...]
    owner: tuple[str, ...]
    strategy: tuple[str, ...]
    machine: IntArray
    enter_s: FloatArray
    leave_s: FloatArray
    stands_for: IntArray
    first_score: FloatArray


class Machines(NamedTuple):
    """What work queues for: a worker's own slots, or those that several share; one entry each.

    `name` is empty but for machines that are shared. `slots` has pairs of a time in seconds and the slots
    from then on, None for unlimited.
    """

    name: tuple[str, ...]
    slots: tuple[tuple[tuple[float, int | None], ...], ...]


class Jobs(NamedTuple):
    """Attempts at tasks, by contractors and at home, in the order in which they were asked for.

    `worker` and `client` are places in `Workers`; they are the same for work at home. `attempt` counts from 0
    on each task. A job is on its way from `asked_s` (found, agreed on, sent), waits at the worker from
    `came_s`, is at work from `began_s`, is checked by its client from `left_s`, and ends at `ended_s`. A part
    that it never reached begins, and ends, when it ended. Times are in seconds of the run, to the
    millisecond; `outcome`, `deed` and `defence` are places in `OUTCOMES`, `DEEDS` and `DEFENCES`.
    """

    task: IntArray
    attempt: IntArray
    client: IntArray
    worker: IntArray
    type_id: IntArray
    asked_s: FloatArray
    came_s: FloatArray
    began_s: FloatArray
    left_s: FloatArray
    ended_s: FloatArray
    outcome: IntArray
    explored: BoolArray
    deed: IntArray
    defence: IntArray

    def phases(self, now_s: float) -> IntArray:
        """Where each is at a time, by its place in `PHASES`; -1 before it is asked for and when it has
        ended."""
        passed = (self.came_s <= now_s).astype(np.int64) + (self.began_s <= now_s) + (self.left_s <= now_s)
        return np.where((self.asked_s <= now_s) & (now_s < self.ended_s), passed, -1)

    @property
    def at_home(self) -> BoolArray:
        """Which are work at home."""
        same: BoolArray = np.equal(self.worker, self.client)
        return same


class Scores(NamedTuple):
    """Ratings of contractors that are drawn, oldest first: `score` is the public one after the rating.

    `honest` is False where no contract is behind a rating, or another verdict than the contract's.
    """

    worker: IntArray
    time_s: FloatArray
    rating: FloatArray
    score: FloatArray
    honest: BoolArray


class Moment(NamedTuple):
    """Something worth a look: when, what kind of thing (``entry``, ``exit``, ``cheat``, ``rating``,
    ``queue``, ``work``), a sentence, and the worker that it is about."""

    at_s: float
    kind: str
    text: str
    worker: int


class State(NamedTuple):
    """A market at a moment. `coming`, `waiting`, `at_work` and `checking` count jobs, `present` and `score`
    tell of each worker, one entry a worker; `queue` and `busy` are those of each machine, of all who share
    it. `hired` has who works for whom: client, worker, task and place in `PHASES`, work at home left out.
    """

    present: BoolArray
    coming: IntArray
    waiting: IntArray
    at_work: IntArray
    checking: IntArray
    score: FloatArray
    queue: IntArray
    busy: IntArray
    hired: tuple[tuple[int, int, int, int], ...]
