"""coalesce_sim: a discrete-event market simulator for economies of LLM agents.

import coalesce_sim
result = coalesce_sim.run(coalesce_sim.load("dur_03"), seed=1)
result.summary["metrics"]["cost_reduction"]
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from coalesce_sim.version import __version__

if TYPE_CHECKING:
    from coalesce_sim.experiments.comparison import Comparison, compare
    from coalesce_sim.experiments.diagnosis.doctor import Diagnosis, doctor
    from coalesce_sim.experiments.runs import RunResult, run
    from coalesce_sim.experiments.staging import Stage, stage
    from coalesce_sim.loading import load
    from coalesce_sim.market.observer import Observer
    from coalesce_sim.optimisation.study import optimise
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
    from coalesce_sim.scenario.problems import ScenarioError
    from coalesce_sim.scenario.schema import Scenario
    from coalesce_sim.sensitivity.study import analyse_sensitivity
    from coalesce_sim.sweeps.results import SweepResult, open_results
    from coalesce_sim.sweeps.running import sweep

_HOMES = {
    "Comparison": "coalesce_sim.experiments.comparison",
    "LOCAL": "coalesce_sim.policies.protocol",
    "Decision": "coalesce_sim.policies.protocol",
    "Diagnosis": "coalesce_sim.experiments.diagnosis.doctor",
    "Observer": "coalesce_sim.market.observer",
    "OracleView": "coalesce_sim.policies.protocol",
    "Outcome": "coalesce_sim.policies.protocol",
    "Policy": "coalesce_sim.policies.protocol",
    "RunResult": "coalesce_sim.experiments.runs",
    "SealedBids": "coalesce_sim.policies.protocol",
    "Surroundings": "coalesce_sim.policies.protocol",
    "Scenario": "coalesce_sim.scenario.schema",
    "ScenarioError": "coalesce_sim.scenario.problems",
    "Stage": "coalesce_sim.experiments.staging",
    "SweepResult": "coalesce_sim.sweeps.results",
    "View": "coalesce_sim.policies.protocol",
    "analyse_sensitivity": "coalesce_sim.sensitivity.study",
    "compare": "coalesce_sim.experiments.comparison",
    "doctor": "coalesce_sim.experiments.diagnosis.doctor",
    "load": "coalesce_sim.loading",
    "optimise": "coalesce_sim.optimisation.study",
    "open_results": "coalesce_sim.sweeps.results",
    "run": "coalesce_sim.experiments.runs",
    "stage": "coalesce_sim.experiments.staging",
    "sweep": "coalesce_sim.sweeps.running",
}

__all__ = [
    "LOCAL",
    "Comparison",
    "Decision",
    "Diagnosis",
    "Observer",
    "OracleView",
    "Outcome",
    "Policy",
    "RunResult",
    "Scenario",
    "ScenarioError",
    "SealedBids",
    "Stage",
    "Surroundings",
    "SweepResult",
    "View",
    "__version__",
    "analyse_sensitivity",
    "compare",
    "doctor",
    "load",
    "open_results",
    "optimise",
    "run",
    "stage",
    "sweep",
]


def __getattr__(name: str) -> Any:
    """Import on first use, so that ``coalesce-sim --help`` does not wait for numpy."""
    if name not in _HOMES:
        raise AttributeError(f"module 'coalesce_sim' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)
