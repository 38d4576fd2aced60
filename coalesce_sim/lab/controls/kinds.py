"""What a market can be played with: kinds of policies, and values of single fields."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from functools import lru_cache
from typing import Any, Final

from coalesce_sim.inputs.logged import why_not_logged
from coalesce_sim.inputs.tasktable import tasks_of
from coalesce_sim.lab.controls.changes import KIND, Written
from coalesce_sim.lab.controls.described import field_at
from coalesce_sim.lab.controls.ways import covers
from coalesce_sim.scenario.policy import AsLogged, Fixed
from coalesce_sim.scenario.pool import DrawnPool
from coalesce_sim.scenario.problems import ScenarioError, Steps

_CONTRACTOR: Final = "contractor"

Kinds = tuple[tuple[Steps, str], ...]
"""Kinds that are asked for, each by the way to it."""


@lru_cache(maxsize=64)
def kinds_for(written: Written, place: Steps) -> dict[str, str]:
    """The kinds of mapping that may stand at a place of the scenario as it is written, each with what it is.

    Left out is what this market cannot play, and what does not go by its name alone, such as rules of
    routing; the scenario's own is always among them.
    """
    field = field_at(written.content, place)
    if field is None:
        return {}
    own = (field.value or {}).get(KIND)
    return {kind: told for kind, told in field.kinds.items() if kind == own or _can_be(written, place, kind)}


def with_kind(written: Written, changes: dict[Steps, Any], place: Steps, kind: str) -> dict[Steps, Any]:
    """The changes with another kind at a place; who hires one contractor hires the first, until told."""
    changed = written.with_change(changes, (*place, KIND), kind)
    names = hireable(written)
    if kind == "fixed" and names and changed.get((*place, KIND)) == kind:
        changed = written.with_change(changed, (*place, _CONTRACTOR), names[0])
    return changed


def hireable(written: Written) -> list[str]:
    """The contractors that can be hired by name whatever is drawn; none of a pool that is drawn anew in each
    replication."""
    if isinstance(written.scenario.contractors, DrawnPool):
        return []
    return written.scenario.names_of("contractor") or []


def _can_be(written: Written, place: Steps, kind: str) -> bool:
    try:
        played = written.played(with_kind(written, {}, place, kind))
    except ScenarioError:
        return False
    chosen = [policy for where, policy in played.policies if where.split(".") == [*map(str, place)]]
    for each in chosen:
        if isinstance(each, AsLogged) and any(why_not_logged(each, tasks_of(played))):
            return False
        if isinstance(each, Fixed) and not hireable(written):
            return False
    return True


def kinds_around(changes: Mapping[Steps, Any], steps: Steps) -> Kinds:
    """Of the changes those of the kinds of mappings around a field."""
    return tuple(
        (way, str(kind)) for way, kind in changes.items() if way[-1] == KIND and covers(way[:-1], steps)
    )


@lru_cache(maxsize=4096)
def can_be_any(written: Written, kinds: Kinds, steps: Steps, values: tuple[Any, ...]) -> bool:
    """Whether the scenario, with those kinds but else as it is written, can be played with the field at any
    of the values."""
    changes: dict[Steps, Any] = {}
    for (*place, _), kind in kinds:
        changes = with_kind(written, changes, tuple(place), kind)
    for value in values:
        with suppress(ScenarioError):
            written.played(written.with_change(changes, steps, value))
            return True
    return False
