"""What the doctor finds."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, Literal

from coalesce_sim.scenario.learners import EpsilonGreedy
from coalesce_sim.scenario.policy import Topsis
from coalesce_sim.scenario.pool import DrawnPool, PriceList, RecordedPool
from coalesce_sim.scenario.schema import Scenario
from coalesce_sim.statistics.intervals import Estimate


@dataclass(frozen=True, slots=True)
class Finding:
    """One signature that was recognised.

    `code` is stable; a code ``what.why`` is a cause of the finding ``what``. `sentence` says it with numbers,
    `evidence` holds the numbers. `settings` are fields of the scenario to look at, with a value to try where
    one can be named, written as for ``--set``.
    """

    code: str
    severity: Literal["problem", "note"]
    sentence: str
    evidence: dict[str, Any] = field(default_factory=dict)
    settings: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """The form in which findings appear in JSON."""
        return {
            "code": self.code,
            "severity": self.severity,
            "sentence": self.sentence,
            "evidence": plain(self.evidence),
            "settings": list(self.settings),
        }


def of_contractors(scenario: Scenario, field: str) -> str:
    """Where the scenario states a fact of its contractors."""
    match scenario.contractors:
        case DrawnPool():
            return f"contractors.types.*.{field}"
        case PriceList():
            return f"contractors.template.{field}"
        case RecordedPool():
            return f"contractors.recorded.{field}"
        case _:
            return f"contractors[*].{field}"


def epsilon_of(scenario: Scenario) -> float | None:
    """The probability of exploring, at the start; None where another rule explores, or none."""
    rules = scenario.policy
    return rules.epsilon if isinstance(rules, Topsis | EpsilonGreedy) else None


def percent(part: float, whole: float) -> float:
    """A share in percent; NaN of nothing."""
    return 100 * float(part) / float(whole) if whole else math.nan


def plain(value: Any) -> Any:
    """The same in what JSON can hold: None for NaN."""
    if isinstance(value, Estimate):
        return plain(value.as_dict())
    if isinstance(value, list):
        return [plain(each) for each in value]
    if isinstance(value, dict):
        return {name: plain(each) for name, each in value.items()}
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value
