"""A scenario as plain data, each value with the file and line it came from.

A file is parsed into a tree of nodes, the trees of the files it extends are merged under it, overrides are
merged on top, and the result is laid out as data and marks. What the values mean is the schema's business.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache, reduce
from pathlib import Path
from typing import Any

from coalesce_sim import bundled
from coalesce_sim.scenario.problems import Mark, Problem, ScenarioError, Steps, dotted, shortened, shown
from coalesce_sim.scenario.pythondata import from_python
from coalesce_sim.scenario.reading import read_bytes
from coalesce_sim.scenario.yamltext import MAX_DEPTH, Builder, Node

__all__ = [
    "DISCRIMINATORS",
    "DISTRIBUTIONS",
    "Base",
    "Change",
    "Document",
    "Mark",
    "read_base",
    "read_document",
    "read_plain",
    "steps_of",
]

DISTRIBUTIONS = frozenset(
    {
        "normal",
        "uniform",
        "lognormal",
        "exponential",
        "gamma",
        "weibull",
        "choice",
        "empirical",
        "mixture",
        *("at_hours", "trend", "walk", "csv"),
        "uncertain",
    }
)
"""Keys that name a distribution, how a number moves, or that it is not known for certain; a mapping with one
of them as its only key is that."""

UNCERTAIN = "uncertain"
"""The key of a distribution that stands in place of a number, to be drawn once a replication."""

RECORDS = "records"
"""The key of a mapping that stands in place of a success rate, to be taken from public records."""

DISCRIMINATORS = ("kind", "class", "profile")
"""Keys whose value says which alternative a mapping describes."""

_IN_PLACE_OF = {
    "groups": ("count",),
    "box": ("slots", "hardware"),
    "slots": ("box",),
    "hardware": ("box",),
}
"""Fields that take the place of others, which are then not inherited."""

EVERY = "*"
"""The step of a path that stands for every name, or number, there is."""

MAX_BYTES = 8_000_000

# Texts of up to so many characters are kept when they have been parsed; longer ones would fill the memory.
_SHORT = 50_000


@dataclass(frozen=True)
class Document:
    """A scenario after `extends` and overrides, not yet validated.

    `data` is the plain content of `root`. `name` is the file's stem, `sources` the file followed by those it
    extends, nearest first.
    """

    root: Node
    data: dict[str, Any]
    name: str
    sources: tuple[Path, ...]

    @cached_property
    def marks(self) -> dict[Steps, Mark]:
        """Where each value was written, containers included; the empty path is the whole."""
        found: dict[Steps, Mark] = {}
        _find_marks(self.root, (), found)
        return found

    def problem(self, path: Steps, message: str) -> Problem:
        """A problem with a field, where it or what is nearest around it was written.

        What is inherited is not what its user can mend: that is told at the line of the user's own field that
        the message names, if it names one.
        """
        ancestors = (path[:end] for end in range(len(path), -1, -1))
        mark = next(self.marks[each] for each in ancestors if each in self.marks)
        own = self._own_field_in(message) if mark.file in self._foreign else None
        if own is None:
            return mark.problem(path, message)
        return own.problem(path, f"{message}; inherited from {Path(mark.file).name}:{mark.line}")

    def _own_field_in(self, message: str) -> Mark | None:
        for name in _FIELD.findall(message):
            steps = tuple(name.split("."))
            mark = self.marks.get(steps)
            if mark is not None and mark.file not in self._foreign:
                return mark
        return None

    @property
    def extended(self) -> frozenset[str]:
        """The files that a user's scenario extends, as marks name them; none of one that is bundled."""
        own = self.marks[()].file
        return frozenset() if own in self._foreign else self._foreign

    @cached_property
    def _foreign(self) -> frozenset[str]:
        """The files that are not the user's own scenario: those that it extends, and bundled ones."""
        own = self.marks[()].file
        return frozenset(
            name for path in self.sources if (name := _display(path)) != own or bundled.holds(path)
        )


_Layer = tuple[Node, Path | None]
"""The content of one source, still with its `extends`, and the file it was read from."""


@dataclass(frozen=True, slots=True)
class Change:
    """A field of a scenario to set: the way to it, and the value with the place at which it was written."""

    steps: Steps
    node: Node

    @classmethod
    def of_text(cls, text: str) -> Change:
        """What ``path.to.field=value`` says; the value is YAML. Raises ScenarioError."""
        if not isinstance(text, str):
            raise Mark("--set", None).error(f"must be text (got {shown(text)})")
        path, equals, value = text.partition("=")
        if not equals:
            raise _no_path(text)
        steps = steps_of(path, text)
        mark = Mark(f"--set {path.strip()}", None)
        node = Builder(mark.file, numbered=False, within=steps).build(value)
        if node is None:
            raise mark.error("has no value; write null to clear the field")
        return cls(_checked(steps, mark), node)

    @classmethod
    def of_value(cls, steps: Steps, value: Any, mark: Mark) -> Change:
        """The field set to plain data. Raises ScenarioError."""
        return cls(_checked(steps, mark), from_python(value, steps, mark))


