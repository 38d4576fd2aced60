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
    from coalesce_sim.adversaries.errors import AdversaryError
    from coalesce_sim.adversaries.protocol import Adversary, Agent, Card, Effort, Hold, Scene, Sight
    from coalesce_sim.advice.study import advise
    from coalesce_sim.attacks.results import AttackStudy
    from coalesce_sim.attacks.study import attack
    from coalesce_sim.calibration.study import Calibration, calibrate
    from coalesce_sim.economics.fitting import fit_hardware
    from coalesce_sim.errors import AmountError, CoalesceError, ConservationError, ResultsWarning
    from coalesce_sim.experiments.comparison import Comparison, compare
    from coalesce_sim.experiments.diagnosis.doctor import Diagnosis, doctor
    from coalesce_sim.experiments.parallel import EngineError
    from coalesce_sim.experiments.runs import RunResult, run
    from coalesce_sim.experiments.staging import Stage, stage
    from coalesce_sim.extras import MissingExtra
    from coalesce_sim.files import ChangedFile, FolderError, ResultsError, WriteError
    from coalesce_sim.frictions.results import FrictionStudy
    from coalesce_sim.frictions.study import analyse_frictions
    from coalesce_sim.inputs.download import DownloadError
    from coalesce_sim.loading import load
    from coalesce_sim.logs.imported import Imported, import_log
    from coalesce_sim.market.compiled.coverage import CoreError
    from coalesce_sim.market.observer import Observer
    from coalesce_sim.metrics import UnknownMetric
    from coalesce_sim.optimisation.study import optimise
    from coalesce_sim.policies.errors import PolicyError
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
    from coalesce_sim.reputation.rating import Ballot
    from coalesce_sim.scenario.problems import ScenarioError
    from coalesce_sim.scenario.schema import Scenario
    from coalesce_sim.sensitivity.study import NoIndices, analyse_sensitivity
    from coalesce_sim.skills.embedders import Embedder
    from coalesce_sim.sweeps.results import SweepResult, open_results
    from coalesce_sim.sweeps.running import ChangedSweep, TooManyRuns, sweep

_HOMES = {
    "LOCAL": "coalesce_sim.policies.protocol",
    "Adversary": "coalesce_sim.adversaries.protocol",
    "AdversaryError": "coalesce_sim.adversaries.errors",
    "Agent": "coalesce_sim.adversaries.protocol",
    "AttackStudy": "coalesce_sim.attacks.results",
    "Ballot": "coalesce_sim.reputation.rating",
    "Calibration": "coalesce_sim.calibration.study",
    "Card": "coalesce_sim.adversaries.protocol",
    "ChangedFile": "coalesce_sim.files",
    "ChangedSweep": "coalesce_sim.sweeps.running",
    "AmountError": "coalesce_sim.errors",
    "CoalesceError": "coalesce_sim.errors",
    "Comparison": "coalesce_sim.experiments.comparison",
    "ConservationError": "coalesce_sim.errors",
    "CoreError": "coalesce_sim.market.compiled.coverage",
    "Decision": "coalesce_sim.policies.protocol",
    "Diagnosis": "coalesce_sim.experiments.diagnosis.doctor",
    "DownloadError": "coalesce_sim.inputs.download",
    "Effort": "coalesce_sim.adversaries.protocol",
    "Embedder": "coalesce_sim.skills.embedders",
    "EngineError": "coalesce_sim.experiments.parallel",
    "FolderError": "coalesce_sim.files",
    "FrictionStudy": "coalesce_sim.frictions.results",
    "Hold": "coalesce_sim.adversaries.protocol",
    "Imported": "coalesce_sim.logs.imported",
    "MissingExtra": "coalesce_sim.extras",
    "NoIndices": "coalesce_sim.sensitivity.study",
    "Observer": "coalesce_sim.market.observer",
    "OracleView": "coalesce_sim.policies.protocol",
    "Outcome": "coalesce_sim.policies.protocol",
    "Policy": "coalesce_sim.policies.protocol",
    "PolicyError": "coalesce_sim.policies.errors",
    "ResultsError": "coalesce_sim.files",
    "ResultsWarning": "coalesce_sim.errors",
    "RunResult": "coalesce_sim.experiments.runs",
    "Scenario": "coalesce_sim.scenario.schema",
    "ScenarioError": "coalesce_sim.scenario.problems",
    "Scene": "coalesce_sim.adversaries.protocol",
    "SealedBids": "coalesce_sim.policies.protocol",
    "Sight": "coalesce_sim.adversaries.protocol",
    "Stage": "coalesce_sim.experiments.staging",
    "Surroundings": "coalesce_sim.policies.protocol",
    "SweepResult": "coalesce_sim.sweeps.results",
    "TooManyRuns": "coalesce_sim.sweeps.running",
    "UnknownMetric": "coalesce_sim.metrics",
    "View": "coalesce_sim.policies.protocol",
    "WriteError": "coalesce_sim.files",
    "advise": "coalesce_sim.advice.study",
    "analyse_frictions": "coalesce_sim.frictions.study",
    "analyse_sensitivity": "coalesce_sim.sensitivity.study",
    "attack": "coalesce_sim.attacks.study",
    "calibrate": "coalesce_sim.calibration.study",
    "compare": "coalesce_sim.experiments.comparison",
    "doctor": "coalesce_sim.experiments.diagnosis.doctor",
    "fit_hardware": "coalesce_sim.economics.fitting",
    "import_log": "coalesce_sim.logs.imported",
    "load": "coalesce_sim.loading",
    "open_results": "coalesce_sim.sweeps.results",
    "optimise": "coalesce_sim.optimisation.study",
    "run": "coalesce_sim.experiments.runs",
    "stage": "coalesce_sim.experiments.staging",
    "sweep": "coalesce_sim.sweeps.running",
}

__all__ = [
    "LOCAL",
    "Adversary",
    "AdversaryError",
    "Agent",
    "AmountError",
    "AttackStudy",
    "Ballot",
    "Calibration",
    "Card",
    "ChangedFile",
    "ChangedSweep",
    "CoalesceError",
    "Comparison",
    "ConservationError",
    "CoreError",
    "Decision",
    "Diagnosis",
    "DownloadError",
    "Effort",
    "Embedder",
    "EngineError",
    "FolderError",
    "FrictionStudy",
    "Hold",
    "Imported",
    "MissingExtra",
    "NoIndices",
    "Observer",
    "OracleView",
    "Outcome",
    "Policy",
    "PolicyError",
    "ResultsError",
    "ResultsWarning",
    "RunResult",
    "Scenario",
    "ScenarioError",
    "Scene",
    "SealedBids",
    "Sight",
    "Stage",
    "Surroundings",
    "SweepResult",
    "TooManyRuns",
    "UnknownMetric",
    "View",
    "WriteError",
    "__version__",
    "advise",
    "analyse_frictions",
    "analyse_sensitivity",
    "attack",
    "calibrate",
    "compare",
    "doctor",
    "fit_hardware",
    "import_log",
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
