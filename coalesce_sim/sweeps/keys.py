"""What of a scenario decides its results: scenarios that are the same in it are played once."""

from __future__ import annotations

import json
from collections.abc import Callable

from coalesce_sim.loading import data_files
from coalesce_sim.scenario.schema import Scenario
from coalesce_sim.sweeps.factors import NOT_PLAYED


def played_text(scenario: Scenario, digest: Callable[[str], str]) -> str:
    """What decides the results, as JSON: data files by their `digest`, wherever they are."""
    text = scenario.model_dump_json(by_alias=True, exclude_none=True, exclude=NOT_PLAYED)
    for path in data_files(scenario):
        text = text.replace(json.dumps(path, ensure_ascii=False), f'"SHA-256 {digest(path)}"')
    return text