@dataclass(frozen=True, slots=True)
class Base:
    """A scenario after `extends`: read once, to be changed in many ways.

    `name` is the file's stem, `sources` the file followed by those it extends, nearest first.
    """

    root: Node
    name: str
    sources: tuple[Path, ...]

    def document(self, changes: Iterable[Change | str] = ()) -> Document:
        """The scenario with the changes, or overrides as text, made in turn.

        Raises ScenarioError with all problems of all of them.
        """
        merged = self.root
        problems: list[Problem] = []
        for each in changes:
            try:
                change = each if isinstance(each, Change) else Change.of_text(each)
                changed = _merge(merged, _overlay(merged, change.steps, change.node))
                merged = _made_certain(merged, changed, change.steps, change.node)
            except ScenarioError as error:
                problems.extend(error.problems)
        if problems:
            raise ScenarioError(problems)
        return Document(merged, merged.plain(), self.name, self.sources)


def read_base(source: str | Path | Mapping[str, Any]) -> Base:
    """Read a scenario and merge it over what it extends.

    `source` is a path, the name of a bundled scenario (text without slash and without `.yaml`), or the
    content itself. In a merge mappings merge key by key, null clears and anything else replaces; a mapping
    that names another alternative (`kind`, `class`, `profile`, a distribution) replaces too, and `groups`
    take the place of a `count`. A relative path in `extends` starts at the file that says it.

    Raises ScenarioError with all problems of the first source that cannot be read.
    """
    layers = _layers(source)
    files = tuple(file for _, file in layers if file is not None)
    merged = reduce(_extended, (root for root, _ in reversed(layers)))
    merged = Node({key: node for key, node in merged.value.items() if key != "extends"}, merged.mark)
    return Base(merged, "scenario" if isinstance(source, Mapping) else files[0].stem, files)


def read_document(source: str | Path | Mapping[str, Any], overrides: Sequence[str] = ()) -> Document:
    """Read a scenario as `read_base` does and apply the overrides in turn.

    An override reads ``path.to.field=value`` with a YAML value, as in ``contractors[2].price_usd=3``; ``*``
    stands for every name, ``[*]`` for every number, as in ``contractors.types.*.price_usd=3``.
    Raises ScenarioError with all problems of the first source that cannot be read, or of the overrides.
    """
    return read_base(source).document(overrides)


def read_plain(source: Path | Mapping[str, Any], file: str = "<sweep>") -> Document:
    """A YAML file, or content, that is no scenario and extends nothing. Raises ScenarioError.

    `file` is where to say that content was written.
    """
    if isinstance(source, Mapping):
        root = from_python(source, (), Mark(file, None))
        return Document(root, root.plain(), "sweep", ())
    root = _read_root(source, None)
    return Document(root, root.plain(), source.stem, (source,))


def _find_marks(node: Node, path: Steps, marks: dict[Steps, Mark]) -> None:
    marks[path] = node.mark
    if isinstance(node.value, dict):
        for key, child in node.value.items():
            _find_marks(child, (*path, key), marks)
    elif isinstance(node.value, list):
        for index, child in enumerate(node.value):
            _find_marks(child, (*path, index), marks)


def _layers(source: str | Path | Mapping[str, Any]) -> list[_Layer]:
    """The source and what it extends, from child to root."""
    if isinstance(source, Mapping):
        layers: list[_Layer] = [(from_python(source, (), Mark("<scenario>", None)), None)]
    else:
        path = _source_path(source)
        layers = [(_read_root(path, None), path)]
    chain = {file.resolve(): file for _, file in layers if file is not None}
    while (extends := layers[-1][0].value.get("extends")) is not None:
        path = _parent_path(extends, layers[-1][1])
        root = _read_root(path, extends.mark)
        if (found := path.resolve()) in chain:
            start = list(chain).index(found)
            circle = " -> ".join(map(_display, [*list(chain.values())[start:], chain[found]]))
            raise extends.mark.error(f"goes round in a circle: {circle}", ("extends",))
        chain[found] = path
        layers.append((root, path))
    return layers


def _source_path(source: str | Path) -> Path:
    if not isinstance(source, str | Path):
        raise Mark("", None).error(f"a scenario is a file, a name or a mapping (got {shown(source)})")
    try:
        return source if isinstance(source, Path) else _locate(source, Path())
    except LookupError as error:
        if os.path.exists(source):
            return Path(source)
        raise Mark("", None).error(str(error)) from None


