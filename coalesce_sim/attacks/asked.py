"""What a study of attacks is asked for, all of it checked before anything runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from coalesce_sim.attacks.levers import checked
from coalesce_sim.attacks.varied import Varied
from coalesce_sim.experiments.attacks import written as texts
from coalesce_sim.experiments.attacks.cells import Cell, cells
from coalesce_sim.experiments.contenders import OWN, written
from coalesce_sim.experiments.words import split
from coalesce_sim.scenario.policy import AsLogged, Custom, PolicySettings
from coalesce_sim.scenario.problems import Problem, ScenarioError
from coalesce_sim.scenario.schema import Scenario

Made = TypeVar("Made")


@dataclass(frozen=True, slots=True)
class Asked:
    """Attacks, defences and policies by label, what is varied, the cells that they make, and the defences
    whose break-even levels are looked for (`levers`)."""

    scenario: Scenario
    policies: Mapping[str, PolicySettings]
    attacks: Sequence[texts.Attack]
    defences: Sequence[texts.Defence]
    varied: Varied | None
    cells: Sequence[Cell]
    levers: Sequence[str] = ()


def prepare(
    scenario: Scenario,
    adversaries: Sequence[str] = (),
    defences: Sequence[str] = (),
    policies: str | Sequence[str] | None = None,
    vary: str | None = None,
    break_even: Sequence[str] = (),
) -> Asked:
    """Read what was asked for. Raises `ScenarioError` with all problems."""
    problems: list[Problem] = []

    def tried(make: Callable[[], Made]) -> Made | None:
        try:
            return make()
        except ScenarioError as error:
            problems.extend(error.problems)
            return None

    chosen = tried(lambda: policies_of(scenario, policies))
    against = tried(lambda: texts.attacks(scenario, adversaries))
    protected = tried(lambda: texts.defences(defences))
    varied = None if vary is None else tried(lambda: Varied.of(vary))
    raised = tried(lambda: checked(break_even))
    levels = varied and against and tried(lambda: [each for one in against for each in varied.at(one)])
    if problems or chosen is None or against is None or protected is None:
        raise ScenarioError(problems)
    found = cells(scenario, chosen, against, protected, levels or ())
    return Asked(scenario, chosen, against, protected, varied, found, raised or ())


def policies_of(scenario: Scenario, listed: str | Sequence[str] | None) -> dict[str, PolicySettings]:
    """Policies by label, the scenario's own where none is listed. Raises `ScenarioError`."""
    texts = split(listed) if isinstance(listed, str) else list(listed or [OWN])
    found: dict[str, PolicySettings] = {}
    problems: list[Problem] = []
    for text in texts:
        try:
            chosen = written(scenario, text)
        except ScenarioError as error:
            problems.extend(error.problems)
            continue
        label = (chosen.class_ if isinstance(chosen, Custom) else chosen.kind) if text == OWN else text
        if label in found:
            problems.append(Problem(f"policy {text!r}", None, "", "listed twice"))
        if isinstance(chosen, AsLogged) and chosen.costs == "logged":
            message = "a log has nobody to attack; state costs: modelled, or another policy (got 'logged')"
            problems.append(Problem(f"policy {text!r}", None, "costs", message))
        found[label] = chosen
    if problems:
        raise ScenarioError(problems)
    return found
