"""What is asked of a scenario besides what it says: the smallest list of overrides that comes to it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from coalesce_sim.lab.controls.alike import same
from coalesce_sim.lab.controls.described import defaults_of, field_at, fields_in, required_of
from coalesce_sim.lab.controls.ways import covers, place_of, placed, stands_in
from coalesce_sim.lab.named_code import classes_in
from coalesce_sim.lab.named_files import refuse_far_overrides
from coalesce_sim.loading import resolve
from coalesce_sim.own_code import nothing_imported
from coalesce_sim.scenario.document import (
    DISCRIMINATORS,
    DISTRIBUTIONS,
    EVERY,
    Base,
    Change,
)
from coalesce_sim.scenario.problems import Mark, Problem, ScenarioError, Steps, dotted, shown
from coalesce_sim.scenario.schema import Scenario
from coalesce_sim.scenario.wording import flow

KIND: Final = "kind"
NOT_KNOWN: Final = object()


@dataclass(frozen=True, slots=True)
class Asked:
    """Changes by the way to each field, in the order of overrides; and texts that were refused, with why."""

    changes: Mapping[Steps, Any]
    refused: Mapping[str, Problem]


@dataclass(frozen=True, eq=False)
class Written:
    """A scenario as it is written: read once, to be played with changes. `content` is resolved."""

    base: Base
    scenario: Scenario
    content: dict[str, Any]

    @classmethod
    def of(cls, base: Base) -> Written:
        """The scenario of a base; no code of a user's own is executed. Raises `ScenarioError`."""
        with nothing_imported():
            scenario = resolve(base, ())
        return cls(base, scenario, scenario.resolved())

    def played(self, changes: Mapping[Steps, Any]) -> Scenario:
        """The scenario with changes; no code of a user's own is executed, and no data file from elsewhere is
        read that they name. Raises `ScenarioError`."""
        made = [Change.of_text(text) for text in self.texts(changes)]
        refuse_far_overrides(self.base.document(made))
        with nothing_imported():
            return resolve(self.base, made)

    def asked(self, texts: Iterable[str]) -> Asked:
        """What overrides ask for, each as ``--set`` takes it; later ones count.

        Refused are those that cannot be read, and those that name code which the scenario does not.
        """
        changes: dict[Steps, Any] = {}
        refused: dict[str, Problem] = {}
        for text in texts:
            try:
                change = Change.of_text(text)
                value = change.node.plain()
                self._refuse_code(change.steps, value)
            except ScenarioError as error:
                refused[text] = error.problems[0]
                continue
            changes = self.with_change(changes, change.steps, value)
        return Asked(changes, refused)

    def with_change(self, changes: Mapping[Steps, Any], steps: Steps, value: Any) -> dict[Steps, Any]:
        """The changes and one more, which takes the place of those that it covers; none is left of a value
        that the scenario has anyway. With another kind of a mapping the settings of the former one go."""
        changed = dict(changes)
        for way, part in self._parts(changed, steps, value):
            changed = self._put(changed, way, part)
        kept = {way: part for way, part in changed.items() if not self._says_nothing(changed, way)}
        return dict(sorted(kept.items(), key=lambda item: place_of(item[0])))

    def without(self, changes: Mapping[Steps, Any], steps: Steps) -> dict[Steps, Any]:
        """The changes but for those at or below a field, or of the mapping around it: it is as written."""
        gone = steps[:-1] if steps[-1:] == (KIND,) else steps
        return {way: value for way, value in changes.items() if not (covers(gone, way) or covers(way, steps))}

    def texts(self, changes: Mapping[Steps, Any]) -> tuple[str, ...]:
        """The changes as ``--set`` takes them. Of a mapping that the scenario leaves out and that cannot be
        stated in part, such as the weights of criteria, all is stated."""
        wholes: dict[Steps, Any] = {}
        for way, value in changes.items():
            around = self._left_out_around(changes, way)
            if around is None:
                wholes[way] = value
                continue
            start = self.said(changes, around)
            whole = wholes.get(around, start if isinstance(start, Mapping) else {})
            wholes[around] = placed(whole, way[len(around) :], value)
        return tuple(f"{dotted(way)}={flow(value)}" for way, value in wholes.items())

    def said(self, changes: Mapping[Steps, Any], steps: Steps) -> Any:
        """What a field is without a change of its own, by the kinds that are asked for; None: left out, and
        `NOT_KNOWN` what no single field is or what hangs on another change, as with a hardware profile."""
        content: Any = self.content
        for way, value in changes.items():
            around = way[:-1]
            if way == steps or not way or way[-1] not in DISCRIMINATORS or not covers(around, steps):
                continue
            field = field_at(content, around)
            if way[-1] != KIND or field is None:
                return NOT_KNOWN
            content = placed(content, around, defaults_of(field, value))
        field = field_at(content, steps)
        if field is None:
            return NOT_KNOWN
        return field.holds

    def is_uncertain(self, steps: Steps) -> bool:
        """Whether the scenario says that the number there is not known for certain."""
        section = self.content.get("uncertainty", {})
        return "sample" in section or dotted(steps) in section.get("inputs", {})

    def _refuse_code(self, steps: Steps, value: Any) -> None:
        own = {*classes_in(self.content)}
        for name in classes_in(placed({}, steps, value)):
            if name not in own:
                message = "names code, which is not executed when a link or a field asks for it"
                raise Mark(f"--set {dotted(steps)}", None).error(f"{message} (got {shown(name)})", steps)

    def _parts(self, changes: Mapping[Steps, Any], steps: Steps, value: Any) -> Iterator[tuple[Steps, Any]]:
        """The changes of single fields that the change of a mapping comes to, where it is merged."""
        if not isinstance(value, Mapping) or not value or value.keys() & DISTRIBUTIONS:
            yield steps, value
            return
        if named := [key for key in DISCRIMINATORS if key in value]:
            yield (*steps, named[0]), value[named[0]]
            changes = {**changes, (*steps, named[0]): value[named[0]]}
        elif not isinstance(self.said(changes, steps), Mapping):
            yield steps, value
            return
        for key, inner in value.items():
            if key not in named[:1]:
                yield from self._parts(changes, (*steps, key), inner)

    def _put(self, changes: Mapping[Steps, Any], steps: Steps, value: Any) -> dict[Steps, Any]:
        if steps[-1] in DISCRIMINATORS:
            around = steps[:-1]
            now = changes.get(steps, self.said({}, steps))
            if not same(now, value):
                changes = {way: each for way, each in changes.items() if not covers(around, way)}
        for way, whole in changes.items():
            if way != steps and covers(way, steps) and EVERY not in way and isinstance(whole, Mapping):
                return {**changes, way: placed(whole, steps[len(way) :], value)}
        kept = {way: each for way, each in changes.items() if not covers(steps, way)}
        return {**kept, steps: value}

    def _says_nothing(self, changes: Mapping[Steps, Any], steps: Steps) -> bool:
        value = changes[steps]
        if EVERY in steps:
            among = [each for each in fields_in(self.content) if covers(steps, each.steps, whole=True)]
            certain = not any(self.is_uncertain(each.steps) for each in among)
            return bool(among) and certain and all(same(value, each.holds) for each in among)
        if self.is_uncertain(steps) or any(EVERY in way and covers(way, steps) for way in changes):
            return False
        return same(value, self.said(changes, steps))

    def _left_out_around(self, changes: Mapping[Steps, Any], steps: Steps) -> Steps | None:
        """The outermost mapping around a field that the scenario's files leave out and that must be whole."""
        for end in range(1, len(steps)):
            around = steps[:end]
            if self._stands_in_file(changes, around):
                continue
            field = field_at(self._content_with_kinds(changes), around)
            if field is not None and required_of(field) and isinstance(self.said(changes, around), Mapping):
                return around
        return None

    def _content_with_kinds(self, changes: Mapping[Steps, Any]) -> dict[str, Any]:
        content: Any = self.content
        for way, value in changes.items():
            field = field_at(content, way[:-1]) if way[-1] == KIND else None
            if field is not None:
                content = placed(content, way[:-1], defaults_of(field, value))
        return dict(content)

    def _stands_in_file(self, changes: Mapping[Steps, Any], steps: Steps) -> bool:
        named = [way[:-1] for way in changes if way[-1] in DISCRIMINATORS]
        if any(covers(around, steps) and around != steps for around in named):
            return False
        return stands_in(self.base.root, steps)