def _parent_path(extends: Node, child: Path | None) -> Path:
    name = extends.value
    if not isinstance(name, str) or not name:
        raise extends.mark.error(f"must be the name or path of a scenario (got {shown(name)})", ("extends",))
    try:
        return _locate(name, Path() if child is None else child.parent)
    except LookupError as error:
        raise extends.mark.error(str(error), ("extends",)) from None


def _locate(name: str, folder: Path) -> Path:
    return folder / name if bundled.is_path(name) else bundled.find(name)


def _extended(parent: Node, child: Node) -> Node:
    return _made_certain(parent, _merge(parent, child), (), child)


def _merge(parent: Node, child: Node) -> Node:
    ours, theirs = child.value, parent.value
    if not (isinstance(ours, dict) and isinstance(theirs, dict)) or _names_another(theirs, ours):
        return child
    stated = {key for key, node in ours.items() if node.value is not None}
    replaced = {old for new, fields in _IN_PLACE_OF.items() if new in stated for old in fields}
    theirs = {key: node for key, node in theirs.items() if key not in replaced}
    both = {key: _inherited(theirs[key], node) for key, node in ours.items() if key in theirs}
    return Node(theirs | ours | both, child.mark)


def _inherited(parent: Node, child: Node) -> Node:
    """What becomes of a field that the parent has as well: null clears it."""
    return Node(None, child.mark, cleared=True) if child.value is None else _merge(parent, child)


def _made_certain(parent: Node, merged: Node, steps: Steps, stated: Node) -> Node:
    """What was merged of a parent and of what was `stated` at `steps`, in which the numbers that were stated
    are not drawn, though the parent had them uncertain: whoever states a number says what it is."""
    section = _entry(merged, "uncertainty")
    if _entry(parent, "uncertainty") is None or section is None or steps[:1] == ("uncertainty",):
        return merged
    own = None if steps else _entry(stated, "uncertainty")
    said = [dotted(path) for start in _ways(merged, steps) for path in _leaves(stated, start)]
    changed: dict[str, Node] = {}
    if (inputs := _entry(section, "inputs")) is not None:
        restated = _entry(own, "inputs")
        gone = set(said) - (set() if restated is None else restated.value.keys())
        kept = {path: node for path, node in inputs.value.items() if path not in gone}
        changed["inputs"] = Node(kept, inputs.mark)
    if "sample" in section.value and (own is None or "sample" not in own.value):
        before = section.value.get("fixed", Node([], stated.mark))
        fixed = [*(before.value or ()), *(Node(path, stated.mark) for path in said)]
        changed["fixed"] = Node(fixed, before.mark)
    return Node(merged.value | {"uncertainty": Node(section.value | changed, section.mark)}, merged.mark)


def _entry(node: Node | None, key: str) -> Node | None:
    """The mapping under a key of a mapping, if there is one."""
    found = node.value.get(key) if node is not None and isinstance(node.value, dict) else None
    return found if isinstance(found, Node) and isinstance(found.value, dict) else None


def _ways(node: Node | None, steps: Steps) -> Iterator[Steps]:
    """The steps, with every name and number there is in place of what stands for every one."""
    if not steps:
        yield ()
        return
    inside: Any = None if node is None else node.value
    among: dict[str | int, Node] = dict(enumerate(inside)) if isinstance(inside, list) else inside or {}
    every = steps[0] == EVERY and isinstance(inside, dict | list)
    for key in among if every else steps[:1]:
        there = among.get(key) if isinstance(inside, dict | list) else None
        yield from ((key, *rest) for rest in _ways(there, steps[1:]))


def _leaves(node: Node, path: Steps) -> Iterator[Steps]:
    """The ways to the numbers that a tree says, be they uncertain or not."""
    if path == ("uncertainty",):
        return
    if isinstance(node.value, dict) and _stands_for_number(node.value, path):
        yield path
    elif isinstance(node.value, dict):
        for key, child in node.value.items():
            yield from _leaves(child, (*path, key))
    elif isinstance(node.value, list):
        for index, child in enumerate(node.value):
            yield from _leaves(child, (*path, index))
    elif isinstance(node.value, int | float) and not isinstance(node.value, bool):
        yield path


def _stands_for_number(mapping: dict[str, Node], path: Steps) -> bool:
    return mapping.keys() == {UNCERTAIN} or (path[-1:] == ("success",) and RECORDS in mapping)


def _names_another(parent: dict[str, Node], child: dict[str, Node]) -> bool:
    """Whether the child names another alternative than the parent, whose settings make no sense in it."""
    for key in DISCRIMINATORS:
        if key in child and (key not in parent or parent[key].value != child[key].value):
            return True
    other_key = len(parent) == len(child) == 1 and parent.keys() != child.keys()
    return other_key and parent.keys() | child.keys() <= DISTRIBUTIONS


