"""Other values for settings, to see what comes of them."""

from __future__ import annotations

import typing
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from coalesce_sim.scenario.distributions import DistributionSpec
from verification.settings import Setting, branches_of

OTHER: dict[str, list[Any]] = {
    "at_hours": [[[0.0, 0.3]], [[0.0, 2]]],
    "after": [[]],
    "benchmark": ["b"],
    "benchmarks": [["a"]],
    "bill_usd": [0.9],
    "box": ["shed"],
    "budget_usd_per_day": [0.5, 20.0],
    "budget_usd": [0.01, 1.0],
    "busy_weekdays": [["tuesday"]],
    "by": [1, 3],
    "client": [0],
    "columns": [{"arrival_s": "t2", "prompt_tokens": "in", "type": "kind", "complexity": "hard"}],
    "contractor": ["x_3"],
    "contractors": [["big"], {"y": "SG"}],
    "claims": [{}],
    "embargo": [{"US": ["DE"]}],
    "embedding": [{"a": dict.fromkeys(("x", "y", "contractor", "seller", "big", "small"), 0.0)}],
    "failed_bill_usd": [0.9],
    "fixed": [[]],
    "gamma": [0.9],
    "group": ["others", "well_off"],
    "jurisdiction": ["DE"],
    "latency_min": [1.7, 0.01],
    "like": ["x"],
    "limit": [9],
    "local_min": [2.0],
    "manual_from_value_usd": [5.0],
    "members": [[1], [2, 3]],
    "model": ["small"],
    "name": ["another"],
    "of": [0, ["x"]],
    "otherwise": [0.0, 0.48, 0.97, "home", "p"],
    "own_agent": ["small"],
    "own_cost_share": [0.2],
    "owner": ["p", "q", "somebody"],
    "pace_tasks": [500],
    "params_billions": [8.0],
    "peak_flop_s": [3e11],
    "power_w": [900.0],
    "per": [None, "client"],
    "pretrusted_clients": [2],
    "rate": [{"EUR": 0.9}, 0.9],
    "profile": ["h100_sxm", "b200_sxm"],
    "quality_risk": [0.4],
    "queue_limit": [0],
    "residency": [{"US": ["DE"]}],
    "retries": [0, 2],
    "sanctioned": [[3], [1, "state"]],
    "scale_usd": [0.2, 0.001, 50.0],
    "security_risk": [0.4],
    "sellers": [{"one": "m", "two": "n"}, [1]],
    "serves": ["Qwen 3 235B A22B Instruct", "Qwen 3 30B A3B Instruct"],
    "skill": ["data", "rare"],
    "skills": [["data", "other"], []],
    "slots": [1, 2, "unlimited", 0],
    "start": [datetime(2025, 6, 7, 14)],
    "success": [0.1, 0.95],
    "time": ["earlier"],
    "to": ["home", "r"],
    "targets": [[1], "all", "best"],
    "text": ["Reads data, draws statistics", "Quite another thing"],
    "transfer_mb_per_s": [50.0],
    "type": ["b", "a", "x", "y"],
    "with": ["y"],
    "value": [0.4, "then"],
}
"""By the name of the setting, where what is right cannot be worked out from the value that it has."""

FILES = {
    "path": (
        "other_log.csv",
        "others.csv",
        "fewer.csv",
        "flat.csv",
        "other_vectors.npz",
        "other_history.csv",
    ),
    "models_path": ("dearer.csv",),
    "sample": ("other_draws.csv",),
    "price_file": ("cheaper.csv",),
}


def other_values(setting: Setting, folder: Path) -> list[Any]:
    """What else could be stated: all other words of a choice, else some values of which one should act."""
    name, value, kinds = str(setting.steps[-1]), setting.value, branches_of(setting.annotation)
    words = [each for each in kinds if typing.get_origin(each) is typing.Literal]
    if name in FILES:
        found: list[Any] = [str(folder / file) for file in FILES[name]]
    elif DistributionSpec in kinds:
        found = [0.37, 2.9, 40.0, 4000.0]
    elif name in OTHER:
        found = OTHER[name]
    elif words:
        found = list(typing.get_args(words[0]))
    elif isinstance(value, bool):
        found = [not value]
    elif isinstance(value, Mapping):
        found = [{**value, name: each * factor} for name, each in value.items() for factor in (0.2, 4.0)]
    elif isinstance(value, int):
        found = [value + 1, value + 3, 1, value * 10]
    elif isinstance(value, float):
        larger = value * 1.6 if value else 0.3
        found = [larger, value * 0.5, min(value * 1.1, 1.0), value * 30 + 100, 0.0, value * 0.02, 0.97]
    else:
        found = [1.7, 1, 0.3, 100.0, 3, 9000.0] if {int, float} & set(kinds) else []
    return [each for each in found if each != value]


def is_choice(setting: Setting) -> bool:
    """Whether every one of the other values has to do something."""
    return any(typing.get_origin(each) is typing.Literal for each in branches_of(setting.annotation))
