"""Who decides, where that is not compiled together with the market, and is told what came of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final, Protocol

from coalesce_sim.arrays import IntArray
from coalesce_sim.market.compiled import exp3, foresight, greedy, linear
from coalesce_sim.market.compiled import reward_learners as rewards
from coalesce_sim.market.compiled.agenda import Agenda
from coalesce_sim.market.compiled.building import Kept
from coalesce_sim.market.compiled.market_setup import Laid
from coalesce_sim.market.compiled.market_tables import REALISED, Course, Job
from coalesce_sim.market.compiled.policy_memory import Heard
from coalesce_sim.market.compiled.rows import Rows, byte_of, word_of, words_of
from coalesce_sim.market.contracts.quotes import ContractQuote, Stay
from coalesce_sim.market.contracts.terms import (
    BID,
    EXTERNAL,
    LATENCY,
    RELIABILITY,
    SECURITY,
    SHOWN,
    SKILL,
)
from coalesce_sim.market.deciders import Deciders
from coalesce_sim.market.deciding import Decider
from coalesce_sim.market.open_block import BlockUnderWay
from coalesce_sim.market.trade import Venue
from coalesce_sim.policies.bandits.budgeted import BudgetedUcb
from coalesce_sim.policies.bandits.exp3 import Exp3
from coalesce_sim.policies.bandits.greedy import AdaptiveThreshold, EpsilonGreedy, Greedy, OptimisticGreedy
from coalesce_sim.policies.bandits.linear import LinUcb
from coalesce_sim.policies.bandits.thompson import Thompson, ThompsonGaussian
from coalesce_sim.policies.bandits.ucb import Ucb1, UcbV
from coalesce_sim.policies.protocol import (
    LOCAL,
    Decision,
    Offers,
    OracleView,
    Outcome,
    Policy,
    SealedBids,
    View,
)
from coalesce_sim.policies.yardsticks import Oracle, Tally

_OFFERS, _TASK, _JOB = (word_of(Course, name) for name in ("offers", "task", "job"))
_CLIENT, _TYPE_ID, _ATTEMPT = (word_of(Course, name) for name in ("client", "type_id", "attempt"))
_CHOSEN = word_of(Course, "chosen")
_SCORE, _CONFIDENCE = word_of(Course, "score"), word_of(Course, "confidence")
_FIXED_USD, _STAY_USD = word_of(Course, "fixed_usd"), word_of(Course, "stay_usd")
_REALISED_USD, _NOW_S = word_of(Heard, "realised_usd"), word_of(Agenda, "now_s")
_EXPLORED, _SUCCESS = byte_of(Course, "explored"), byte_of(Heard, "success")
"""Where in a row what is read or written for each decision stands: its word, of flags its byte."""


class Chooser(Protocol):
    """Decides where the market stops for that."""

    def show(self, at: IntArray, offers: Offers) -> View:
        """What the policy sees of the task that comes next, which it may split."""

    def decide(self, at: IntArray) -> None:
        """Decide on the task that comes next; `at` is where the tables lie."""

    def observe(self, at: IntArray) -> None:
        """Take up what came of an attempt."""


def _is_not_asked(at: IntArray) -> None:
    """Of a policy that is part of the market's kernel, and of one that does not listen."""
    raise NotImplementedError(f"nobody is to be asked, or told ({len(at)} numbers)")


STAY: Final = ("turnaround_s", "stay_late_usd", "stay_own_late_usd", "stay_plain_usd", "stay_usd")
"""Where in `Course` a `Stay` is."""

Tell = Callable[[View, Decision], None]
"""Tells somebody of a decision, and what the policy saw."""

