"""Who decides, where that is not compiled together with the market, and is told what came of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np

from coalesce_sim.arrays import IntArray
from coalesce_sim.market.compiled import other_choices
from coalesce_sim.market.compiled.market_kernel import DECIDED, OBSERVED
from coalesce_sim.market.compiled.market_setup import Laid
from coalesce_sim.market.compiled.market_tables import REALISED
from coalesce_sim.market.compiled.rows import Rows
from coalesce_sim.market.contracts.terms import (
    BID,
    EXTERNAL,
    LATENCY,
    RELIABILITY,
    SECURITY,
    SHOWN,
    SKILL,
)
from coalesce_sim.market.deciding import Decider
from coalesce_sim.market.open_block import BlockUnderWay
from coalesce_sim.market.trade import Venue
from coalesce_sim.policies.bandits.greedy import Greedy
from coalesce_sim.policies.protocol import LOCAL, Offers, OracleView, Outcome, Policy, SealedBids, View


class Chooser(Protocol):
    """Decides where the market stops for that."""

    def decide(self, at: IntArray) -> None:
        """Decide on the task that comes next; `at` is where the tables lie."""

    def observe(self, at: IntArray) -> None:
        """Take up what came of an attempt."""


class Compiled:
    """Policies that are kernels of their own."""

    def __init__(self, policy: Policy) -> None:
        learns = isinstance(policy, Greedy)
        self._decide: Callable[[IntArray], object] = (
            other_choices.learner_decides if learns else other_choices.truth_decides
        )

    def decide(self, at: IntArray) -> None:
        """Decide on the task that comes next."""
        self._decide(at)

    def observe(self, at: IntArray) -> None:
        """Take up what came of an attempt."""
        other_choices.learner_observes(at)


class Interpreted:
    """Policies written in Python: they see the same `View` as where SimPy plays, and are told the same."""

    def __init__(
        self, venue: Venue, decider: Decider, laid: Laid, block_of: Callable[[int], BlockUnderWay]
    ) -> None:
        self._decider, self._laid, self._block_of = decider, laid, block_of
        self._luck, self._threshold = venue.luck, venue.scenario.skills.threshold
        self._sees_bids = issubclass(decider.view_type, SealedBids)
        self._sees_truth = issubclass(decider.view_type, OracleView)

    def decide(self, at: IntArray) -> None:
        """Show the policy its view, and enter what it decides."""
        course: Rows = self._laid.course[0]
        offers = self._offers()
        view: View
        if self._sees_bids:
            view = SealedBids(offers, 0, self._laid.offers.terms[BID, : len(offers.ids)].copy())
        elif self._sees_truth:
            home_usd = other_choices.truth_decides(at)
            realised_usd = self._laid.offers.terms[REALISED, : len(offers.ids)].copy()
            view = OracleView(offers, 0, home_usd, realised_usd)
        else:
            view = View(offers, 0)
        decision = self._decider.decide(view)
        course["chosen"], course["explored"] = decision.contractor, decision.explored
        course["score"], course["confidence"] = decision.score, decision.confidence
        course["fixed_usd"] = np.nan if decision.price_usd is None else decision.price_usd
        course["goes_on"] = DECIDED

    def _offers(self) -> Offers:
        laid = self._laid
        course: Rows = laid.course[0]
        count = int(course["offers"])
        number = int(course["task"])
        block = self._block_of(number).block
        row = number - int(course["first_row_task"])
        task, played = laid.tasks.stated, laid.tasks.played
        terms, ids = laid.offers.terms[:, :count].copy(), laid.offers.ids[:count].copy()
        eligible = laid.offers.eligible[None, :count].copy()
        for shown in (terms, ids, eligible):
            shown.flags.writeable = False
        return Offers(
            tasks=block.tasks,
            first_task=block.first,
            first=number - block.first,
            client=[int(task["client"][row])],
            type_id=[int(task["type_id"][row])],
            internal_usd=[float(course["stay_usd"])],
            ids=ids,
            price_usd=terms[SHOWN : SHOWN + 1],
            external_usd=terms[EXTERNAL : EXTERNAL + 1],
            latency_s=terms[LATENCY : LATENCY + 1],
            reliability=terms[RELIABILITY],
            security=terms[SECURITY],
            skill=terms[SKILL : SKILL + 1],
            eligible=eligible,
            luck=self._luck,
            attempt=int(played["tried"][row]),
            now_s=float(laid.under.agenda["now_s"][0]),
        )

    def observe(self, at: IntArray) -> None:  # noqa: ARG002
        """Tell the policy."""
        course: Rows = self._laid.course[0]
        job: Rows = self._laid.under.jobs[int(course["job"])]
        own = bool(job["own"])
        self._decider.observe(
            Outcome(
                task=int(job["task"]),
                client=int(job["client"]),
                type_id=int(job["type_id"]),
                contractor=LOCAL if own else int(job["who"]),
                decided_s=float(job["submitted_s"]),
                finished_s=float(self._laid.under.agenda["now_s"][0] if own else job["ended_s"]),
                estimated_usd=float(job["internal_usd"] if own else job["estimated_usd"]),
                internal_usd=float(job["internal_usd"]),
                price_usd=float(job["paid_usd"]),
                realised_usd=float(course["realised_usd"]),
                success=bool(course["success"]),
            )
        )
        course["goes_on"] = OBSERVED
