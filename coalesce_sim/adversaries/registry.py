"""From what the user wrote to a strategy that is followed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from coalesce_sim.adversaries.capacity import SlotBlocking, Withholding
from coalesce_sim.adversaries.cards import SkillInflation
from coalesce_sim.adversaries.clients import FalseRejection, NonPayment
from coalesce_sim.adversaries.effort import ExitScam, OnOff, Substitution
from coalesce_sim.adversaries.errors import AdversaryError
from coalesce_sim.adversaries.identity import Sybil, Whitewashing
from coalesce_sim.adversaries.order import FirstMover
from coalesce_sim.adversaries.prices import Cartel, ExplorationFarming, Lowball, Metering
from coalesce_sim.adversaries.protocol import Adversary
from coalesce_sim.adversaries.ratings import BadMouthing, BallotStuffing, WorkRing
from coalesce_sim.own_code import constructed, imported_subclass, may_import
from coalesce_sim.scenario import adversaries as settings
from coalesce_sim.scenario.problems import Problem, ScenarioError
from coalesce_sim.scenario.schema import Scenario

_BUILT_IN: dict[type, Callable[[Any], Adversary]] = {
    settings.OnOff: OnOff,
    settings.ExitScam: ExitScam,
    settings.Substitution: Substitution,
    settings.Metering: Metering,
    settings.Lowball: Lowball,
    settings.Cartel: Cartel,
    settings.ExplorationFarming: ExplorationFarming,
    settings.Sybil: lambda _: Sybil(),
    settings.Whitewashing: Whitewashing,
    settings.BadMouthing: BadMouthing,
    settings.BallotStuffing: BallotStuffing,
    settings.WorkRing: WorkRing,
    settings.SkillInflation: SkillInflation,
    settings.Withholding: Withholding,
    settings.SlotBlocking: SlotBlocking,
    settings.FirstMover: lambda _: FirstMover(),
    settings.NonPayment: NonPayment,
    settings.FalseRejection: FalseRejection,
    settings.Honest: lambda _: Adversary(),
    settings.Absent: lambda _: Adversary(),
}


def strategy_of(chosen: settings.AdversarySettings) -> Adversary:
    """The strategy that the settings describe; an honest one for code that is not imported here.

    Raises `AdversaryError` where a user's class cannot be imported, constructed, or is no `Adversary`.
    """
    if isinstance(chosen, settings.OwnAdversary):
        return _own(chosen) if may_import(chosen.class_) else Adversary()
    return _BUILT_IN[type(chosen)](chosen)


def check_strategies(scenario: Scenario) -> None:
    """Raises `ScenarioError` with all strategies of the user's own that cannot be had."""
    problems = []
    for index, chosen in enumerate(scenario.adversaries):
        try:
            strategy_of(chosen)
        except AdversaryError as error:
            problems.append(Problem("", None, f"adversaries[{index}].class", str(error)))
    if problems:
        raise ScenarioError(problems)


def _own(chosen: settings.OwnAdversary) -> Adversary:
    found = imported_subclass(chosen.class_, Adversary, AdversaryError)
    return constructed(found, chosen.parameters, AdversaryError, chosen.class_)
