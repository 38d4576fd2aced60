"""Who takes part in a comparison: from what the user wrote to policies that can be played."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from coalesce_sim.market.hired import hired_is_drawn, why_not_hired
from coalesce_sim.own_code import may_import
from coalesce_sim.policies.protocol import Policy
from coalesce_sim.policies.registry import PolicyError, create
from coalesce_sim.scenario.base import Model
from coalesce_sim.scenario.document import read_document
from coalesce_sim.scenario.policy import Custom, Fixed, PolicySettings
from coalesce_sim.scenario.pool import DrawnPool
from coalesce_sim.scenario.problems import Problem, ScenarioError, closest
from coalesce_sim.scenario.schema import Scenario
from coalesce_sim.scenario.validation import validate

OWN = "scenario"
"""The name of the policy that the scenario itself states."""

YARDSTICKS = ("oracle", "best_fixed")
"""They are told what comes: what others could come to at best."""

UNASKED = (*YARDSTICKS, "random")
"""Played beside the others, for them to be measured by: who does worse than `random` has learned nothing of
use."""

MOST_CONTRACTORS = 10_000
"""Beside more of them `UNASKED` are played only when listed: together they play the market six times more."""

_KINDS = tuple(tag.tag for choice in get_args(get_args(PolicySettings)[0]) for tag in get_args(choice)[1:])
_CLASS = "class"
_BASICS = ("always_local", "cheapest")
_OPENING, _CLOSING, _QUOTES = "([{", ")]}", "'\""


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
    there are more than `MOST_CONTRACTORS`.

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
    unasked = [kind for kind in UNASKED if kind not in labels]
    if is_crowded(scenario):
        return listed
    return listed + [Contender(kind, written(scenario, kind), yardstick=True) for kind in unasked]


def is_crowded(scenario: Scenario) -> bool:
    """Whether there are so many contractors that yardsticks are played only when listed."""
    pool = scenario.contractors
    return isinstance(pool, DrawnPool) and pool.count > MOST_CONTRACTORS


def refuse_absent(scenario: Scenario, field: Iterable[Contender], seed: int, replications: int) -> None:
    """Raises `ScenarioError` where a policy hires one contractor, who is not there in some replication."""
    problems: list[Problem] = []
    for each in field:
        if each.chosen == scenario.policy:
            hired_is_drawn(scenario, seed, range(replications))
        elif isinstance(each.chosen, Fixed):
            message = why_not_hired(scenario, each.chosen, seed, range(replications))
            if message is not None:
                problems.append(Problem(_place(each.label), None, "contractor", message))
    if problems:
        raise ScenarioError(problems)


def split(text: str) -> list[str]:
    """The parts of a comma-separated list; what stands in brackets or quotes is not divided."""
    parts, depth, quote = [""], 0, ""
    for character in text:
        if quote:
            quote = "" if character == quote else quote
        elif character in _QUOTES:
            quote = character
        else:
            depth += (character in _OPENING) - (character in _CLOSING)
        if character == "," and depth == 0 and not quote:
            parts.append("")
        else:
            parts[-1] += character
    return [part.strip() for part in parts]


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
    name, opening, rest = text.partition("(")
    name, inside = name.strip(), rest.rstrip()
    if opening and not inside.endswith(")"):
        raise _refused(text, "a closing bracket is missing")
    parameters = split(inside[:-1]) if inside[:-1].strip() else []
    for parameter in parameters:
        field, equals, _ = parameter.partition("=")
        if not equals:
            raise _refused(text, f"parameters must look like field=value (got {parameter!r})")
        if field.strip() in ("kind", _CLASS):
            raise _refused(text, f"the kind stands before the bracket (got {parameter!r})")
        if [each.partition("=")[0].strip() for each in parameters].count(field.strip()) > 1:
            raise _refused(text, f"{field.strip()} is stated twice")
    try:
        document = read_document(
            {"policy": _base(scenario, name, text)}, [f"policy.{parameter}" for parameter in parameters]
        )
        chosen = validate(document, _Chosen)
        if isinstance(chosen.policy, Custom) and may_import(chosen.policy.class_):
            create(chosen.policy)
    except ScenarioError as error:
        raise ScenarioError(
            Problem(
                _place(text), None, problem.path.removeprefix("policy").removeprefix("."), problem.message
            )
            for problem in error.problems
        ) from None
    except PolicyError as error:
        raise _refused(text, str(error)) from error
    return chosen.policy


def _base(scenario: Scenario, name: str, text: str) -> dict[str, Any]:
    """What the stated parameters are merged over."""
    own = scenario.policy
    if ":" in name:
        same = isinstance(own, Custom) and own.class_ == name
        return own.model_dump(by_alias=True) if same else {_CLASS: name}
    if not name:
        raise _refused(text, "a name is missing")
    kinds = [kind for kind in _KINDS if kind != _CLASS]
    if name not in kinds:
        near = closest(name, [OWN, *kinds])
        hint = f"; did you mean {near!r}?" if near else ""
        known = ", ".join([OWN, *kinds])
        raise _refused(text, f"there is no such policy{hint} (known: {known}, or module:Class)")
    same = not isinstance(own, Custom) and own.kind == name
    return own.model_dump(by_alias=True) if same else {"kind": name}


def _refused(text: str, message: str) -> ScenarioError:
    return ScenarioError([Problem(_place(text), None, "", message)])


def _place(text: str) -> str:
    return f"policy {text!r}" if text else "policies"
