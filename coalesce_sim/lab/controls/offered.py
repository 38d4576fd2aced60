"""The controls of a scenario at hand: the fields that matter in it, each with what it may be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from coalesce_sim.lab.controls.alike import same
from coalesce_sim.lab.controls.catalogue import entry_for, entry_of_policy, place_in_catalogue
from coalesce_sim.lab.controls.changes import KIND, Written
from coalesce_sim.lab.controls.described import Field, field_at, fields_in
from coalesce_sim.lab.controls.entries import CHEATS, Entry, Section
from coalesce_sim.lab.controls.idle import Idle
from coalesce_sim.lab.controls.kinds import can_be_any, hireable, kinds_around, kinds_for
from coalesce_sim.lab.controls.span import Span, span_of
from coalesce_sim.scenario.defences import Defences
from coalesce_sim.scenario.problems import Steps, dotted
from coalesce_sim.scenario.schema import Scenario

Sort = Literal["number", "whole", "choice", "flag"]
NOTHING: Final = ""
"""Stands for that nothing but a number may be."""

MOST_CHOICES: Final = 200
_NO_DEFENCES: Final = Defences().model_dump(mode="json", exclude_none=True)


@dataclass(frozen=True, slots=True)
class Control:
    """A field that can be moved: what it is called, what it is now and in the scenario, and what it may be.

    `label` has the unit in brackets, and the `owner` before it where several have such a field. `span` is of
    the slider, `least` and `most` what the schema allows (None: no end); a number without a span has a box
    only. `choices` are values with what each is. `instead` may stand in place of a number: None where it may
    be left out, a word such as ``unlimited``, or `NOTHING`.
    """

    steps: Steps
    section: Section
    label: str
    sort: Sort
    value: Any
    written: Any
    description: str
    owner: str
    further: bool
    span: Span | None = None
    least: float | None = None
    most: float | None = None
    choices: Mapping[Any, str] | None = None
    instead: str | None = NOTHING

    @property
    def path(self) -> str:
        """The way to the field as ``--set`` takes it."""
        return dotted(self.steps)

    @property
    def unit(self) -> str:
        """The unit of a number, empty where it has none."""
        return self.label.rpartition("(")[2].removesuffix(")") if self.label.endswith(")") else ""


def controls_of(written: Written, changes: Mapping[Steps, Any], played: Scenario) -> list[Control]:
    """The controls for a scenario with changes, section by section, the policy first.

    `played` is the scenario with them. What cannot be anything else in this scenario, or would change nothing
    there, is left out unless it has been changed; of fields that several contractors have the first is
    looked at for all.
    """
    content = played.resolved()
    idle = Idle(played)
    found: list[Control] = []
    first: dict[Steps, tuple[Control, bool]] = {}
    for entry, field in _entries(played, content):
        control = _control(written, changes, entry, entry.owner_at(field.steps, content), field)
        if control is None:
            continue
        alike = (*entry.way[:-1], field.steps[-1])
        if alike not in first:
            control = _clearable(written, changes, control)
            first[alike] = control, _matters(written, changes, control, field, idle)
        if first[alike][1] or field.steps in changes:
            found.append(
                control if control.value is None else replace(control, instead=first[alike][0].instead)
            )
    return found


def _clearable(written: Written, changes: Mapping[Steps, Any], control: Control) -> Control:
    """The control, without leave to state nothing where the scenario could not be played then."""
    if control.instead is not None or control.value is None:
        return control
    can = can_be_any(written, kinds_around(changes, control.steps), control.steps, (None,))
    return control if can else replace(control, instead=NOTHING)


def _matters(
    written: Written, changes: Mapping[Steps, Any], control: Control, field: Field, idle: Idle
) -> bool:
    if control.steps[-1] == KIND:
        return len(control.choices or ()) > 1 and not idle.now(field.steps)
    if not same(field.holds, field.default):  # so it can be other than by default
        return not idle.now(field.steps)
    others = tuple(_others(control))
    kinds = kinds_around(changes, control.steps)
    return can_be_any(written, kinds, control.steps, others) and not idle.at_each(field.steps, others)


def _entries(played: Scenario, content: dict[str, Any]) -> Iterator[tuple[Entry, Field]]:
    """The fields that are worth a control, section by section and as the catalogue has them."""
    places = [tuple(place.split(".")) for place, _ in played.policies]
    found: list[tuple[Entry, Field]] = []
    for field in fields_in(content):
        place = next((each for each in places if field.steps[: len(each)] == each), None)
        if place is None:
            entry = entry_for(field.steps)
        else:
            around = field_at(content, place)
            kind = around.value.get(KIND) if around is not None else None
            entry = None if field.steps == place else entry_of_policy(place, kind, field.steps)
        if entry is not None and _is_stated(entry, field, content):
            found.append((entry, field))
    yield from sorted(found, key=lambda each: place_in_catalogue(each[0]))


def _is_stated(entry: Entry, field: Field, content: dict[str, Any]) -> bool:
    """Whether it, or what it belongs to, is stated at all, where only that makes it worth a control."""
    if entry.section is CHEATS:
        return bool(content["adversaries"]) or content["defences"] != _NO_DEFENCES
    return not entry.if_stated or not same(field.holds, field.default)


def _control(
    written: Written, changes: Mapping[Steps, Any], entry: Entry, owner: str, field: Field
) -> Control | None:
    """The control of a field; None where what stands there is no single value that one could move."""
    said = written.said(changes, field.steps)

    def made(sort: Sort, **more: Any) -> Control:
        label, values = entry.label_at(field.steps, owner), (field.holds, said)
        return Control(
            field.steps, entry.section, label, sort, *values, field.description, owner, entry.further, **more
        )

    choices = _choices(written, field)
    if choices is not None:
        return made("choice", choices=choices)
    if field.flag:
        return made("flag")
    if field.number is None:
        return None
    instead = None if field.optional else next(iter(field.words), NOTHING)
    stands = isinstance(field.holds, int | float)
    if not stands and (instead == NOTHING or field.holds != instead):
        return None
    about = next((each for each in (said, field.holds) if isinstance(each, int | float)), None)
    span = span_of(field, about).at_least(field.holds if stands else about)
    ends = {"least": field.least, "most": field.most, "instead": instead}
    return made("whole" if field.whole else "number", span=None if entry.box_only else span, **ends)


def _choices(written: Written, field: Field) -> Mapping[Any, str] | None:
    """What may be chosen, where that is one of a few words."""
    if field.steps[-1] == KIND:
        return kinds_for(written, field.steps[:-1]) or None
    if field.steps[-1] == "contractor" and 0 < len(names := hireable(written)) <= MOST_CHOICES:
        return dict.fromkeys(names, "")
    if field.words and field.number is None and (field.value in field.words or field.value is None):
        return dict.fromkeys(field.words, "")
    return None


def _others(control: Control) -> list[Any]:
    """Values that the field might have in place of its own."""
    if control.choices is not None:
        candidates = list(control.choices)[:3]
    elif control.sort == "flag":
        candidates = [True, False]
    else:
        ends = [control.span.high, control.span.low] if control.span is not None else [2.0]
        candidates = [int(each) if control.sort == "whole" else each for each in ends]
    return [each for each in candidates if each != control.value]
