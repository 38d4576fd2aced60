"""Whether the best of several values of a field is the last that was compared: one further may do better."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from coalesce_sim.lab.controls.described import field_at
from coalesce_sim.lab.setting import Setting
from coalesce_sim.lab.variants import Variant
from coalesce_sim.numbers import level_text
from coalesce_sim.report.fields import label_of
from coalesce_sim.scenario.document import steps_of
from coalesce_sim.scenario.problems import ScenarioError

_LEAST = 3
"""Of two values each is the last."""


def at_edge(variants: Sequence[Variant], best: str) -> list[str]:
    """A sentence where settings that are alike but for numbers of one field end with the best, and the field
    does not; none otherwise. `best` is a label."""
    path, values = _varied([each.setting for each in variants])
    if len(values) < _LEAST:
        return []
    place = [each.label for each in variants].index(best)
    value, low, high = values[place], min(values), max(values)
    if low < value < high:
        return []
    step = 1 if all(isinstance(each, int) for each in values) else (high - low) / 100
    further = value + step if value == high else value - step
    if not _can_be(variants[place].setting, path, further):
        return []
    end, other = ("largest", "larger") if value == high else ("smallest", "smaller")
    told = f"{label_of(path)} = {level_text(value)} is the {end} that was compared"
    return [f"{told}: a {other} one may do better still."]


def _varied(settings: Sequence[Setting]) -> tuple[str, list[float]]:
    """The one field in which settings differ, and its number in each; no numbers where there is no such
    field."""
    stated = [dict(map(_parted, each.overrides)) for each in settings]
    paths = dict.fromkeys(path for each in stated for path in each)
    differing = [path for path in paths if len({each.get(path) for each in stated}) > 1]
    if len(differing) != 1 or len({each.source for each in settings}) > 1:
        return "", []
    values = [_number_at(each, differing[0]) for each in settings]
    return differing[0], [each for each in values if each is not None] if None not in values else []


def _number_at(setting: Setting, path: str) -> float | None:
    """What the scenario has there, if that is a number."""
    field = field_at(setting.scenario.resolved(), steps_of(path, path))
    found = None if field is None else field.value
    return found if isinstance(found, int | float) and not isinstance(found, bool) else None


def _can_be(setting: Setting, path: str, value: float) -> bool:
    """Whether the field can have that value, too."""
    others = tuple(each for each in setting.overrides if _parted(each)[0] != path)
    try:
        _ = replace(setting, overrides=(*others, f"{path}={value!r}")).scenario
    except ScenarioError:
        return False
    return True


def _parted(override: str) -> tuple[str, str]:
    path, _, value = override.partition("=")
    return path.strip(), value.strip()
