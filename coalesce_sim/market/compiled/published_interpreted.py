"""Policies written in Python in the published trade: they see what they see where SimPy plays."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from coalesce_sim.arrays import FloatArray, IntArray
from coalesce_sim.market.compiled.agenda import Agenda
from coalesce_sim.market.compiled.choosers import Asked, Tell
from coalesce_sim.market.compiled.market_tables import REALISED, Course
from coalesce_sim.market.compiled.policy_memory import Heard
from coalesce_sim.market.compiled.queueing_truth import foreseen
from coalesce_sim.market.compiled.rows import Rows, byte_of, word_of, words_of
from coalesce_sim.market.contracts.terms import EXTERNAL, LATENCY, SERVICE, SHOWN
from coalesce_sim.market.deciders import Deciders
from coalesce_sim.market.deciding import Decider
from coalesce_sim.market.open_block import BlockUnderWay
from coalesce_sim.market.trade import Venue
from coalesce_sim.policies.protocol import LOCAL, Offers, OracleView, Outcome, SealedBids, View
from coalesce_sim.rounding import exceeds

if TYPE_CHECKING:
    from coalesce_sim.market.compiled.queueing import Laid

_TASK, _CLIENT, _TYPE_ID = (word_of(Course, name) for name in ("task", "client", "type_id"))
_STAY_USD = word_of(Course, "stay_usd")
_FIRST_ROW_TASK, _NOW_S = word_of(Course, "first_row_task"), word_of(Agenda, "now_s")
_HEARD_TASK, _HEARD_TYPE, _ARM = (word_of(Heard, name) for name in ("task", "type_id", "arm"))
_AT_HOME, _SUCCESS = byte_of(Heard, "home"), byte_of(Heard, "success")
_INTERNAL_USD, _PRICE_USD = word_of(Heard, "internal_usd"), word_of(Heard, "price_usd")
_REALISED_USD = word_of(Heard, "realised_usd")
"""Where in a row what is read for each decision stands: its word, of flags its byte."""


class Interpreted(Asked):
    """Asks the policy, and tells it what came of its decisions. Rows are read through plain memory, word by
    word, for a structured array takes Python some times as long."""

    def __init__(
        self,
        venue: Venue,
        decider: Decider,
        laid: Laid,
        block_of: Callable[[int], BlockUnderWay],
        tell: Tell | None,
    ) -> None:
        super().__init__(decider, laid.course, tell)
        self._explain = venue.observer.wants("decided")
        self._laid, self._block_of = laid, block_of
        self._pool, self._luck = venue.pool, venue.luck
        self._now_s = words_of(laid.under.agenda).amounts
        self._heard, self._heard_usd, self._heard_flags = words_of(laid.heard)
        self._ids, self._skill = np.arange(len(venue.pool)), venue.skills.total
        self._eligible = ~exceeds(venue.scenario.skills.threshold, self._skill)
        self._reliability, self._security = venue.pool.reliability, 1 - venue.pool.security_risk
        for shared in (self._ids, self._skill, self._eligible, self._reliability, self._security):
            shared.flags.writeable = False

    def decide(self, at: IntArray) -> None:
        """Show the policy its view, and enter what it decides."""
        self._decide_on(self._view(at))

    def _view(self, at: IntArray) -> View:
        home_usd = foreseen(at) if self._sees_truth else 0.0
        terms: FloatArray = self._laid.offers.terms.copy()
        terms.flags.writeable = False
        offers = self._offers(terms)
        if self._sees_bids:
            own_usd = self._pool.own_usd(terms[SERVICE], terms[SHOWN])
            return SealedBids(offers, 0, np.where(np.isnan(own_usd), terms[SHOWN], own_usd))
        if self._sees_truth:
            return OracleView(offers, 0, home_usd, terms[REALISED])
        return View(offers, 0)

    def _offers(self, terms: FloatArray) -> Offers:
        whole, number = self._whole, self._whole[_TASK]
        block = self._block_of(number).block
        return Offers(
            tasks=block.tasks,
            first_task=block.first,
            first=number - block.first,
            client=[whole[_CLIENT]],
            type_id=[whole[_TYPE_ID]],
            internal_usd=[self._amounts[_STAY_USD]],
            ids=self._ids,
            price_usd=terms[SHOWN : SHOWN + 1],
            external_usd=terms[EXTERNAL : EXTERNAL + 1],
            latency_s=terms[LATENCY : LATENCY + 1],
            reliability=self._reliability,
            security=self._security,
            skill=self._skill,
            eligible=self._eligible,
            luck=self._luck,
            explain=self._explain,
        )

    def observe(self, at: IntArray) -> None:  # noqa: ARG002
        """Tell the policy, where it listens."""
        if not self._decider.listens:
            return
        heard, usd, task = self._heard, self._heard_usd, self._heard[_HEARD_TASK]
        row = task - self._whole[_FIRST_ROW_TASK]
        tasks: Rows = self._laid.tasks.stated
        decided: Rows = self._laid.tasks.played
        self._decider.observe(
            Outcome(
                task=task,
                client=int(tasks["client"][row]),
                type_id=heard[_HEARD_TYPE],
                contractor=LOCAL if self._heard_flags[_AT_HOME] else heard[_ARM],
                decided_s=float(tasks["arrival_s"][row]),
                finished_s=self._now_s[_NOW_S],
                estimated_usd=float(decided["estimated_usd"][row]),
                internal_usd=usd[_INTERNAL_USD],
                price_usd=usd[_PRICE_USD],
                realised_usd=usd[_REALISED_USD],
                success=self._heard_flags[_SUCCESS],
            )
        )


class ByGroup:
    """Policies of groups of clients: each is asked about, and told of, its own clients' tasks."""

    def __init__(
        self,
        venue: Venue,
        deciders: Deciders,
        laid: Laid,
        block_of: Callable[[int], BlockUnderWay],
        tell: Tell | None,
    ) -> None:
        self._deciders, self._laid = deciders, laid
        self._each = {each: Interpreted(venue, each, laid, block_of, tell) for each in deciders.all}
        self._whole, _, _ = words_of(laid.course)
        self._heard, _, _ = words_of(laid.heard)

    def decide(self, at: IntArray) -> None:
        """Have the policy of the client decide."""
        self._of(self._whole[_CLIENT]).decide(at)

    def observe(self, at: IntArray) -> None:
        """Tell the policy of the client."""
        row = self._heard[_HEARD_TASK] - self._whole[_FIRST_ROW_TASK]
        tasks: Rows = self._laid.tasks.stated
        self._of(int(tasks["client"][row])).observe(at)

    def _of(self, client: int) -> Interpreted:
        return self._each[self._deciders.of(client)]
