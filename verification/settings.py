"""Every setting of a scenario, found in its schema, and whether changing it changes anything.

A setting is a field that holds a value and not further fields. Its place in the schema is written as users
would, but that NAME stands for names of theirs, ``[]`` for an entry of a list and, where a place takes one of
several things, the thing's class in brackets: ``workload.arrivals(Renewal).gap_s``.
"""

from __future__ import annotations

import copy
import io
import re
import types
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any

import pyarrow as pa
from pydantic import BaseModel

import coalesce_sim
from coalesce_sim import Scenario
from coalesce_sim.experiments.diagnosis.warnings import notes_of
from coalesce_sim.policies.errors import PolicyError
from coalesce_sim.scenario.distributions import DistributionSpec
from coalesce_sim.scenario.moving import Moving
from coalesce_sim.scenario.problems import ScenarioError

Steps = tuple[str | int, ...]

_WHOLE = frozenset((DistributionSpec, Moving))
"""What stands for a number and is one value, however many fields it has."""


def branches_of(annotation: Any) -> list[Any]:
    """What may stand at a place, unions taken apart and wrappings off, None left out."""
    origin = typing.get_origin(annotation)
    if origin is typing.Annotated:
        return branches_of(typing.get_args(annotation)[0])
    if origin in (typing.Union, types.UnionType):
        return [each for part in typing.get_args(annotation) for each in branches_of(part)]
    return [] if annotation is types.NoneType else [annotation]


def settings_of(model: type[BaseModel], place: str = "") -> Iterator[str]:
    """All settings below a model."""
    for name, field in model.model_fields.items():
        if name != "kind":
            here = f"{place}.{field.alias or name}".removeprefix(".")
            yield from _settings_at(field.rebuild_annotation(), here)


def _settings_at(annotation: Any, place: str) -> Iterator[str]:
    alternatives = branches_of(annotation)
    models = [each for each in alternatives if isinstance(each, type) and issubclass(each, BaseModel)]
    lists = [each for each in alternatives if typing.get_origin(each) in (list, dict)]
    if not _WHOLE.isdisjoint(models):
        yield place
        return
    if len(models) + len(lists) > 1:
        yield place + "(kind)"
    for model in models:
        label = f"({model.__name__})" if len(models) + len(lists) > 1 else ""
        yield from settings_of(model, place + label)
    for each in lists:
        mark = "[]" if typing.get_origin(each) is list else ".NAME"
        inner = typing.get_args(each)[-1]
        label = "(list)" if models else ""
        if any(isinstance(a, type) and issubclass(a, BaseModel) for a in branches_of(inner)):
            yield from _settings_at(inner, place + label + mark)
        else:
            yield place
    if not models and not lists:
        yield place


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting in a scenario: its place in the schema and in the data, what may stand there, its value."""

    place: str
    steps: Steps
    annotation: Any
    value: Any


def settings_in(scenario: BaseModel, place: str = "", steps: Steps = ()) -> Iterator[Setting]:
    """The settings of a scenario, those left out too, as far as there is a section for them."""
    for name, field in type(scenario).model_fields.items():
        if name != "kind":
            key = field.alias or name
            here, value = f"{place}.{key}".removeprefix("."), getattr(scenario, name)
            yield from _settings_with(value, field.rebuild_annotation(), here, (*steps, key))


def _settings_with(value: Any, annotation: Any, place: str, steps: Steps) -> Iterator[Setting]:
    alternatives = branches_of(annotation)
    models = [each for each in alternatives if isinstance(each, type) and issubclass(each, BaseModel)]
    lists = [each for each in alternatives if typing.get_origin(each) in (list, dict)]
    several = len(models) + len(lists) > 1
    if not _WHOLE.isdisjoint(models) or not (models or lists):
        yield Setting(place, steps, annotation, value)
        if isinstance(value, Moving):
            yield from settings_in(value, f"{place}(Moving)", steps)
        return
    if several:
        yield Setting(place + "(kind)", steps, annotation, value)
    if isinstance(value, BaseModel):
        label = f"({type(value).__name__})" if several else ""
        yield from settings_in(value, place + label, steps)
    elif isinstance(value, Mapping | list):
        kind = list if isinstance(value, list) else dict
        inner = next(typing.get_args(each)[-1] for each in lists if typing.get_origin(each) is kind)
        mark, label = ("[]" if kind is list else ".NAME"), ("(list)" if models else "")
        if any(isinstance(a, type) and issubclass(a, BaseModel) for a in branches_of(inner)):
            for key in range(len(value)) if isinstance(value, list) else value:
                yield from _settings_with(value[key], inner, place + label + mark, (*steps, key))
        else:
            yield Setting(place, steps, annotation, value)
    elif not models and not any(
        isinstance(a, type) and issubclass(a, BaseModel)
        for each in lists
        for a in branches_of(typing.get_args(each)[-1])
    ):
        yield Setting(place, steps, annotation, value)


def changed(data: dict[str, Any], steps: Steps, value: Any) -> dict[str, Any]:
    """A copy of plain data with another value in one place; sections on the way are made."""
    whole = copy.deepcopy(data)
    at: Any = whole
    for step, following in pairwise(steps):
        if isinstance(at, dict):
            at = at.setdefault(step, [] if isinstance(following, int) else {})
        else:
            at = at[step]
    at[steps[-1]] = value
    return whole


@dataclass(frozen=True)
class Played:
    """What came of a scenario: which settings were told to do nothing, and all that was put out, as bytes."""

    idle: frozenset[str]
    put_out: bytes

    def tells(self, setting: Setting) -> bool:
        """Whether a setting, or the section that it is in, was told to do nothing."""
        place = re.sub(r"\(\w+\)", "", setting.place).replace("[]", "[*]").replace("NAME", "*")
        steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in setting.steps)
        named = "".join(steps).removeprefix(".")
        below = re.compile(rf"({'|'.join(map(re.escape, self.idle))})([.[]|$)")
        return bool(self.idle) and any(below.match(path) for path in (place, named))


def play(scenario: Scenario) -> Played:
    """One replication."""
    result = coalesce_sim.run(scenario, replications=1)
    sink = io.BytesIO(repr(sorted(result.replications[0].items())).encode())
    sink.seek(0, io.SEEK_END)
    for chunks in result.tables.values():
        table = pa.concat_tables(chunks).unify_dictionaries()
        with pa.ipc.new_stream(sink, table.schema) as writer:
            writer.write_table(table)
    return Played(_idle(notes_of(scenario)), sink.getvalue())


def _idle(notes: list[str]) -> frozenset[str]:
    told = "; ".join(each for each in notes if each.startswith("without effect here: "))
    places = re.sub(r" \([^)]*\)", "", told.removeprefix("without effect here: "))
    return frozenset(re.sub("=.*", "", each) for each in re.split("[,;] ", places) if each)


def effect(data: dict[str, Any], base: Played, setting: Setting, value: Any) -> str:
    """What another value does: ``refused``, ``acts``, ``told`` or ``nothing``; ``acts, though told`` that it
    does not."""
    try:
        played = play(coalesce_sim.load(changed(data, setting.steps, value)))
    except (ScenarioError, PolicyError):
        return "refused"
    told = base.tells(setting) or played.tells(setting)
    if played.put_out == base.put_out:
        return "told" if told else "nothing"
    return "acts, though told" if base.tells(setting) and played.tells(setting) else "acts"


@lru_cache(maxsize=1)
def all_settings() -> tuple[str, ...]:
    """Every setting that the schema knows."""
    return tuple(dict.fromkeys(settings_of(Scenario)))
