"""The policy as the market sees it: asked, checked, and told what came of it."""

from __future__ import annotations

import reprlib
import sys
from functools import cached_property
from typing import Any

import numpy as np

from coalesce_sim.errors import WANTED_TO_END
from coalesce_sim.own_code import OwnCode, raised, trace_of
from coalesce_sim.policies.errors import PolicyError
from coalesce_sim.policies.protocol import (
    LOCAL,
    Decision,
    OracleView,
    Outcome,
    Policy,
    SealedBids,
    Surroundings,
    View,
)
from coalesce_sim.texts import on_one_line

_MOST = sys.float_info.max

_SHORT = reprlib.Repr()  # shows what cannot show itself, too
_SHORT.maxstring = _SHORT.maxother = 60


class Decider:
    """Asks a policy and refuses answers that are none. `view_type` is what it wants to see, the truth and
    sealed bids among it where `wants_truth` and `wants_bids` say so.

    Whatever the policy raises, SystemExit too, is a `PolicyError` that says which policy and, of the
    replication, which task.
    """

    def __init__(self, policy: Policy, *, seed: int, replication: int) -> None:
        self.policy = policy
        self._name = f"{type(policy).__module__}:{type(policy).__qualname__}"
        self._where = f"replication {replication}, seed {seed}"
        self.view_type = policy.view_type
        self.listens = type(policy).observe is not Policy.observe
        wanted: object = self.view_type
        if not (isinstance(wanted, type) and issubclass(wanted, View)):
            raise self._refused("view_type must be a subclass of View", wanted)
        self.wants_truth, self.wants_bids = issubclass(wanted, OracleView), issubclass(wanted, SealedBids)

    @cached_property
    def searches(self) -> bool:
        """Whether the policy has clients ask for contractors; it is asked once."""
        return bool(self._ask("searches"))

    def start(self, surroundings: Surroundings) -> None:
        """Tell the policy what it is told before the first task."""
        self._ask("start", surroundings)

    def decide(self, view: View) -> Decision:
        """The policy's decision. Raises `PolicyError` with the offending value if it is not one."""
        decision = self._ask("decide", view)
        if not isinstance(decision, Decision):
            raise self._refused("decide must return a Decision", decision, view.task)
        chosen: object = decision.contractor
        if isinstance(chosen, bool) or not isinstance(chosen, int | np.integer):
            raise self._refused("decision.contractor must be a whole number", chosen, view.task)
        price_usd: object = decision.price_usd
        if price_usd is not None and not (isinstance(price_usd, int | float) and 0 <= price_usd <= _MOST):
            raise self._refused("decision.price_usd must be >= 0 and finite", price_usd, view.task)
        if not LOCAL <= decision.contractor < view.contractors:
            allowed = f"-1 (local) to {view.contractors - 1}"
            raise self._refused(f"decision.contractor must be {allowed}", decision.contractor, view.task)
        self._check_what_is_recorded(decision, view)
        return decision

    def splits(self, view: View) -> bool:
        """Whether the policy has a task that may be split done in steps. Raises `PolicyError` where it does
        not say."""
        splits: object = self._ask("splits", view)
        if not isinstance(splits, bool | np.bool_):
            raise self._refused("splits must return True or False", splits, view.task)
        return bool(splits)

    def observe(self, outcome: Outcome) -> None:
        """Tell the policy what came of a decision."""
        self._ask("observe", outcome)

    def _ask(self, what: str, *given: View | Outcome | Surroundings) -> Any:
        try:
            with OwnCode():
                asked = getattr(self.policy, what)
                return asked(*given) if given else asked
        except (*WANTED_TO_END, PolicyError):
            raise
        except BaseException as error:
            task = getattr(given[0], "task", None) if given else None
            message = on_one_line(f"{self._at(task)}: {what} raised {raised(error)}")
            raise PolicyError(message, trace_of(error)) from error

    def _check_what_is_recorded(self, decision: Decision, view: View) -> None:
        score: object = decision.score
        confidence: object = decision.confidence
        explored: object = decision.explored
        if not _is_number(score):
            raise self._refused("decision.score must be a number", score, view.task)
        if not _is_number(confidence):
            raise self._refused("decision.confidence must be a number", confidence, view.task)
        if not isinstance(explored, bool | np.bool_):
            raise self._refused("decision.explored must be True or False", explored, view.task)

    def _refused(self, message: str, value: object, task: int | None = None) -> PolicyError:
        return PolicyError(on_one_line(f"{self._at(task)}: {message} (got {_SHORT.repr(value)})"))

    def _at(self, task: int | None) -> str:
        at = self._where if task is None else f"task {task}, {self._where}"
        return f"{self._name}: {at}"


def _is_number(value: object) -> bool:
    """Whether a column of floats can hold it: whole numbers of Python's may be too large for that."""
    if isinstance(value, int):
        return abs(value) <= _MOST
    return isinstance(value, float | np.integer | np.floating)
