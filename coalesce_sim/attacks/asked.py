"""What a study of attacks is asked for, all of it checked before anything runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from coalesce_sim.experiments.attacks.cells import Cell, cells
from coalesce_sim.experiments.attacks.written import Attack, Defence, attacks, defences
from coalesce_sim.experiments.contenders import OWN, written
from coalesce_sim.experiments.words import split
from coalesce_sim.scenario.policy import Custom, PolicySettings
from coalesce_sim.scenario.problems import Problem, ScenarioError
from coalesce_sim.scenario.schema import Scenario

Made = TypeVar("Made")


@dataclass(frozen=True, slots=True)
class Asked:
    """Attacks, defences and policies by label, and the cells that they make."""

    scenario: Scenario
    policies: Mapping[str, PolicySettings]
    attacks: Sequence[Attack]
    defences: Sequence[Defence]
    cells: Sequence[Cell]


def prepare(
    scenario: Scenario,
    adversaries: Sequence[str] = (),
    defended: Sequence[str] = (),
    policies: str | Sequence[str] | None = None,
) -> Asked:
    """Read what was asked for. Raises `ScenarioError` with all problems."""
    problems: list[Problem] = []

    def tried(make: Callable[[], Made]) -> Made | None:
        try:
            return make()
        except ScenarioError as error:
            problems.extend(error.problems)
            return None

    chosen = tried(lambda: _policies(scenario, policies))
    against = tried(lambda: attacks(scenario, adversaries))
    protected = tried(lambda: defences(defended))
    if chosen is None or against is None or protected is None:
        raise ScenarioError(problems)
    return Asked(scenario, chosen, against, protected, cells(scenario, chosen, against, protected))


def _policies(scenario: Scenario, listed: str | Sequence[str] | None) -> dict[str, PolicySettings]:
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
        found[label] = chosen
    if problems:
        raise ScenarioError(problems)
    return found
