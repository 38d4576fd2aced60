"""A scenario as plain data, each value with the file and line it came from.

A file is parsed into a tree of nodes, the trees of the files it extends are merged under it, overrides are
merged on top, and the result is laid out as data and marks. What the values mean is the schema's business.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import reduce
from math import isinf, isnan
from pathlib import Path
from typing import Any

import yaml

from coalesce_sim import bundled
from coalesce_sim.scenario.problems import Mark, Problem, ScenarioError, Steps, shortened, shown

__all__ = ["DISCRIMINATORS", "DISTRIBUTIONS", "Document", "Mark", "read_document"]

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
    }
)
"""Keys that name a distribution; a mapping with one of them as its only key is that distribution."""

DISCRIMINATORS = ("kind", "class")
"""Keys whose value says which alternative a mapping describes."""

MAX_BYTES = 8_000_000
MAX_NODES = 1_000_000
MAX_DEPTH = 100

# Only events are taken from PyYAML, so its plainest loader will do: scalars are resolved here.
_LOADER: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


@dataclass(frozen=True, slots=True)
class Document:
    """A scenario after `extends` and overrides, not yet validated.

    `marks` has an entry for each value of `data`, containers included; the empty path is the whole. `name` is
    the file's stem, `sources` the file followed by those it extends, nearest first.
    """

    data: dict[str, Any]
    marks: dict[Steps, Mark]
    name: str
    sources: tuple[Path, ...]


@dataclass(slots=True)
class _Node:
    """A value and its mark; children in lists and mappings are nodes too."""

    value: Any
    mark: Mark


_Layer = tuple[_Node, Path | None]
"""The content of one source, still with its `extends`, and the file it was read from."""


def read_document(source: str | Path | Mapping[str, Any], overrides: Sequence[str] = ()) -> Document:
    """Read a scenario, merge it over what it extends and apply the overrides in turn.

    `source` is a path, the name of a bundled scenario (text without slash and without `.yaml`), or the
    content itself. An override reads ``path.to.field=value`` with a YAML value, as in
    ``contractors[2].price_usd=3``. In a merge mappings merge key by key and anything else replaces; a mapping
    that names another alternative (`kind`, `class`, a distribution) replaces too. A relative path in
    `extends` starts at the file that says it.

    Raises ScenarioError with all problems of the first source that cannot be read, or of the overrides.
    """
    layers = _layers(source)
    files = tuple(file for _, file in layers if file is not None)
    merged = reduce(_merge, (root for root, _ in reversed(layers)))
    merged.value.pop("extends", None)
    problems: list[Problem] = []
    for override in overrides:
        try:
            merged = _override(merged, override)
        except ScenarioError as error:
            problems.extend(error.problems)
    if problems:
        raise ScenarioError(problems)
    marks: dict[Steps, Mark] = {}
    data = _lay_out(merged, (), marks)
    name = "scenario" if isinstance(source, Mapping) else files[0].stem
    return Document(data, marks, name, files)


def _lay_out(node: _Node, path: Steps, marks: dict[Steps, Mark]) -> Any:
    marks[path] = node.mark
    if isinstance(node.value, dict):
        return {key: _lay_out(child, (*path, key), marks) for key, child in node.value.items()}
    if isinstance(node.value, list):
        return [_lay_out(child, (*path, index), marks) for index, child in enumerate(node.value)]
    return node.value


def _layers(source: str | Path | Mapping[str, Any]) -> list[_Layer]:
    """The source and what it extends, from child to root."""
    if isinstance(source, Mapping):
        layers: list[_Layer] = [(_from_python(source, (), Mark("<scenario>", None)), None)]
    else:
        path = _source_path(source)
        layers = [(_read_root(path, None), path)]
    while (extends := layers[-1][0].value.get("extends")) is not None:
        path = _parent_path(extends, layers[-1][1])
        root = _read_root(path, extends.mark)
        chain = [file for _, file in layers if file is not None]
        for start, file in enumerate(chain):
            if file.resolve() == path.resolve():
                circle = " -> ".join(map(_display, [*chain[start:], file]))
                raise extends.mark.error(f"goes round in a circle: {circle}", ("extends",))
        layers.append((root, path))
    return layers


def _source_path(source: str | Path) -> Path:
    try:
        return source if isinstance(source, Path) else _locate(source, Path())
    except LookupError as error:
        if os.path.exists(source):
            return Path(source)
        raise Mark("", None).error(str(error)) from None


def _parent_path(extends: _Node, child: Path | None) -> Path:
    name = extends.value
    if not isinstance(name, str) or not name:
        raise extends.mark.error(f"must be the name or path of a scenario (got {shown(name)})", ("extends",))
    try:
        return _locate(name, Path() if child is None else child.parent)
    except LookupError as error:
        raise extends.mark.error(str(error), ("extends",)) from None


def _locate(name: str, folder: Path) -> Path:
    is_path = "/" in name or os.sep in name or name.endswith((".yaml", ".yml"))
    return folder / name if is_path else bundled.find(name)


def _merge(parent: _Node, child: _Node) -> _Node:
    ours, theirs = child.value, parent.value
    if not (isinstance(ours, dict) and isinstance(theirs, dict)) or _names_another(theirs, ours):
        return child
    both = {key: _merge(theirs[key], node) for key, node in ours.items() if key in theirs}
    return _Node(theirs | ours | both, child.mark)


def _names_another(parent: dict[str, _Node], child: dict[str, _Node]) -> bool:
    """Whether the child names another alternative than the parent, whose settings make no sense in it."""
    for key in DISCRIMINATORS:
        if key in child and (key not in parent or parent[key].value != child[key].value):
            return True
    other_key = len(parent) == len(child) == 1 and parent.keys() != child.keys()
    return other_key and parent.keys() | child.keys() <= DISTRIBUTIONS


_NAME = r"[^.\[\]=]+"
_INDEX = r"\[[0-9]{1,9}\]"
_OVERRIDE_PATH = re.compile(rf"{_NAME}(?:{_INDEX})*(?:\.{_NAME}(?:{_INDEX})*)*")


def _override(root: _Node, text: str) -> _Node:
    path, equals, value = text.partition("=")
    path = path.strip()
    if not equals or not _OVERRIDE_PATH.fullmatch(path):
        message = "must look like path.to.field=value, as in contractors[2].price_usd=3"
        raise Mark(f"--set {shortened(text)}", None).error(message)
    mark = Mark(f"--set {path}", None)
    steps = tuple(int(s[1:]) if s[0] == "[" else s for s in re.findall(rf"\[[0-9]+|{_NAME}", path))
    if steps[0] == "extends":
        raise mark.error("`extends` cannot be overridden; change it in the file")
    if len(steps) > MAX_DEPTH:
        raise mark.error(f"the path is more than {MAX_DEPTH} steps long")
    node = _Builder(mark.file, numbered=False, within=steps).build(value)
    if node is None:
        raise mark.error("has no value; write null to clear the field")
    return _merge(root, _overlay(root, steps, node))


def _overlay(base: _Node | None, steps: Steps, node: _Node) -> _Node:
    """What to merge over `base` to set the field at `steps`: mappings with one key each, lists whole."""
    if not steps:
        return node
    step, rest = steps[0], steps[1:]
    if isinstance(step, str):
        if base is None or not isinstance(base.value, dict):
            return _Node({step: _overlay(None, rest, node)}, node.mark)
        entry = {step: _overlay(base.value.get(step), rest, node)}
        return _Node(entry, node.mark if _names_another(base.value, entry) else base.mark)
    if base is None or not isinstance(base.value, list):
        raise node.mark.error(f"there is no list that [{step}] could be an item of")
    items = list(base.value)
    if step >= len(items):
        raise node.mark.error(f"there is no item [{step}]; the list has {len(items)}")
    items[step] = _merge(items[step], _overlay(items[step], rest, node))
    return _Node(items, base.mark)


def _read_root(path: Path, asked_by: Mark | None) -> _Node:
    file = _display(path)
    raw = _read_bytes(path, asked_by)
    try:
        text = raw.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        at = error.start
        mark = Mark(file, raw.count(b"\n", 0, at) + 1)
        raise mark.error(f"is not UTF-8 text: byte 0x{raw[at]:02x} at offset {at}") from None
    node = _Builder(file).build(text)
    if node is None:
        raise Mark(file, None).error("is empty; a scenario is a mapping of fields")
    if not isinstance(node.value, dict):
        got = "a list" if isinstance(node.value, list) else shown(node.value)
        raise node.mark.error(f"a scenario must be a mapping of fields (got {got})")
    return node


def _read_bytes(path: Path, asked_by: Mark | None) -> bytes:
    """The file's content; what stands in the way is told at the `extends` that asked for it, if one did."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            kind = "a directory" if stat.S_ISDIR(status.st_mode) else "a device or pipe"
            trouble = f"is {kind}, not a scenario file"
        elif status.st_size > MAX_BYTES:
            trouble = f"is {status.st_size:,} bytes long; the limit is {MAX_BYTES:,} bytes"
        else:
            return path.read_bytes()
    except FileNotFoundError:
        hint = bundled.close(path.stem)
        trouble = "no such file" + (f"; did you mean the bundled scenario {hint[0]!r}?" if hint else "")
    except (OSError, ValueError) as error:  # ValueError: a NUL character in the name
        trouble = f"cannot be read: {getattr(error, 'strerror', None) or error}"
    if asked_by is None:
        raise Mark(_display(path), None).error(trouble)
    raise asked_by.error(f"{_display(path)}: {trouble}", ("extends",))


