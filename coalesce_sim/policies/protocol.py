"""What a policy is given and what it gives back.

A policy sees what a client could see: the task, its own cost estimate, the contractors' offers. The types
here hold nothing else, and their arrays are read-only.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from coalesce_sim.arrays import BoolArray, FloatArray, IntArray
from coalesce_sim.luck import POLICY, Luck
from coalesce_sim.rounding import exceeds

LOCAL = -1
"""The choice to run a task at home.

>>> import coalesce_sim
>>> coalesce_sim.Decision(coalesce_sim.LOCAL).contractor
-1
"""


NOT_LOGGED = -2
"""Where a task went of which no log tells."""


@dataclass(frozen=True, slots=True)
class Tasks:
    """The public facts of tasks, one entry a task; amounts in USD, GB, seconds, hours as named.

    `logged_to` is the contractor to whom each went by its log, `LOCAL` where it stayed at home, and
    `NOT_LOGGED` where no log tells.
    """

    arrival_s: FloatArray
    type_id: IntArray
    client: IntArray
    documents: FloatArray
    complexity: FloatArray
    value_usd: FloatArray
    budget_usd: FloatArray
    data_gb: FloatArray
    output_gb: FloatArray
    model_size: FloatArray
    duration_h: FloatArray
    prompt_tokens: FloatArray
    cached_tokens: FloatArray
    expected_output_tokens: FloatArray
    max_latency_s: FloatArray
    critical: BoolArray
    sensitive: BoolArray
    logged_to: IntArray


@dataclass(frozen=True, slots=True)
class Way:
    """What a client expects of doing a task in one way: as a whole or in steps, by these workers.

    `contractors` has one entry a step, or one for the whole: an index of the pool, or `LOCAL`. Amounts in
    USD: `work_usd` is what the work is charged, with the risks in it and what it delays at home;
    `coordination_usd` what coordinating the steps and putting them together costs; `late_usd` what being done
    in `turnaround_s` seconds costs by the target of the whole; `loss_usd` what is lost, once, if the work, or
    that of any step, comes to nothing.
    """

    contractors: tuple[int, ...]
    work_usd: float
    coordination_usd: float
    late_usd: float
    loss_usd: float
    turnaround_s: float

    @property
    def usd(self) -> float:
        """All of it."""
        return self.work_usd + self.coordination_usd + self.late_usd + self.loss_usd


@dataclass(frozen=True, slots=True)
class Ways:
    """What is expected of a task as a whole, or in its steps.

    `cheapest` is by whoever is expected to cost least, for each step home or an eligible offer; `at_home` all
    by the client itself.
    """

    cheapest: Way
    at_home: Way


@dataclass(slots=True)
class Offers:
    """What the market offers for the tasks of one decision round.

    `tasks` is a whole block of tasks; entry k of `client`, `type_id` and `internal_usd` and row k of the
    (tasks, offers) tables `external_usd`, `price_usd` and `latency_s` belong to task ``first + k`` of it. A
    latency table of one row holds for all tasks. `ids` names the contractor of each offer. `skill` and
    `eligible` are (task types, offers), or (1, offers) where all tasks are of one type. No array is ever
    changed in place, so a policy may remember what it derived from one for as long as it is given the same
    object. `first_task` is the number, in the run, of the block's first task, `attempt` how many contracts on
    the task there were before. `luck` is what `View.draw` draws from. `explain` asks for a decision's
    reasons. `now_s` is the time, where it is not that of the tasks' arrival. `whole` and `split` are what is
    expected of the two ways of doing a task that may be split, None where there is nothing to decide.
    """

    tasks: Tasks
    first_task: int
    first: int
    client: list[int]
    type_id: list[int]
    internal_usd: list[float]
    ids: IntArray
    price_usd: FloatArray
    external_usd: FloatArray
    latency_s: FloatArray
    reliability: FloatArray
    security: FloatArray
    skill: FloatArray
    eligible: BoolArray
    luck: Luck
    attempt: int = 0
    explain: bool = False
    now_s: float | None = None
    whole: Ways | None = None
    split: Ways | None = None

    def __deepcopy__(self, _: dict[int, Any]) -> Offers:
        """The same: nobody changes it, so a copy of a policy that remembers it shares it."""
        return self


class View:
    """One task's row of the offers: all a policy may know when it decides.

    Arrays are read-only and have one entry an offer. Where every contractor offers, in the order of the
    scenario, an offer's position is its contractor's index; where only some were discovered, `ids` tells
    whose each offer is.

    >>> import coalesce_sim
    >>> class Curious(coalesce_sim.Policy):
    ...     def decide(self, view):
    ...         if view.task == 0:
    ...             offers, least_usd = view.contractors, view.external_usd.min()
    ...             print(f"{offers} offers from {least_usd:.0f} USD, {view.internal_usd:.0f} at home")
    ...         return coalesce_sim.Decision(coalesce_sim.LOCAL)
    >>> scenario = coalesce_sim.load("dur_02", ["clock.days=1"])
    >>> result = coalesce_sim.run(scenario, replications=1, policy=Curious)
    30 offers from 22 USD, 79 at home
    """

    __slots__ = ("offers", "row")

    def __init__(self, offers: Offers, row: int) -> None:
        self.offers = offers
        self.row = row

    def fact(self, name: str) -> Any:
        """One of the task's public facts by its name in `Tasks`, for example ``view.fact("value_usd")``."""
        return getattr(self.offers.tasks, name)[self.offers.first + self.row]

    def draw(self, name: str) -> float:
        """A random number on (0, 1) that belongs to this task, this attempt at it and `name`.

        The same whenever it is asked for, and whatever was drawn for other tasks: two policies that ask for
        the same meet the same luck. Draws of other names are independent of it.
        """
        return self.offers.luck(f"{POLICY}{name}").draw(LOCAL, self.task, self.offers.attempt)

    def draws(self, name: str, workers: IntArray) -> FloatArray:
        """One such number for each of `workers`, contractors by their index (`ids`) or `LOCAL`."""
        return self.offers.luck(f"{POLICY}{name}").draws(workers, self.task, self.offers.attempt)

    @property
    def task(self) -> int:
        """Number of the task in the run; its outcome will carry the same."""
        return self.offers.first_task + self.offers.first + self.row

    @property
    def type_id(self) -> int:
        """Index of the task's type."""
        return self.offers.type_id[self.row]

    @property
    def client(self) -> int:
        """Index of the client that decides."""
        return self.offers.client[self.row]

    @property
    def now_s(self) -> float:
        """Time of the decision, seconds since the start."""
        now_s = self.offers.now_s
        return float(self.fact("arrival_s")) if now_s is None else now_s

    @property
    def whole(self) -> Ways | None:
        """What is expected of the task done as a whole, while it is to be decided whether it is split; else
        None.

        >>> import coalesce_sim
        >>> class Curious(coalesce_sim.Policy):
        ...     def splits(self, view):
        ...         for way in (view.whole.cheapest, view.split.cheapest, view.split.at_home):
        ...             print(f"{way.usd:.2f} USD, of which {way.loss_usd:.2f} for work that fails")
        ...         return super().splits(view)
        ...
        ...     def decide(self, view):
        ...         return coalesce_sim.Decision(int(view.external_usd.argmin()))
        >>> scenario = coalesce_sim.load("experiments_splitting", ["workload.arrivals.limit=1"])
        >>> result = coalesce_sim.run(scenario, replications=1, policy=Curious)
        1.64 USD, of which 0.56 for work that fails
        1.43 USD, of which 0.09 for work that fails
        2.74 USD, of which 2.24 for work that fails
        >>> result.decisions["outcome"].tolist()
        ['not taken', 'completed', 'completed', 'completed', 'completed']
        """
        return self.offers.whole

    @property
    def split(self) -> Ways | None:
        """What is expected of the task done in its steps, each as it is quoted now; where `whole` is."""
        return self.offers.split

    @property
    def contractors(self) -> int:
        """How many contractors offer."""
        return len(self.offers.ids)

    @property
    def ids(self) -> IntArray:
        """Index of each offer's contractor, as in `Outcome.contractor` and `Surroundings`; ascending."""
        return self.offers.ids

    @property
    def price_usd(self) -> FloatArray:
        """The price in each offer; where billing is by use, what the client expects to be billed."""
        row: FloatArray = self.offers.price_usd[self.row]
        return row

    @property
    def internal_usd(self) -> float:
        """The client's estimate of the cost at home."""
        return self.offers.internal_usd[self.row]

    @property
    def external_usd(self) -> FloatArray:
        """The client's estimate of the whole cost with each offer: price, fees, risk and lateness."""
        row: FloatArray = self.offers.external_usd[self.row]
        return row

    @property
    def latency_s(self) -> FloatArray:
        """The time to the result that each contractor quotes."""
        table = self.offers.latency_s
        row: FloatArray = table[self.row if len(table) > 1 else 0]
        return row

    @property
    def reliability(self) -> FloatArray:
        """Probability of good work: the score in the public record where there is one, else as advertised."""
        return self.offers.reliability

    @property
    def security(self) -> FloatArray:
        """1 − each contractor's security risk."""
        return self.offers.security

    @property
    def skill(self) -> FloatArray:
        """Each contractor's skill compatibility with the task, 0 to 1 (eq. 12)."""
        table = self.offers.skill
        row: FloatArray = table[self.offers.type_id[self.row] if len(table) > 1 else 0]
        return row

    @property
    def eligible(self) -> BoolArray:
        """Which contractors reach the skill threshold."""
        table = self.offers.eligible
        row: BoolArray = table[self.offers.type_id[self.row] if len(table) > 1 else 0]
        return row