_FIELD = re.compile(r"[a-z_]+(?:\.[a-z_]+)*")
"""What may be the name of a field in a message."""

_NAME = r"[^.\[\]=]+"
_INDEX = r"\[(?:[0-9]{1,9}|\*)\]"
_OVERRIDE_PATH = re.compile(rf"{_NAME}(?:{_INDEX})*(?:\.{_NAME}(?:{_INDEX})*)*")


def steps_of(path: str, text: str) -> Steps:
    """The way that ``contractors[2].price_usd`` describes; `text` is what to show of it in an error."""
    path = path.strip()
    if not _OVERRIDE_PATH.fullmatch(path):
        raise _no_path(text)
    return tuple(int(s[1:]) if s[0] == "[" else s for s in re.findall(rf"\[[0-9]+|{_NAME}", path))


def _no_path(text: str) -> ScenarioError:
    message = "must look like path.to.field=value, as in contractors[2].price_usd=3"
    return Mark(f"--set {shortened(text)}", None).error(message)


def _checked(steps: Steps, mark: Mark) -> Steps:
    if steps[0] == "extends":
        raise mark.error("`extends` cannot be overridden; change it in the file")
    if len(steps) > MAX_DEPTH:
        raise mark.error(f"the path is more than {MAX_DEPTH} steps long")
    return steps


def _overlay(base: Node | None, steps: Steps, node: Node) -> Node:
    """What to merge over `base` to set the field at `steps`: mappings with the keys meant, lists whole."""
    if not steps:
        return node
    step, rest = steps[0], steps[1:]
    if step == EVERY and (base is None or not isinstance(base.value, dict) or EVERY not in base.value):
        return _overlay_all(base, rest, node)
    if isinstance(step, str):
        if base is None or not isinstance(base.value, dict):
            return Node({step: _overlay(None, rest, node)}, node.mark)
        entry = {step: _overlay(base.value.get(step), rest, node)}
        return Node(entry, node.mark if _names_another(base.value, entry) else base.mark)
    if base is None or not isinstance(base.value, list):
        raise node.mark.error(f"there is no list that [{step}] could be an item of")
    items = list(base.value)
    if step >= len(items):
        raise node.mark.error(f"there is no item [{step}]; the list has {len(items)}")
    items[step] = _merge(items[step], _overlay(items[step], rest, node))
    return Node(items, base.mark)


def _overlay_all(base: Node | None, rest: Steps, node: Node) -> Node:
    """What to merge over `base` to set a field of every entry of a mapping, or of every item of a list."""
    inside = None if base is None else base.value
    if base is None or not isinstance(inside, dict | list) or not inside:
        raise node.mark.error(f"there is nothing that {EVERY} could stand for")
    if isinstance(inside, list):
        return Node([_merge(item, _overlay(item, rest, node)) for item in inside], base.mark)
    entries = {key: child for key, child in inside.items() if not child.cleared}
    return Node({key: _overlay(child, rest, node) for key, child in entries.items()}, base.mark)


def _read_root(path: Path, asked_by: Mark | None) -> Node:
    file = _display(path)
    raw = _read_bytes(path, asked_by)
    try:
        text = raw.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        at = error.start
        mark = Mark(file, raw.count(b"\n", 0, at) + 1)
        raise mark.error(f"is not UTF-8 text: byte 0x{raw[at]:02x} at offset {at}") from None
    node = (_built if len(text) <= _SHORT else _built.__wrapped__)(file, text)
    if node is None:
        raise Mark(file, None).error("is empty; a scenario is a mapping of fields")
    if not isinstance(node.value, dict):
        got = "a list" if isinstance(node.value, list) else shown(node.value)
        raise node.mark.error(f"a scenario must be a mapping of fields (got {got})")
    return node


@lru_cache(maxsize=64)
def _built(file: str, text: str) -> Node | None:
    """The tree of a text, which nobody changes: profiles that everything extends are parsed once."""
    return Builder(file).build(text)


def _read_bytes(path: Path, asked_by: Mark | None) -> bytes:
    """The file's content; what stands in the way is told at the `extends` that asked for it, if one did."""
    try:
        return read_bytes(path, MAX_BYTES)
    except OSError as error:
        trouble = str(error.strerror)
        if isinstance(error, FileNotFoundError) and (hint := bundled.close(path.stem)):
            trouble += f"; did you mean the bundled scenario {hint[0]!r}?"
    if asked_by is None:
        raise Mark(_display(path), None).error(trouble)
    raise asked_by.error(f"{_display(path)}: {trouble}", ("extends",))


def _display(path: Path) -> str:
    """The path as given, but relative if it lies below the working directory."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)