def _display(path: Path) -> str:
    """The path as given, but relative if it lies below the working directory."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


def _from_python(value: Any, path: Steps, mark: Mark) -> _Node:
    if len(path) > MAX_DEPTH:
        raise mark.error(f"nests deeper than {MAX_DEPTH} levels")
    if isinstance(value, Mapping):
        for key in value:
            if not isinstance(key, str):
                raise mark.error(f"keys must be text (got {shown(key)})", path)
        return _Node({key: _from_python(child, (*path, key), mark) for key, child in value.items()}, mark)
    if isinstance(value, list | tuple):
        return _Node([_from_python(child, (*path, i), mark) for i, child in enumerate(value)], mark)
    if isinstance(value, float) and isnan(value):
        raise mark.error("nan is not a value a scenario can hold", path)
    return _Node(value, mark)


_CONSTANTS: dict[str, Any] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INT = re.compile(r"[-+]?\d+|0o[0-7]+|0x[\da-fA-F]+", re.ASCII)
_FINITE = r"[-+]?(\.\d+|\d+(\.\d*)?)([eE][-+]?\d+)?"
_FLOAT = re.compile(_FINITE + r"|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)", re.ASCII)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_TIME = re.compile(_DATE.pattern + r"[Tt ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[-+]\d\d:?\d\d)?", re.ASCII)
_NOT_TEXT = (_INT, _FLOAT, _DATE, _TIME)


def _scalar(text: str) -> Any:
    """The value of a plain scalar by the core schema of YAML 1.2, plus dates and times.

    Raises ValueError with a message for the user if the text looks like a value that there is not.
    """
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    try:
        if _INT.fullmatch(text):
            return int(text, {"0o": 8, "0x": 16}.get(text[:2], 10))
        if _DATE.fullmatch(text):
            return date.fromisoformat(text)
        if _TIME.fullmatch(text):
            return datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"not a valid number, date or time (got {shown(text)})") from None
    if not _FLOAT.fullmatch(text):
        return text
    number = float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
    if isnan(number):
        raise ValueError("nan is not a value a scenario can hold")
    if isinf(number) and text[-1] not in "fF":
        raise ValueError(f"too large for a number (got {shown(text)})")
    return number


@dataclass(slots=True)
class _Open:
    """A list or mapping that has not ended yet; `size` and `height` count it with aliases written out."""

    items: Any
    mark: Mark
    anchor: str | None
    key: str | None = None
    key_mark: Mark | None = None
    size: int = 1
    height: int = 1


class _Builder:
    """Builds the tree of one YAML text from the parser's events, on a stack that no nesting can overflow.

    An alias shares the value of its anchor, so nothing multiplies before size and depth have been checked.
    """

    def __init__(self, file: str, *, numbered: bool = True, within: Steps = ()) -> None:
        self.file = file
        self.numbered = numbered
        self.within = within
        self.problems: list[Problem] = []
        self.stack: list[_Open] = []
        # The value, size and height of each anchor; what has no anchor goes under None and is not looked up.
        self.anchors: dict[str | None, tuple[Any, int, int]] = {}
        self.root: _Node | None = None

    def build(self, text: str) -> _Node | None:
        """The root, None for nothing but blanks and comments. Raises ScenarioError with all problems."""
        if strange := yaml.reader.Reader.NON_PRINTABLE.search(text):
            mark = self._mark(text.count("\n", 0, strange.start()))
            raise self._error(mark, f"the character {strange.group()!r} is not allowed in YAML")
        try:
            for event in yaml.parse(text, Loader=_LOADER):
                self._take(event)
        except yaml.YAMLError as error:
            raise self._syntax_error(error) from None
        if self.problems:
            raise ScenarioError(self.problems)
        return self.root

    def _take(self, event: Any) -> None:
        mark = self._mark(event.start_mark.line)
        if isinstance(event, yaml.NodeEvent):
            self._check_node(event, mark)
        match event:
            case yaml.ScalarEvent():
                self._take_scalar(event, event.style in (None, ""), mark)
            case yaml.AliasEvent():
                self._put(*self.anchors[event.anchor], mark)
            case yaml.CollectionStartEvent():
                items: Any = {} if isinstance(event, yaml.MappingStartEvent) else []
                self.stack.append(_Open(items, mark, event.anchor))
                self._check_depth(0, mark)
            case yaml.CollectionEndEvent():
                done = self.stack.pop()
                self.anchors[done.anchor] = (done.items, done.size, done.height)
                self._put(done.items, done.size, done.height, done.mark)
            case yaml.DocumentStartEvent() if self.root is not None:
                raise self._error(mark, "a second document starts here; a scenario file holds one")

    def _check_node(self, event: Any, mark: Mark) -> None:
        if isinstance(event, yaml.AliasEvent):
            if any(frame.anchor == event.anchor for frame in self.stack):
                raise self._error(mark, f"the alias *{event.anchor} stands inside what it refers to")
            if event.anchor not in self.anchors:
                raise self._error(mark, f"the alias *{event.anchor} has no anchor before it")
        elif event.tag is not None:
            tag = event.tag.replace("tag:yaml.org,2002:", "!!")
            raise self._error(mark, f"tags are not allowed (got {tag}); to mark text, quote it")
        if self._awaits_key() and not isinstance(event, yaml.ScalarEvent):
            raise self._error(mark, "keys must be text (got an alias, a list or a mapping)")

    def _take_scalar(self, event: yaml.ScalarEvent, plain: bool, mark: Mark) -> None:
        if self._awaits_key():
            return self._take_key(event.value, plain, mark)
        value = event.value
        try:
            value = _scalar(event.value) if plain else event.value
        except ValueError as error:
            self.problems.append(mark.problem(self._path(), str(error)))
        self.anchors[event.anchor] = (value, 1, 0)
        return self._put(value, 1, 0, mark)

    def _take_key(self, text: str, plain: bool, mark: Mark) -> None:
        frame = self.stack[-1]
        if plain and text == "<<":
            message = "merge keys (<<) are not supported; use `extends`"
            self.problems.append(mark.problem(self._path(), message))
        elif plain and (text in _CONSTANTS or any(pattern.fullmatch(text) for pattern in _NOT_TEXT)):
            message = f"keys must be text (got {text or 'an empty key'}); quote it"
            self.problems.append(mark.problem(self._path(), message))
        elif text in frame.items:
            first = frame.items[text].mark.line
            message = "duplicate key" + (f"; first at line {first}" if first else "")
            self.problems.append(mark.problem((*self._path(), text), message))
        frame.key, frame.key_mark = text, mark

    def _put(self, value: Any, size: int, height: int, mark: Mark) -> None:
        """Add a finished value to what it stands in; an entry of a mapping is marked where its key is."""
        self._check_depth(height, mark)
        if not self.stack:
            self.root = _Node(value, mark)
            return
        frame = self.stack[-1]
        frame.size += size
        frame.height = max(frame.height, height + 1)
        if frame.size > MAX_NODES:
            raise self._error(mark, f"holds more than {MAX_NODES:,} values once aliases are written out")
        if frame.key is None or frame.key_mark is None:
            frame.items.append(_Node(value, mark))
        else:
            frame.items.setdefault(frame.key, _Node(value, frame.key_mark))
            frame.key = frame.key_mark = None

    def _check_depth(self, height: int, mark: Mark) -> None:
        if len(self.stack) + height > MAX_DEPTH:
            raise self._error(mark, f"nests deeper than {MAX_DEPTH} levels")

    def _awaits_key(self) -> bool:
        return bool(self.stack) and isinstance(self.stack[-1].items, dict) and self.stack[-1].key is None

    def _path(self) -> Steps:
        """Where the next value goes; in a mapping that awaits a key, the mapping itself."""
        steps = (len(frame.items) if isinstance(frame.items, list) else frame.key for frame in self.stack)
        return (*self.within, *(step for step in steps if step is not None))

    def _mark(self, line: int) -> Mark:
        return Mark(self.file, line + 1 if self.numbered else None)

    def _error(self, mark: Mark, message: str) -> ScenarioError:
        """What was wrong so far, and this, which ends the reading."""
        return ScenarioError([*self.problems, mark.problem(self.within, message)])

    def _syntax_error(self, error: Any) -> ScenarioError:
        where, start = error.problem_mark, error.context_mark
        what = f"column {where.column + 1}: not valid YAML: {error.problem}"
        if start is not None and error.context and self.numbered:
            what += f" {error.context} that starts at line {start.line + 1}"
        return self._error(self._mark(where.line), what)