_Kernel = Callable[[IntArray], object]
_GREEDY = greedy.greedy_decides, greedy.greedy_observes
_TRUTH = foresight.truth_decides, _is_not_asked
_KERNELS: Final[Mapping[type[Policy], tuple[_Kernel, _Kernel]]] = {
    Oracle: _TRUTH,
    Tally: _TRUTH,
    Greedy: _GREEDY,
    EpsilonGreedy: _GREEDY,
    OptimisticGreedy: _GREEDY,
    AdaptiveThreshold: _GREEDY,
    Ucb1: (rewards.ucb1_decides, rewards.reward_learner_observes),
    UcbV: (rewards.ucb_v_decides, rewards.reward_learner_observes),
    Thompson: (rewards.thompson_decides, rewards.reward_learner_observes),
    ThompsonGaussian: (rewards.thompson_gaussian_decides, rewards.reward_learner_observes),
    BudgetedUcb: (rewards.budgeted_ucb_decides, rewards.budgeted_ucb_observes),
    Exp3: (exp3.exp3_decides, exp3.exp3_observes),
    LinUcb: (linear.lin_ucb_decides, linear.lin_ucb_observes),
}
"""What decides, and what is told of an outcome, each compiled when it is first called."""


def kernels_of(policies: Iterable[type[Policy]]) -> set[str]:
    """The names of the kernels that are these policies' own."""
    kernels = {each for policy in policies for each in _KERNELS.get(policy, ())}
    return {each.name for each in kernels if isinstance(each, Kept)}


class Compiled:
    """Policies that are kernels of their own."""

    def __init__(self, policy: Policy) -> None:
        self._decide, self._observe = _KERNELS.get(type(policy), (_is_not_asked, _is_not_asked))

    def show(self, at: IntArray, offers: Offers) -> View:  # noqa: ARG002
        """What all of them see before a task is split: what is expected of both ways."""
        return View(offers, 0)

    def decide(self, at: IntArray) -> None:
        """Decide on the task that comes next."""
        self._decide(at)

    def observe(self, at: IntArray) -> None:
        """Take up what came of an attempt."""
        self._observe(at)


class Shown:
    """What policies in Python see of the tables, copied.

    What is read of a row is taken from plain arrays of the same memory, for a structured one takes Python
    some times as long.
    """

    def __init__(self, venue: Venue, laid: Laid, block_of: Callable[[int], BlockUnderWay]) -> None:
        self._laid, self._block_of, self._luck = laid, block_of, venue.luck
        self._explain = venue.observer.wants("decided")
        self._whole, self._amounts, _ = words_of(laid.course)
        self._now_s = words_of(laid.under.agenda).amounts

    def quote(self, offers: Offers) -> ContractQuote:
        """These offers with all their terms, and what is expected of home."""
        course, terms = self._laid.course, self._laid.offers.terms
        stay = Stay(*(course[name][0].item() for name in STAY))
        beyond = None
        if self._laid.rules["budgets"][0]:
            beyond = self._laid.facts.beyond[: course["beyond"][0]].copy()
        return ContractQuote(offers, terms[:REALISED, : len(offers.ids)].copy(), stay, beyond)

    def offers(self) -> Offers:
        """The offers on the task that comes next."""
        whole, laid = self._whole, self._laid
        count, number = whole[_OFFERS], whole[_TASK]
        terms, ids = laid.offers.terms[:, :count].copy(), laid.offers.ids[:count].copy()
        eligible = laid.offers.eligible[:count].copy()
        terms.flags.writeable = ids.flags.writeable = eligible.flags.writeable = False
        block = self._block_of(number).block
        return Offers(
            tasks=block.tasks,
            first_task=block.first,
            first=number - block.first,
            client=[whole[_CLIENT]],
            type_id=[whole[_TYPE_ID]],
            internal_usd=[self._amounts[_STAY_USD]],
            ids=ids,
            price_usd=terms[SHOWN : SHOWN + 1],
            external_usd=terms[EXTERNAL : EXTERNAL + 1],
            latency_s=terms[LATENCY : LATENCY + 1],
            reliability=terms[RELIABILITY],
            security=terms[SECURITY],
            skill=terms[SKILL : SKILL + 1],
            eligible=eligible[None],
            luck=self._luck,
            attempt=whole[_ATTEMPT],
            explain=self._explain,
            now_s=self._now_s[_NOW_S],
        )


