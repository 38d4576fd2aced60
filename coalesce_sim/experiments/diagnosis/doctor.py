"""Plays a market a few times and says what is wrong with it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any

from coalesce_sim.experiments.cores import SIMPY, AskedCore, ChosenCore, choose_core
from coalesce_sim.experiments.diagnosis import costs, course, faults, outsourcing, scores
from coalesce_sim.experiments.diagnosis.contradictions import contradictions
from coalesce_sim.experiments.diagnosis.evidence import Evidence
from coalesce_sim.experiments.diagnosis.figures import figures_of
from coalesce_sim.experiments.diagnosis.finding import Finding, plain
from coalesce_sim.experiments.diagnosis.growing import queues_that_grow
from coalesce_sim.experiments.diagnosis.inherited import decisive, inherited_note
from coalesce_sim.experiments.diagnosis.warnings import oddities, remarks
from coalesce_sim.experiments.diagnosis.witness import Witness
from coalesce_sim.experiments.parallel import ordered_map
from coalesce_sim.experiments.staging import Metrics, Stage
from coalesce_sim.experiments.uncertainty import AVERAGED
from coalesce_sim.files import expecting
from coalesce_sim.inputs.uncertain import drawn
from coalesce_sim.loading import data_digests
from coalesce_sim.market.compiled.coverage import Core
from coalesce_sim.market.hired import hired_is_drawn
from coalesce_sim.metrics import is_share
from coalesce_sim.policies.registry import create
from coalesce_sim.scenario.schema import Scenario
from coalesce_sim.statistics.intervals import Estimate, estimate

REPLICATIONS = 5


@dataclass(repr=False)
class Diagnosis:
    """What the doctor saw in the replications, and what it makes of it; `inherited` is what it found out by
    playing once more without the settings that are inherited, `core` what played.

    >>> import coalesce_sim
    >>> diagnosis = coalesce_sim.doctor(coalesce_sim.load("dur_02", ["clock.days=1"]), replications=1)
    >>> finding = diagnosis.findings[0]
    >>> print(finding.sentence)
    No contractor can ever pass skills.threshold 0.7 for sentiment_analysis (best 0.59) and
    portfolio_optimization (best 0.685): 43 % of all decisions.
    >>> finding.settings
    ('skills.threshold=0.59',)
    """

    scenario: Scenario
    seed: int
    metrics: list[Metrics]
    evidence: Evidence
    inherited: list[Finding] = field(default_factory=list)
    core: ChosenCore = SIMPY

    def __repr__(self) -> str:
        codes = [finding.code for finding in self.findings]
        return f"Diagnosis({self.scenario.name!r}, seed={self.seed}, findings={codes})"

    @cached_property
    def findings(self) -> list[Finding]:
        """Problems first; a cause follows what it causes."""
        found = list(self._found())
        return [each for each in found if each.severity == "problem"] + [
            each for each in found if each.severity == "note"
        ]

    @cached_property
    def figures(self) -> dict[str, Any]:
        """The figures that were looked at, whatever was found."""
        return figures_of(self.scenario, self.evidence, self.estimates)

    @cached_property
    def estimates(self) -> dict[str, Estimate]:
        """Every metric's mean and 95 % interval over the replications."""
        names = dict.fromkeys(name for each in self.metrics for name in each)
        return {
            name: estimate([each.get(name, math.nan) for each in self.metrics], share=is_share(name))
            for name in names
        }

    @property
    def summary(self) -> dict[str, Any]:
        """Everything, as in ``--json``."""
        return {
            "scenario": self.scenario.name,
            "seed": self.seed,
            "replications": len(self.metrics),
            "core": self.core.as_dict(),
            "findings": [finding.as_dict() for finding in self.findings],
            "warnings": self.warnings,
            "notes": self.notes,
            "figures": plain(self.figures),
        }

    @cached_property
    def warnings(self) -> list[str]:
        """What `run` says before it plays, besides: what will keep the market, or a part, from working."""
        return oddities(self.scenario)

    @cached_property
    def notes(self) -> list[str]:
        """What `run` says besides that does no harm."""
        inherited = inherited_note(self.scenario)
        averaged = [] if self.scenario.uncertainty is None else [AVERAGED]
        return [*remarks(self.scenario), *averaged, *([] if inherited is None else [inherited])]

    def _found(self) -> Iterator[Finding]:
        scenario, evidence = self.scenario, self.evidence
        yield from contradictions(scenario)
        yield from queues_that_grow(scenario, evidence.queues)
        yield from faults.found(scenario, evidence)
        yield from outsourcing.found(scenario, evidence)
        yield from scores.found(scenario, evidence)
        yield from course.found(scenario, evidence)
        yield from costs.found(scenario, evidence, self.estimates["cost_reduction"])
        yield from self.inherited


def doctor(
    scenario: Scenario,
    *,
    seed: int | None = None,
    replications: int = REPLICATIONS,
    jobs: int = 1,
    core: AskedCore = "auto",
    progress: Callable[[int], None] | None = None,
) -> Diagnosis:
    """Play a scenario with its own policy and look for what keeps its market from working.

    `seed` defaults to the scenario's. `core` is what plays it, to the same bits (`coalesce_sim.run`).
    `progress` is told how many replications are done.

    >>> import coalesce_sim
    >>> coalesce_sim.doctor(coalesce_sim.load("dur_02", ["clock.days=1"]), replications=1)
    Diagnosis('dur_02', seed=1, findings=['threshold_unreachable', 'estimates_by_construction'])
    """
    if not isinstance(scenario, Scenario):
        raise TypeError(f"scenario: must be what coalesce_sim.load() gives (got {scenario!r})")
    if replications < 1 or jobs < 1:
        raise ValueError(f"replications and jobs must be >= 1 (got {replications}, {jobs})")
    seed = scenario.seed if seed is None else seed
    hired_is_drawn(scenario, seed, range(replications))
    metrics, evidence = [], Evidence.none(scenario)
    chosen = choose_core(core, [scenario], runs=replications, watched=True)
    play = partial(_watch, scenario, seed, chosen.core)
    with (
        expecting(data_digests(scenario)),
        closing(ordered_map(play, range(replications), jobs=min(jobs, replications))) as played,
    ):
        for figures, seen in played:
            metrics.append(figures)
            evidence += seen
            if progress is not None:
                progress(len(metrics))
        inherited = list(decisive(scenario, seed, metrics[0]["outsourcing_rate"], metrics[0]["tasks"]))
    return Diagnosis(scenario, seed, metrics, evidence, inherited, chosen)


def _watch(scenario: Scenario, seed: int, core: Core, replication: int) -> tuple[Metrics, Evidence]:
    """Play one replication and see what happens."""
    scenario = drawn(scenario, seed, replication)
    witness = Witness(scenario)
    policy = create(scenario.policy)
    metrics = Stage(scenario, policy, witness, seed=seed, replication=replication, core=core).play()
    if not scenario.learning:
        metrics["all_local_success_rate"] = 100.0
    return metrics, witness.finish(metrics["all_local_success_rate"])
