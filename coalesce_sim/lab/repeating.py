"""How to have again what a page shows: as YAML, and as an address."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

import yaml

from coalesce_sim.loading import load
from coalesce_sim.own_code import nothing_imported
from coalesce_sim.provenance import Origin
from coalesce_sim.scenario.problems import ScenarioError

_WORDING = ("name", "title", "description", "published")
"""What of a scenario decides nothing."""


def yaml_of(origin: Origin) -> str:
    """A scenario file that plays the same: what it extends and what is changed of it where that is enough,
    else the scenario in full."""
    scenario = origin.scenario
    own = {"seed": origin.seed, "replications": origin.replications}
    try:
        short = {"extends": origin.source, **_nested(origin.overrides), **own}
        with nothing_imported():
            same = _decisive(load(short).resolved()) == _decisive({**scenario.resolved(), **own})
    except (ScenarioError, ValueError):
        same = False
    return _dumped(short if same else {**scenario.resolved(), **own})


def address(page: str, query: Mapping[str, str | Sequence[str]]) -> str:
    """The address of a page in a state; `page` is its address, whatever query there is in it."""
    pairs = [(name, value) for name, values in query.items() for value in _each(values)]
    parts = urlsplit(page)
    return urlunsplit(parts._replace(path=parts.path or "/", query=urlencode(pairs), fragment=""))


def _each(values: str | Sequence[str]) -> Iterable[str]:
    return (values,) if isinstance(values, str) else values


def _nested(overrides: Iterable[str]) -> dict[str, Any]:
    """Overrides as the mappings that say the same. Raises ValueError for those that no mapping says."""
    nested: dict[str, Any] = {}
    for override in overrides:
        path, _, value = override.partition("=")
        if "[" in path or "*" in path:
            raise ValueError(path)
        *way, last = path.split(".")
        inner = nested
        for step in way:
            inner = inner.setdefault(step, {})
        inner[last] = yaml.safe_load(value)
    return nested


def _decisive(resolved: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in resolved.items() if name not in _WORDING}


def _dumped(content: Mapping[str, Any]) -> str:
    return yaml.safe_dump(dict(content), sort_keys=False, allow_unicode=True, width=100)
