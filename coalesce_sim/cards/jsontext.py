"""The bytes of a card as plain data, read before anything else sees them and as strictly as JSON can be.

RFC 8259 leaves open what a name that stands twice means, and readers differ; Python's takes NaN for a number.
Here both are refused, as is whatever is too large, too deep or not to be printed.
"""

from __future__ import annotations

import json
import math
import unicodedata
from collections import Counter
from typing import Any, Final

from coalesce_sim.scenario.problems import Problem, ScenarioError, Steps, dotted, shortened, shown

MOST_BYTES: Final = 262_144
MOST_DEPTH: Final = 32
MOST_ENTRIES: Final = 1_000
"""Of a list or an object; what is wrong with each is told, and that takes time."""
MOST_CHARACTERS: Final = 20_000
"""Of a text, as many as a contractor's `text` may have."""
MOST_IN_A_LINE: Final = 200
"""Characters of what is a name, of a field too."""

_IN_TEXTS = "\n\r\t"


def read_data(file: str, content: bytes) -> tuple[dict[str, Any], list[Problem]]:
    """The JSON object in the bytes of a card, and all in it that must not be, each at its place.

    Raises ScenarioError where there is no such object.
    """
    if len(content) > MOST_BYTES:
        raise _refused(file, f"is {len(content):,} bytes long; the limit is {MOST_BYTES:,} bytes")
    try:
        value = json.loads(content.decode("utf-8"), object_pairs_hook=_Object)
    except UnicodeDecodeError as error:
        byte = content[error.start]
        raise _refused(file, f"is not UTF-8 text: byte 0x{byte:02x} at offset {error.start}") from None
    except json.JSONDecodeError as error:
        raise _refused(file, f"column {error.colno}: is not JSON: {error.msg}", line=error.lineno) from None
    except RecursionError:
        raise _refused(file, f"nests deeper than {MOST_DEPTH} levels") from None
    except ValueError:  # what Python says of whole numbers with thousands of digits
        raise _refused(file, "holds a number of thousands of digits") from None
    if not isinstance(value, _Object):
        raise _refused(file, f"must hold a JSON object (got {shown(value)})")
    walk = _Walk(file)
    data: dict[str, Any] | None = walk.plain(value, (), 1)
    if data is None:
        raise ScenarioError(walk.problems)
    return data, walk.problems


def misfit_of_text(text: str) -> str | None:
    """What is wrong with a text that may have several lines; None if nothing is."""
    return _misfit(text, MOST_CHARACTERS, several_lines=True)


def misfit_of_line(text: str) -> str | None:
    """What is wrong with a name or another text of one line; None if nothing is."""
    return _misfit(text, MOST_IN_A_LINE) or (None if text.strip() else "must not be empty")


def _misfit(text: str, most: int, *, several_lines: bool = False) -> str | None:
    if len(text) > most:
        return f"must have at most {most:,} characters (got {len(text):,})"
    if text.isprintable():
        return None
    for each in text:
        if not (each.isprintable() or (several_lines and _is_space(each))):
            return f"holds a character that is not to be printed (got {each!r})"
    return None


def _is_space(character: str) -> bool:
    return character in _IN_TEXTS or unicodedata.category(character) == "Zs"


def _refused(file: str, message: str, line: int | None = None) -> ScenarioError:
    return ScenarioError([Problem(file, line, "", message)])


class _Object(dict[str, Any]):
    """A JSON object that remembers which names stood in it more than once."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        self.repeated = [name for name, times in Counter(name for name, _ in pairs).items() if times > 1]


class _Walk:
    """Goes once through what was parsed, copies it and notes what is wrong."""

    def __init__(self, file: str) -> None:
        self._file = file
        self.problems: list[Problem] = []

    def plain(self, value: Any, path: Steps, depth: int) -> Any:
        """The value in plain dictionaries and lists; in place of what must not be there stands a null."""
        match value:
            case _Object() | list() if depth > MOST_DEPTH:
                self._refuse(path, f"nests deeper than {MOST_DEPTH} levels")
                return None
            case _Object() | list() if len(value) > MOST_ENTRIES:
                self._refuse(path, f"must have at most {MOST_ENTRIES:,} entries (got {len(value):,})")
                return None
            case _Object():
                for name in value.repeated:
                    self._refuse((*path, shortened(name)), "stands twice in one object")
                return {
                    name: self.plain(child, (*path, name), depth + 1)
                    for name, child in value.items()
                    if self._is_name(name, path)
                }
            case list():
                return [self.plain(child, (*path, index), depth + 1) for index, child in enumerate(value)]
            case str() if message := misfit_of_text(value):
                self._refuse(path, message)
                return None
            case str() | bool() | None:
                return value
            case _ if not _is_finite(value):
                self._refuse(path, f"must be a finite number (got {shown(value)})")
                return None
        return value

    def _is_name(self, name: str, path: Steps) -> bool:
        if message := misfit_of_line(name):
            self._refuse(path, f"the name of a field {message}")
        return message is None

    def _refuse(self, path: Steps, message: str) -> None:
        self.problems.append(Problem(self._file, None, dotted(path), message))


def _is_finite(number: float) -> bool:
    try:
        return math.isfinite(number)
    except OverflowError:  # a whole number beyond all floats
        return False
