"""What a search came to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from coalesce_sim.experiments.cores import SIMPY, ChosenCore
from coalesce_sim.experiments.diagnosis.finding import Finding
from coalesce_sim.metrics import describe
from coalesce_sim.optimisation.goals import Verdict
from coalesce_sim.optimisation.question import Question
from coalesce_sim.optimisation.search import Figures, Trial
from coalesce_sim.statistics.intervals import Estimate

if TYPE_CHECKING:
    import pandas as pd

Outcome = Literal["found", "not shown", "none feasible", "validation failed", "violated"]


@dataclass(frozen=True, slots=True)
class Validation:
    """The best setting and the scenario's own, played on a seed that the search has not met.

    `difference` is the goal's metric with the best setting less that with the scenario's own, paired by
    replication; `verdicts` are of the best setting, one for each constraint, by intervals widened for their
    number. `error` is that of the first run that failed, if one did: then there are no figures. `saved_more`
    are the parts of a difference in cost reduction, by `SAVINGS`; empty where the goal is another metric.
    """

    seed: int
    replications: int
    best: Figures
    own: Figures
    difference: Estimate
    verdicts: tuple[Verdict, ...]
    error: str | None = None
    saved_more: Figures = field(default_factory=dict)


@dataclass(frozen=True, repr=False, slots=True)
class Optimisation:
    """A search and what it found; everything is derived from the trials and the validation.

    `best` is the feasible trial with the best mean, None where no trial was feasible: then `closest` is the
    one that misses its worst constraint by least, and there is no validation. `observed` is what is known
    only now that it was played: at which settings queues grew to the end, of those tried and of those
    validated. `core` is what played them, as far as it covers them.
    """

    question: Question
    replications: int
    trials: list[Trial]
    best: Trial | None
    closest: Trial | None
    validation: Validation | None
    observed: list[Finding] = field(default_factory=list)
    core: ChosenCore = SIMPY

    def __repr__(self) -> str:
        found = "none feasible" if self.best is None else str(self.best.setting)
        return f"Optimisation({self.question.goal.text!r}, {len(self.trials)} trials: {found})"

    @property
    def outcome(self) -> Outcome:
        """`found` only where the validation shows that the best setting keeps all constraints.

        `violated` where it shows that one is broken; `not shown` where it shows neither.
        """
        if self.validation is None:
            return "none feasible"
        if self.validation.error is not None:
            return "validation failed"
        for verdict in ("violated", "not shown"):
            if verdict in self.validation.verdicts:
                return verdict
        return "found"

    @property
    def failed(self) -> list[Trial]:
        """The trials whose runs ended in an error."""
        return [trial for trial in self.trials if trial.error is not None]

    @property
    def trials_frame(self) -> pd.DataFrame:
        """One row a trial: its setting, and of each metric that is told the mean and its 95 % interval.

        The interval's columns are the metric's name with ``_low`` and ``_high``.
        """
        import pandas as pd

        rows = []
        for trial in self.trials:
            row: dict[str, Any] = {"trial": trial.number, **trial.setting}
            for name in self.question.told:
                value = trial.figures.get(name)
                low, high = (value.ci95 if value is not None else None) or (None, None)
                row |= {name: trial.mean(name), f"{name}_low": low, f"{name}_high": high}
            rows.append({**row, "feasible": trial.feasible, "error": trial.error})
        return pd.DataFrame(rows)

    @property
    def summary(self) -> dict[str, Any]:
        """Everything but the single trials, as in ``--json``."""
        asked, plan = self.question, self.question.plan
        return {
            "scenario": asked.own.name,
            "goal": {"metric": asked.goal.metric, "maximise": asked.goal.maximise},
            "unit": describe(asked.goal.metric).unit,
            "over": {
                name: plan.specification.model_dump(mode="json")["factors"][name]
                for name in plan.specification.factors
            },
            "constraints": [
                {
                    "metric": each.metric,
                    "relation": each.relation,
                    "bound": each.bound,
                    "written": each.written,
                }
                for each in asked.constraints
            ],
            "seed": plan.seed,
            "trials": len(self.trials),
            "feasible": sum(trial.feasible for trial in self.trials),
            "failed": len(self.failed),
            "replications": self.replications,
            "core": self.core.as_dict(),
            "outcome": self.outcome,
            "best": None if self.best is None else self._told(self.best),
            "closest": None if self.closest is None else self._told(self.closest),
            "validation": None if self.validation is None else self._validated(self.validation),
            "observed": [each.as_dict() for each in self.observed],
        }

    def _told(self, trial: Trial) -> dict[str, Any]:
        return {"trial": trial.number, "setting": trial.setting, "search": self._figures(trial.figures)}

    def _figures(self, figures: Figures) -> dict[str, Any]:
        return {name: figures[name].as_dict() for name in self.question.told if name in figures}

    def _validated(self, validation: Validation) -> dict[str, Any]:
        return {
            "seed": validation.seed,
            "replications": validation.replications,
            "best": self._figures(validation.best),
            "own": self._figures(validation.own),
            "difference": validation.difference.as_dict(),
            "saved_more": {name: each.as_dict() for name, each in validation.saved_more.items()},
            "constraints": list(validation.verdicts),
            "error": validation.error,
        }
