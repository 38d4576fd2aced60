"""From the text of a YAML file to a tree of values, each with the line it stands on."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from math import isinf, isnan
from typing import Any

import yaml

from coalesce_sim.scenario.problems import Mark, Problem, ScenarioError, Steps, shown

_SURROGATE = re.compile("[\ud800-\udfff]")

MAX_NODES = 1_000_000
MAX_DEPTH = 100

# Only events are taken from PyYAML, so its plainest loader will do: scalars are resolved here.
_LOADER: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)


@dataclass(slots=True)
class Node:
    """A value and its mark; children in lists and mappings are nodes too.

    One that is `cleared` was inherited and taken away; it is there only to say where.
    """

    value: Any
    mark: Mark
    cleared: bool = False

    def plain(self) -> Any:
        """The value as plain data."""
        if isinstance(self.value, dict):
            return {key: child.plain() for key, child in self.value.items() if not child.cleared}
        if isinstance(self.value, list):
            return [child.plain() for child in self.value]
        return self.value


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
    return number + 0.0  # -0.0 is 0


def whole_text(text: str) -> str:
    """The text. Raises ValueError for half a character, which can be put in no file."""
    if not text.isascii() and (half := _SURROGATE.search(text)):
        raise ValueError(f"half a character stands in the text (got {half.group()!r})")
    return text


@lru_cache(maxsize=4096)
def _means_a_value(text: str) -> bool:
    """Whether a plain scalar is anything but text; keys recur, and are looked at once."""
    return text in _CONSTANTS or any(pattern.fullmatch(text) for pattern in _NOT_TEXT)


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


class Builder:
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
        self.root: Node | None = None

    def build(self, text: str) -> Node | None:
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
            value = _scalar(event.value) if plain else whole_text(event.value)
        except ValueError as error:
            self.problems.append(mark.problem(self._path(), str(error)))
        self.anchors[event.anchor] = (value, 1, 0)
        return self._put(value, 1, 0, mark)

    def _take_key(self, text: str, plain: bool, mark: Mark) -> None:
        frame = self.stack[-1]
        if plain and text == "<<":
            message = "merge keys (<<) are not supported; use `extends`"
            self.problems.append(mark.problem(self._path(), message))
        elif plain and _means_a_value(text):
            message = f"keys must be text (got {text or 'an empty key'}); quote it"
            self.problems.append(mark.problem(self._path(), message))
        elif text in frame.items:
            first = frame.items[text].mark.line
            message = "duplicate key" + (f"; first at line {first}" if first else "")
            self.problems.append(mark.problem((*self._path(), text), message))
        try:
            frame.key, frame.key_mark = whole_text(text), mark
        except ValueError as error:
            raise self._error(mark, str(error)) from None

    def _put(self, value: Any, size: int, height: int, mark: Mark) -> None:
        """Add a finished value to what it stands in; an entry of a mapping is marked where its key is."""
        self._check_depth(height, mark)
        if not self.stack:
            self.root = Node(value, mark)
            return
        frame = self.stack[-1]
        frame.size += size
        frame.height = max(frame.height, height + 1)
        if frame.size > MAX_NODES:
            raise self._error(mark, f"holds more than {MAX_NODES:,} values once aliases are written out")
        if frame.key is None or frame.key_mark is None:
            frame.items.append(Node(value, mark))
        else:
            frame.items.setdefault(frame.key, Node(value, frame.key_mark))
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
