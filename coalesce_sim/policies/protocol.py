"""What a policy is given and what it gives back.

A policy sees what a client could see: the task, its own cost estimate, the contractors' offers. The types
here hold nothing else, and their arrays are read-only.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from coalesce_sim.scenario.distributions import FloatArray

LOCAL = -1
"""The choice to run a task at home."""


@dataclass(frozen=True, slots=True)
class Tasks:
    """The public facts of tasks, one entry a task; amounts in USD, GB, seconds, hours as named."""

    arrival_s: FloatArray
    type_id: NDArray[np.int64]
    client: NDArray[np.int64]
    documents: FloatArray
    complexity: FloatArray
    value_usd: FloatArray
    budget_usd: FloatArray
    data_gb: FloatArray
    output_gb: FloatArray
    model_size: FloatArray
    duration_h: FloatArray
    prompt_tokens: FloatArray
    expected_output_tokens: FloatArray
    max_latency_s: FloatArray
    critical: NDArray[np.bool_]
    sensitive: NDArray[np.bool_]


@dataclass(slots=True)
class Offers:
    """What the market offers for the tasks of one decision round.

    `tasks` is a whole block of tasks; entry k of `client`, `type_id` and `internal_usd` and row k of the
    (tasks, contractors) tables `external_usd` and `latency_s` belong to task ``first + k`` of it. A latency
    table of one row holds for all tasks. `skill` and `eligible` are (task types, contractors). No array is
    ever changed in place, so a policy may remember what it derived from one for as long as it is given the
    same object.
    `explain` asks for a decision's reasons.
    """

    tasks: Tasks
    first: int
    client: list[int]
    type_id: list[int]
    internal_usd: list[float]
    external_usd: FloatArray
    latency_s: FloatArray
    reliability: FloatArray
    security: FloatArray
    skill: FloatArray
    eligible: NDArray[np.bool_]
    explain: bool = False


class View:
    """One task's row of the offers: all a policy may know when it decides.

    `contractors` below is their number. Arrays are read-only and have one entry a contractor.
    """

    __slots__ = ("offers", "row")

    def __init__(self, offers: Offers, row: int) -> None:
        self.offers = offers
        self.row = row

    def fact(self, name: str) -> Any:
        """One of the task's public facts by its name in `Tasks`, for example ``view.fact("value_usd")``."""
        return getattr(self.offers.tasks, name)[self.offers.first + self.row]

    @property
    def client(self) -> int:
        """Index of the client that decides."""
        return self.offers.client[self.row]

    @property
    def now_s(self) -> float:
        """Time of the decision, seconds since the start."""
        return float(self.fact("arrival_s"))

    @property
    def contractors(self) -> int:
        """How many contractors there are."""
        return len(self.offers.reliability)

    @property
    def internal_usd(self) -> float:
        """The client's estimate of the cost at home."""
        return self.offers.internal_usd[self.row]

    @property
    def external_usd(self) -> FloatArray:
        """The client's estimate of the whole cost at each contractor."""
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
        """Each contractor's public reliability, 0 to 1."""
        return self.offers.reliability

    @property
    def security(self) -> FloatArray:
        """1 − each contractor's security risk."""
        return self.offers.security

    @property
    def skill(self) -> FloatArray:
        """Each contractor's skill compatibility with the task, 0 to 1 (eq. 12)."""
        row: FloatArray = self.offers.skill[self.offers.type_id[self.row]]
        return row

    @property
    def eligible(self) -> NDArray[np.bool_]:
        """Which contractors reach the skill threshold."""
        row: NDArray[np.bool_] = self.offers.eligible[self.offers.type_id[self.row]]
        return row


class OracleView(View):
    """A view that also tells what each choice would really cost. No client could have it."""

    __slots__ = ("realised_external_usd", "realised_internal_usd")

    def __init__(
        self, offers: Offers, row: int, realised_internal_usd: float, realised_external_usd: FloatArray
    ) -> None:
        super().__init__(offers, row)
        self.realised_internal_usd = realised_internal_usd
        self.realised_external_usd = realised_external_usd


@dataclass(slots=True)
class Decision:
    """`contractor` is an index, or `LOCAL`; score and confidence are NaN for policies that have none.

    `reasons` is filled only where the offers ask for it: named intermediate figures of the decision.
    """

    contractor: int
    explored: bool = False
    score: float = float("nan")
    confidence: float = float("nan")
    reasons: dict[str, Any] | None = None


@dataclass(slots=True)
class Outcome:
    """What came of a decision, told to the policy when the work is done."""

    client: int
    type_id: int
    contractor: int
    decided_s: float
    finished_s: float
    estimated_usd: float
    realised_usd: float


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a policy is told once, before the first task.

    `stream` gives an independent random generator by name, the policy's only source of randomness.
    """

    contractor_names: tuple[str, ...]
    type_names: tuple[str, ...]
    clients: int
    stream: Callable[[str], np.random.Generator]


class Policy:
    """Base of all policies; a subclass needs `decide` and may use the other two."""

    view_type: ClassVar[type[View]] = View

    def start(self, surroundings: Surroundings) -> None:
        """Called once before the first task of a replication; forget everything here."""

    def decide(self, view: View) -> Decision:
        """Choose a contractor's index or `LOCAL` for the task."""
        raise NotImplementedError(f"{type(self).__name__} does not define decide(view)")

    def observe(self, outcome: Outcome) -> None:
        """Called when a task's work is done, in the order in which tasks finish."""