class OracleView(View):
    """A view that also tells what each choice would really cost. No client could have it.

    A policy asks for it by its `view_type`. In a market with contracts the costs do not hold what questions,
    authorisation and time-outs come to, and a choice that fails costs what doing the task over at home would.

    >>> import coalesce_sim
    >>> class Knowing(coalesce_sim.Policy):
    ...     view_type = coalesce_sim.OracleView
    ...
    ...     def decide(self, view):
    ...         best = int(view.realised_external_usd.argmin())
    ...         is_cheaper = view.realised_external_usd[best] < view.realised_internal_usd
    ...         return coalesce_sim.Decision(best if is_cheaper else coalesce_sim.LOCAL)
    >>> scenario = coalesce_sim.load("dur_02", ["clock.days=1"])
    >>> coalesce_sim.compare(scenario, [Knowing, "topsis"], replications=1).ranked
    ['Knowing', 'oracle', 'best_fixed', 'random', 'topsis']
    """

    __slots__ = ("realised_external_usd", "realised_internal_usd")

    def __init__(
        self, offers: Offers, row: int, realised_internal_usd: float, realised_external_usd: FloatArray
    ) -> None:
        super().__init__(offers, row)
        self.realised_internal_usd = realised_internal_usd
        realised_external_usd.flags.writeable = False
        self.realised_external_usd = realised_external_usd


