"""Who takes part in a comparison: from what the user wrote to policies that can be played."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from coalesce_sim.experiments.words import CLASS, Worded, split, unknown_name
from coalesce_sim.inputs.logged import is_billed, why_not_logged
from coalesce_sim.inputs.tasktable import tasks_of
from coalesce_sim.market.hired import hired_is_drawn, not_hired
from coalesce_sim.own_code import may_import
from coalesce_sim.policies.protocol import Policy
from coalesce_sim.policies.registry import PolicyError, create
from coalesce_sim.scenario.base import Model
from coalesce_sim.scenario.policy import AsLogged, Custom, PolicySettings
from coalesce_sim.scenario.pool import DrawnPool
from coalesce_sim.scenario.problems import Problem, ScenarioError, closest
from coalesce_sim.scenario.schema import Scenario

OWN = "scenario"
"""The name of the policy that the scenario itself states."""

YARDSTICKS = ("oracle", "best_fixed")
"""They are told what comes: what others could come to at best."""

UNASKED = (*YARDSTICKS, "random")
"""Played beside the others, for them to be measured by: who does worse than `random` has learned nothing of
use."""

AS_LOGGED = "as_logged"
"""Played besides where a log says what tasks came to: what is done today."""

MOST_CONTRACTORS = 10_000
"""Beside more of them `UNASKED` are played only when listed: together they play the market six times more."""

_KINDS = tuple(tag.tag for choice in get_args(get_args(PolicySettings)[0]) for tag in get_args(choice)[1:])
_BASICS = ("always_local", "cheapest")


@dataclass(frozen=True, slots=True)
class Contender:
    """A policy that takes part, and the label it is shown by; a yardstick takes part unasked."""

    label: str
    chosen: PolicySettings | type[Policy]
    yardstick: bool = False

    @property
    def told_what_comes(self) -> bool:
        """Whether it is one of `YARDSTICKS`, listed or not."""
        return getattr(self.chosen, "kind", None) in YARDSTICKS

    def policy(self) -> Policy:
        """A fresh one, ready to be started."""
        return self.chosen() if isinstance(self.chosen, type) else create(self.chosen)


class _Chosen(Model):
    """What is validated of a policy that was written as text."""

    policy: PolicySettings


def contenders(
    scenario: Scenario, policies: str | Sequence[str | type[Policy]] | None = None
) -> list[Contender]:
    """The policies to compare, in the order given, and those of `UNASKED` that are not among them, unless
    there are more than `MOST_CONTRACTORS`, and `AS_LOGGED` where the tasks have a log.

    A policy is a `Policy` class or text: ``topsis``, ``topsis(epsilon=0, weights.cost=0.5)``,
    ``my_module:MyPolicy(limit=3)``, or ``scenario`` for the scenario's own; its label is the text as written.
    One text may list several, separated by commas. What is not stated is as in the scenario's own policy if
    that is of the same kind, else by default. None stands for the scenario's own policy, `always_local` and
    `cheapest`.

    Raises `ScenarioError` with all problems, among them a policy listed twice.
    """
    if isinstance(policies, str):
        policies = split(policies)
    if policies is None:
        own = scenario.policy
        own_label = own.class_ if isinstance(own, Custom) else own.kind
        listed = [Contender(own_label, own)]
        policies = [kind for kind in _BASICS if kind != own_label]
    else:
        listed = []
    problems: list[Problem] = []
    for each in policies:
        try:
            one = _contender(scenario, each)
            if any(one.label == other.label for other in listed):
                raise _refused(one.label, "listed twice")
            listed.append(one)
        except ScenarioError as error:
            problems.extend(error.problems)
    if not listed and not problems:
        raise _refused("", "no policy is listed")
    if problems:
        raise ScenarioError(problems)
    labels = [each.label for each in listed]
    unasked = [kind for kind in _unasked(scenario) if kind not in labels]
    return listed + [Contender(kind, written(scenario, kind), yardstick=True) for kind in unasked]


def playable(scenario: Scenario) -> list[str]:
    """The kinds of policy that a market can play as they stand, without parameters."""
    found = []
    for kind in _KINDS:
        try:
            one = Contender(kind, written(scenario, kind))
            refuse_absent(scenario, [one], scenario.seed, 1)
        except ScenarioError:
            continue  # takes parameters, code of the user's own, or a log
        found.append(kind)
    return found


def _unasked(scenario: Scenario) -> Iterator[str]:
    """The yardsticks that are played without being listed."""
    if not is_crowded(scenario):
        yield from UNASKED
    if is_billed(scenario):
        yield AS_LOGGED


def is_crowded(scenario: Scenario) -> bool:
    """Whether there are so many contractors that yardsticks are played only when listed."""
    pool = scenario.contractors
    return isinstance(pool, DrawnPool) and pool.count > MOST_CONTRACTORS


def refuse_absent(scenario: Scenario, field: Iterable[Contender], seed: int, replications: int) -> None:
    """Raises `ScenarioError` where a policy hires a contractor who is not there in some replication, or goes
    by a log that is not there."""
    problems: list[Problem] = []
    for each in field:
        if each.chosen == scenario.policy:
            hired_is_drawn(scenario, seed, range(replications))
        elif not isinstance(each.chosen, type):
            for named, message in not_hired(scenario, each.chosen, seed, range(replications)):
                problems.append(Problem(_place(each.label), None, named, message))
            if isinstance(each.chosen, AsLogged):
                for named, message in why_not_logged(each.chosen, tasks_of(scenario)):
                    problems.append(Problem(_place(each.label), None, named, message))
    if problems:
        raise ScenarioError(problems)


def _contender(scenario: Scenario, policy: object) -> Contender:
    if isinstance(policy, str):
        label = policy.strip()
        return Contender(label, written(scenario, label))
    if not (isinstance(policy, type) and issubclass(policy, Policy)):
        raise TypeError(f"policies: must be text or subclasses of coalesce_sim.Policy (got {policy!r})")
    return Contender(policy.__name__, policy)


def written(scenario: Scenario, text: str) -> PolicySettings:
    """The settings that ``name(field=value, …)`` describes, as in `contenders`. Raises `ScenarioError`."""
    if text == OWN:
        return scenario.policy
    if not text:
        raise _refused(text, "a name is missing")
    worded = Worded.of("policy", text)
    chosen = worded.settings("policy", _base(scenario, worded), _Chosen).policy
    try:
        if isinstance(chosen, Custom) and may_import(chosen.class_):
            create(chosen)
    except PolicyError as error:
        raise worded.refused(str(error)) from error
    return chosen


def _base(scenario: Scenario, worded: Worded) -> dict[str, Any]:
    """What the stated parameters are merged over."""
    own, name = scenario.policy, worded.name
    if ":" in name:
        same = isinstance(own, Custom) and own.class_ == name
        return own.model_dump(by_alias=True) if same else {CLASS: name}
    kinds = [kind for kind in _KINDS if kind != CLASS]
    if name not in kinds:
        raise unknown_name(worded, [OWN, *kinds], closest(name, [OWN, *kinds]), ", or module:Class")
    same = not isinstance(own, Custom) and own.kind == name
    return own.model_dump(by_alias=True) if same else {"kind": name}


def _refused(text: str, message: str) -> ScenarioError:
    return ScenarioError([Problem(_place(text), None, "", message)])


def _place(text: str) -> str:
    return f"policy {text!r}" if text else "policies"
