"""Settings to be compared with one another, and the sweep that plays them on the same random numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qs, urlencode

from coalesce_sim.lab.setting import Setting
from coalesce_sim.report.fields import label_of
from coalesce_sim.scenario.document import (
    DISCRIMINATORS,
    EVERY,
    Change,
    read_base,
)
from coalesce_sim.scenario.problems import Problem, ScenarioError, Steps, dotted, shortened, shown
from coalesce_sim.sweeps.factors import NOT_PLAYED, SCENARIO
from coalesce_sim.sweeps.keys import played_text
from coalesce_sim.sweeps.plan import Plan
from coalesce_sim.sweeps.request import Request
from coalesce_sim.sweeps.running import prepare

MOST = 6
"""Settings that one figure holds side by side."""

_MOST_FIELDS = 1_000
"""Changes that an address may ask for."""

_FACTOR = "setting"
"""What the fields that move together are called in the sweep."""


@dataclass(frozen=True)
class Variant:
    """A setting under the label that it is shown by. Seed and replications are those of all."""

    label: str
    setting: Setting


def labelled(given: Sequence[tuple[str, Setting]]) -> tuple[Variant, ...]:
    """Settings under the labels that are given; one without is called by what makes it differ from the
    others."""
    usual = usual_labels([setting for _, setting in given])
    return tuple(
        Variant(label.strip() or own, setting) for (label, setting), own in zip(given, usual, strict=True)
    )


def usual_labels(settings: Sequence[Setting]) -> list[str]:
    """What settings are called that nobody gave a name: by their changes but for those that all have, and by
    their scenarios where these differ."""
    common = set.intersection(*(set(each.overrides) for each in settings)) if len(settings) > 1 else set()
    several = len({each.source for each in settings}) > 1
    labels = []
    for each in settings:
        own = ", ".join(map(_in_words, (text for text in each.overrides if text not in common)))
        scenario = each.source if several or len(settings) == 1 else ""
        labels.append(shortened(": ".join(filter(None, [scenario, own])) or "as it is"))
    return labels


def _in_words(override: str) -> str:
    path, _, value = override.partition("=")
    return f"{label_of(path.strip())} = {value.strip()}"


def query_of(variants: Sequence[Variant]) -> list[str]:
    """As they stand in an address, a value each."""
    usual = usual_labels([variant.setting for variant in variants])
    return [
        value_of(variant.setting, "" if variant.label == own else variant.label)
        for variant, own in zip(variants, usual, strict=True)
    ]


def value_of(setting: Setting, label: str = "") -> str:
    """A setting as one value of an address, under a label if it has one."""
    return urlencode({**({"label": label} if label else {}), **setting.query}, doseq=True)


def given_in(text: str) -> tuple[str, Setting]:
    """The label, if any, and the setting that an address asks for by one value (`value_of`).

    Raises `ScenarioError` where it names no scenario.
    """
    query = parse_qs(text, max_num_fields=_MOST_FIELDS)
    setting = Setting.of_query(query)
    if setting is None:
        raise ScenarioError([Problem("", None, "setting", f"names no scenario (got {shown(text)})")])
    return query.get("label", [""])[-1], setting


@dataclass(frozen=True)
class Faults:
    """What stands in the way of a comparison: of single variants, by their place, and of them together."""

    single: Mapping[int, ScenarioError]
    together: Sequence[str]

    def __bool__(self) -> bool:
        return bool(self.single or self.together)


def faults_of(variants: Sequence[Variant]) -> Faults:
    """Why these cannot be compared, if they cannot."""
    single: dict[int, ScenarioError] = {}
    for place, variant in enumerate(variants):
        try:
            _refuse_unplayed(variant)
            _ = variant.setting.scenario
        except ScenarioError as error:
            single[place] = error
    together = []
    if len(variants) < 2:
        together.append("One setting only: add another to compare it with.")
    if len(variants) > MOST:
        together.append(f"At most {MOST} settings are compared at once (got {len(variants)}).")
    alike = _alike([None if place in single else each for place, each in enumerate(variants)])
    together += [
        f"Settings {one + 1} and {other + 1} are the same market: change one of the two, or remove it."
        for other, one in alike.items()
    ]
    labels = [variant.label for place, variant in enumerate(variants) if place not in alike]
    together += [
        f"Two settings have the label {shown(label)}: each needs its own."
        for label in dict.fromkeys(labels)
        if labels.count(label) > 1
    ]
    return Faults(single, together)


def _alike(variants: Sequence[Variant | None]) -> dict[int, int]:
    """By place, the place of an earlier one that is the same market; None stands for what is no market."""
    seen: dict[str, int] = {}
    alike = {}
    for place, variant in enumerate(variants):
        if variant is None:
            continue
        first = seen.setdefault(played_text(variant.setting.scenario, str), place)
        if first != place:
            alike[place] = first
    return alike


def _refuse_unplayed(variant: Variant) -> None:
    for override in variant.setting.overrides:
        step = override.partition("=")[0].strip().partition(".")[0]
        if step in ("seed", "replications"):
            message = f"is the same for all settings; state it above them (got {shown(override)})"
            raise ScenarioError([Problem("", None, step, message)])
        if step in NOT_PLAYED:
            message = f"changes nothing of what is played (got {shown(override)})"
            raise ScenarioError([Problem("", None, step, message)])


def sweep_of(variants: Sequence[Variant], seed: int, replications: int) -> dict[str, Any]:
    """The content of a sweep file with one design point for each variant.

    Every field that one of them changes stands there for all: as a variant changes it or, else, as its
    scenario states it. Raises `ScenarioError` for a variant that cannot be read.
    """
    read = [_Read.of(variant.setting) for variant in variants]
    labels = [variant.label for variant in variants]
    columns = {dotted(steps): _levels(labels, [each.level(steps) for each in read]) for steps in _moved(read)}
    sources = dict(zip(labels, (variant.setting.source for variant in variants), strict=True))
    bases: dict[str, Any] = {SCENARIO: {"alternatives": sources}}
    return {
        "name": f"{'-'.join(dict.fromkeys(each.name for each in read))}-settings",
        "title": " against ".join(labels),
        "seed": seed,
        "replications": replications,
        "factors": {_FACTOR: {"paired": bases | columns}} if columns else bases,
    }


@dataclass(frozen=True, slots=True)
class _Read:
    """What a scenario states before it is changed and after, and the ways to what is changed."""

    name: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    ways: tuple[Steps, ...]

    @classmethod
    def of(cls, setting: Setting) -> _Read:
        base = read_base(setting.source)
        changes = [Change.of_text(override) for override in setting.overrides]
        ways = tuple(_whole(change.steps) for change in changes)
        return cls(base.name, base.document().data, base.document(changes).data, ways)

    def has(self, steps: Steps) -> bool:
        """Whether something can be stated there: it states it, or what it has cleared there."""
        if _at(self.after, steps) is not _NOTHING:
            return True
        above = (steps[:end] for end in range(1, len(steps)))
        replaced = any(_is_another(_at(self.before, way), _at(self.after, way)) for way in above)
        return not replaced and _at(self.before, steps) is not _NOTHING

    def level(self, steps: Steps) -> Any:
        """What makes of what is there before what is there after; None clears."""
        return _set(_at(self.before, steps), _at(self.after, steps))


_NOTHING: Final = object()


def _at(value: Any, steps: Steps) -> Any:
    """What is at the end of a way."""
    for step in steps:
        value = value.get(step, _NOTHING) if isinstance(value, Mapping) else _NOTHING
    return value


def _set(before: Any, after: Any) -> Any:
    if after is _NOTHING:
        return None
    if _is_another(before, after):
        return after
    inner = {name: _set(before.get(name, _NOTHING), value) for name, value in after.items()}
    return inner | dict.fromkeys(before.keys() - after.keys())


def _is_another(before: Any, after: Any) -> bool:
    """Whether what is there after takes the place of what was there, and is not merged into it."""
    if not (isinstance(before, Mapping) and isinstance(after, Mapping)):
        return True
    return any(before.get(name) != after.get(name) for name in DISCRIMINATORS)


def _whole(steps: Steps) -> Steps:
    """The field itself or, of what is in a list or stands for all entries, the whole list or mapping."""
    end = next((place for place, step in enumerate(steps) if step == EVERY or isinstance(step, int)), None)
    return steps if end is None else steps[:end]


def _moved(read: Sequence[_Read]) -> list[Steps]:
    """The fields that move together: those that any variant changes or, where another one has no such field,
    what they are in. Those that say which alternative is meant come before its others."""
    ways: dict[Steps, None] = {}
    for steps in (way for each in read for way in each.ways):
        while len(steps) > 1 and not all(each.has(steps) for each in read):
            steps = steps[:-1]
        ways[steps] = None
    return sorted(
        (steps for steps in ways if not any(steps[:end] in ways for end in range(1, len(steps)))),
        key=lambda steps: (len(steps), steps[-1] not in DISCRIMINATORS),
    )


def _levels(labels: Sequence[str], values: Sequence[Any]) -> Any:
    """The values themselves where a table can tell them apart by what they are, else by the labels."""
    plain = all(isinstance(value, bool | int | float | str) for value in values)
    if plain and len({shown(value) for value in values}) == len(values):
        return list(values)
    return {"alternatives": dict(zip(labels, values, strict=True))}


def plan_of(variants: Sequence[Variant], content: Mapping[str, Any]) -> Plan:
    """The sweep, ready to be played, each of its points being what its variant asks for.

    Raises `ScenarioError` where it cannot be had, or where a point would be another market.
    """
    plan = prepare(Request(content))
    for number, variant in enumerate(variants):
        asked = played_text(variant.setting.scenario, str)
        if played_text(plan.point(number).scenario, str) != asked:
            message = "what this setting changes cannot be one point of a sweep; put it in a scenario file"
            raise ScenarioError([Problem("", None, variant.label, message)])
    return plan