class SealedBids(View):
    """A view that also holds a sealed bid with each offer, for policies that are auctions.

    An honest bid is the contractor's own cost of the task, its best bid where the rule makes truth the best.

    >>> import coalesce_sim
    >>> class SecondPrice(coalesce_sim.Policy):
    ...     view_type = coalesce_sim.SealedBids
    ...
    ...     def decide(self, view):
    ...         first, second, *_ = view.bids_usd.argsort()
    ...         return coalesce_sim.Decision(int(first), price_usd=float(view.bids_usd[second]))
    >>> scenario = coalesce_sim.load("dur_02", ["clock.days=1"])
    >>> result = coalesce_sim.run(scenario, replications=1, policy=SecondPrice)
    >>> result.replications[0]["outsourcing_rate"]
    100.0
    """

    __slots__ = ("bids_usd",)

    def __init__(self, offers: Offers, row: int, bids_usd: FloatArray) -> None:
        super().__init__(offers, row)
        bids_usd.flags.writeable = False
        self.bids_usd = bids_usd


@dataclass(slots=True)
class Decision:
    """`contractor` is the position of an offer, or `LOCAL`; score and confidence are NaN where there is none.

    `price_usd` is a price agreed on in place of the offer's. `reasons` is filled only where the offers ask
    for it: named intermediate figures of the decision.

    >>> from coalesce_sim import LOCAL, Decision
    >>> at_home = Decision(LOCAL)
    >>> at_home.contractor, at_home.explored, at_home.score
    (-1, False, nan)
    >>> Decision(3, explored=True, price_usd=0.25).price_usd
    0.25
    """

    contractor: int
    explored: bool = False
    score: float = float("nan")
    confidence: float = float("nan")
    reasons: dict[str, Any] | None = None
    price_usd: float | None = None