class Asked:
    """A policy in Python, and where its decisions are entered: in plain arrays, as `Shown` reads them.

    `course` is the market's row of how far it is; `tell` is told of each decision, where somebody watches.
    """

    def __init__(self, decider: Decider, course: Rows, tell: Tell | None) -> None:
        self._decider, self._tell = decider, tell
        self._sees_bids = issubclass(decider.view_type, SealedBids)
        self._sees_truth = issubclass(decider.view_type, OracleView)
        self._whole, self._amounts, self._flags = words_of(course)

    def _decide_on(self, view: View) -> None:
        """Show the policy its view, and enter what it decides."""
        decision, amounts = self._decider.decide(view), self._amounts
        self._whole[_CHOSEN], self._flags[_EXPLORED] = int(decision.contractor), bool(decision.explored)
        amounts[_SCORE], amounts[_CONFIDENCE] = decision.score, decision.confidence
        if decision.price_usd is not None:
            amounts[_FIXED_USD] = decision.price_usd
        if self._tell is not None:
            self._tell(view, decision)


class Interpreted(Asked):
    """Policies written in Python: they see the same `View` as where SimPy plays, and are told the same."""

    _shown: View | None = None

    def __init__(self, decider: Decider, laid: Laid, shown: Shown, tell: Tell | None) -> None:
        super().__init__(decider, laid.course, tell)
        self._laid, self._offers = laid, shown
        self._now_s = words_of(laid.under.agenda).amounts
        _, self._heard_usd, self._heard = words_of(laid.heard)

    def decide(self, at: IntArray) -> None:
        """Show the policy its view, and enter what it decides."""
        view, self._shown = self._shown, None
        if view is None or view.task != self._whole[_TASK]:
            view = self._view(at, self._offers.offers())
        self._decide_on(view)

    def show(self, at: IntArray, offers: Offers) -> View:
        """What the policy sees before a task is split, and again when it decides on it."""
        self._shown = self._view(at, offers)
        return self._shown

    def _view(self, at: IntArray, offers: Offers) -> View:
        if self._sees_bids:
            bids_usd = self._laid.offers.terms[BID, : len(offers.ids)].copy()
            return SealedBids(offers, 0, bids_usd)
        if self._sees_truth:
            home_usd = foresight.truth_decides(at)
            realised_usd = self._laid.offers.terms[REALISED, : len(offers.ids)].copy()
            return OracleView(offers, 0, home_usd, realised_usd)
        return View(offers, 0)

    def observe(self, at: IntArray) -> None:  # noqa: ARG002
        """Tell the policy."""
        rows: Rows = self._laid.under.jobs
        job = dict(zip(Job.__annotations__, rows[self._whole[_JOB]].item(), strict=True))
        own = job["own"]
        self._decider.observe(
            Outcome(
                task=job["task"],
                client=job["client"],
                type_id=job["type_id"],
                contractor=LOCAL if own else job["who"],
                decided_s=job["submitted_s"],
                finished_s=self._now_s[_NOW_S] if own else job["ended_s"],
                estimated_usd=job["internal_usd"] if own else job["estimated_usd"],
                internal_usd=job["internal_usd"],
                price_usd=job["paid_usd"],
                realised_usd=self._heard_usd[_REALISED_USD],
                success=self._heard[_SUCCESS],
            )
        )


class ByGroup:
    """Policies of groups of clients: each is asked in Python, about its own clients' tasks."""

    def __init__(self, deciders: Deciders, laid: Laid, shown: Shown, tell: Tell | None) -> None:
        self._deciders, self._laid = deciders, laid
        self._each = {decider: Interpreted(decider, laid, shown, tell) for decider in deciders.all}
        self._whole, _, _ = words_of(laid.course)

    def show(self, at: IntArray, offers: Offers) -> View:
        """What the policy of the client sees before a task is split."""
        return self._of(self._whole[_CLIENT]).show(at, offers)

    def decide(self, at: IntArray) -> None:
        """Have the policy of the client decide."""
        self._of(self._whole[_CLIENT]).decide(at)

    def observe(self, at: IntArray) -> None:
        """Tell the policy of the client."""
        jobs: Rows = self._laid.under.jobs
        self._of(int(jobs["client"][self._whole[_JOB]])).observe(at)

    def _of(self, client: int) -> Interpreted:
        return self._each[self._deciders.of(client)]
