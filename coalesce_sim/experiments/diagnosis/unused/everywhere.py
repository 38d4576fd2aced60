"""All settings of a scenario that do nothing."""

from __future__ import annotations

from coalesce_sim.experiments.diagnosis.unused.comings import of_comings
from coalesce_sim.experiments.diagnosis.unused.compliance import of_compliance
from coalesce_sim.experiments.diagnosis.unused.defences import of_cheats, of_defences
from coalesce_sim.experiments.diagnosis.unused.market import Asked
from coalesce_sim.experiments.diagnosis.unused.payment import of_payment
from coalesce_sim.experiments.diagnosis.unused.rules import of_rules
from coalesce_sim.experiments.diagnosis.unused.stated import Unused, sentence
from coalesce_sim.experiments.diagnosis.unused.tasks import of_tasks
from coalesce_sim.experiments.diagnosis.unused.workers import of_workers
from coalesce_sim.scenario.schema import Scenario


def without_effect(scenario: Scenario) -> list[str]:
    """A sentence on the settings that are not as they are by default and yet change nothing, if any; what is
    inherited is left out."""
    return sentence(unused_in(scenario), scenario.origins)


def unused_in(scenario: Scenario) -> list[Unused]:
    """Those settings with why they change nothing, inherited ones too."""
    asked = Asked(scenario)
    parts = of_tasks, of_workers, of_comings, of_rules, of_cheats, of_defences, of_compliance, of_payment
    return [each for part in parts for each in part(asked)]
