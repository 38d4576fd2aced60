"""What an attacker may choose: the parameters of each kind that a search goes over, and between which ends.

What cheap work is like (`success`, `cost_factor`) is no choice but how the world is, and is not searched.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from coalesce_sim.inputs.recordings import read_recordings
from coalesce_sim.optimisation.space import Axis
from coalesce_sim.scenario.adversarial import names_known
from coalesce_sim.scenario.schema import Scenario
from coalesce_sim.sweeps.factors import Integers, LogUniform, Uniform, factor_of

_SHARE: Final = Uniform(uniform=[0.05, 1.0])
_PER_HOUR: Final = LogUniform(log_uniform=[0.2, 60.0])
_NAMES: Final = Integers(integers=[1, 20])

SPACES: Final[Mapping[str, Mapping[str, Any]]] = {
    "on_off": {"cheat_above": Uniform(uniform=[0.3, 1.0]), "behave_below": Uniform(uniform=[0.0, 0.95])},
    "exit_scam": {"from_hour": "horizon"},
    "substitution": {"share": _SHARE, "with": "contractors"},
    "metering": {"factor": LogUniform(log_uniform=[1.01, 10.0])},
    "lowball": {"quoted": Uniform(uniform=[0.05, 1.0]), "billed": LogUniform(log_uniform=[1.0, 10.0])},
    "cartel": {"markup": LogUniform(log_uniform=[1.01, 20.0])},
    "exploration_farming": {"factor": LogUniform(log_uniform=[1.5, 1000.0]), "identities": _NAMES},
    "sybil": {"identities": Integers(integers=[2, 20])},
    "whitewashing": {
        "leave_below": Uniform(uniform=[0.05, 0.95]),
        "at_once": Integers(integers=[1, 10]),
    },
    "bad_mouthing": {"per_hour": _PER_HOUR, "targets": ["best", "all"]},
    "ballot_stuffing": {"per_hour": _PER_HOUR},
    "work_ring": {"contracts_per_hour": _PER_HOUR},
    "skill_inflation": {"reliability": Uniform(uniform=[0.3, 1.0])},
    "withholding": {"share": Uniform(uniform=[0.1, 0.9])},
    "slot_blocking": {
        "contracts_per_hour": _PER_HOUR,
        "hold_min": Uniform(uniform=[0.0, 60.0]),
        "targets": ["best", "all"],
    },
    "non_payment": {"share": _SHARE},
    "false_rejection": {"share": _SHARE},
}


def axes_of(kind: str, scenario: Scenario) -> list[Axis]:
    """The parameters that are searched of a kind, in a market."""
    return [Axis(factor_of(name, space)) for name, space in _spaces(kind, scenario)]


def _spaces(kind: str, scenario: Scenario) -> Iterator[tuple[str, Any]]:
    for name, space in SPACES[kind].items():
        if space == "horizon":
            yield name, Uniform(uniform=[0.0, scenario.clock.horizon_s / 3600])
        elif space == "contractors":
            names = names_known(scenario)
            if names is None and scenario.records is not None:
                names = list(read_recordings(scenario.records).contractors)
            if names is not None and len(names) > 1:
                yield name, names
        else:
            yield name, space