@dataclass(slots=True)
class Outcome:
    """What came of a decision, told to the policy when the work is done.

    `contractor` is an index of the pool, or `LOCAL`. `success` is what the client knows: work that it took
    for good. `realised_usd` is what the attempt came to, all in: charges, lateness and, where the work was no
    good, what that costs: the loss or, where the task is tried again, the estimate at home of doing it over.
    `internal_usd` is what the client, when deciding, expected of staying at home.

    >>> import coalesce_sim
    >>> class Cheapest(coalesce_sim.Policy):
    ...     overrun_usd = 0.0
    ...
    ...     def decide(self, view):
    ...         return coalesce_sim.Decision(int(view.external_usd.argmin()))
    ...
    ...     def observe(self, outcome):
    ...         self.overrun_usd += outcome.realised_usd - outcome.estimated_usd
    >>> cheapest = Cheapest()
    >>> scenario = coalesce_sim.load("market", ["clock.days=0.002"])
    >>> result = coalesce_sim.run(scenario, replications=1, policy=lambda: cheapest)
    >>> print(f"{cheapest.overrun_usd:+.0f} USD against the estimates")
    -2 USD against the estimates
    """

    task: int
    client: int
    type_id: int
    contractor: int
    decided_s: float
    finished_s: float
    estimated_usd: float
    internal_usd: float
    price_usd: float
    realised_usd: float
    success: bool


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a policy is told once, before the first task.

    `stream` gives an independent random generator by name. It and `View.draw`, whose numbers belong to a
    task, are a policy's only sources of randomness. `client_groups` has the group of `clients.groups` of each
    client; it is empty where there are none.

    >>> import coalesce_sim
    >>> class Coin(coalesce_sim.Policy):
    ...     def start(self, surroundings):
    ...         self.coin = surroundings.stream("coin")
    ...
    ...     def decide(self, view):
    ...         lucky = int(self.coin.integers(view.contractors))
    ...         return coalesce_sim.Decision(lucky if self.coin.random() < 0.5 else coalesce_sim.LOCAL)
    >>> scenario = coalesce_sim.load("dur_02", ["clock.days=1"])
    >>> result = coalesce_sim.run(scenario, replications=1, policy=Coin)
    >>> result.decisions["choice"].value_counts().to_dict()
    {'local': 29, 'contractor': 22}
    """

    contractor_names: tuple[str, ...]
    type_names: tuple[str, ...]
    clients: int
    stream: Callable[[str], np.random.Generator]
    client_groups: tuple[str, ...] = ()


class Policy:
    """Base of all policies; a subclass needs `decide` and may use the other two.

    >>> import coalesce_sim
    >>> class Cheaper(coalesce_sim.Policy):
    ...     def decide(self, view):
    ...         best = int(view.external_usd.argmin())
    ...         is_cheaper = view.external_usd[best] < view.internal_usd
    ...         return coalesce_sim.Decision(best if is_cheaper else coalesce_sim.LOCAL)
    >>> scenario = coalesce_sim.load("dur_02", ["clock.days=1"])
    >>> result = coalesce_sim.run(scenario, replications=1, policy=Cheaper)
    >>> result.decisions["choice"].value_counts().to_dict()
    {'contractor': 43, 'local': 8}
    """

    view_type: ClassVar[type[View]] = View

    @property
    def searches(self) -> bool:
        """Whether clients ask for contractors before it decides, and pay for the messages where those cost;
        asked once, before the first task.

        Whoever never hires need not ask, and sees what there is for nothing.
        """
        return True

    def start(self, surroundings: Surroundings) -> None:
        """Called once before the first task of a replication; forget everything here."""

    def decide(self, view: View) -> Decision:
        """Choose the position of an offer, or `LOCAL`, for the task."""
        raise NotImplementedError(f"{type(self).__name__} does not define decide(view)")

    def splits(self, view: View) -> bool:
        """Whether a task that may be split is done in its steps; asked once, when it comes, before `decide`.

        Unless a policy says otherwise: where the steps, each by whoever is expected to cost least, are
        expected to cost less than the whole is; where they are equal it is done as a whole.
        """
        whole, split = view.whole, view.split
        return whole is not None and split is not None and exceeds(whole.cheapest.usd, split.cheapest.usd)

    def observe(self, outcome: Outcome) -> None:
        """Called when an attempt at a task has ended, well or not, in the order in which they end.

        Not told are contracts that were rejected, and tasks kept at home by a client without a GPU.
        """
