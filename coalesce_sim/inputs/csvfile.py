"""The one reader of CSV files: rows by column name, and each refusal with file, line and column.

Cells are separated by commas and quoted by ``"``; spaces and tabs around them do not count. A number has
ASCII digits, at most one point and no other sign than ``+``, ``-`` and ``e``. Line ends may be those of any
system, a byte-order mark may stand before the first line, and empty lines are passed over.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from itertools import islice

from coalesce_sim.files import Content
from coalesce_sim.scenario.distributions import misfit
from coalesce_sim.scenario.problems import Problem, ScenarioError, shortened, shown
from coalesce_sim.scenario.reading import read_content

MOST_BYTES = 1_000_000_000
MOST_PROBLEMS = 20

_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?", re.ASCII)
_LINE_END = re.compile(rb"\r\n?|\n")
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, slots=True)
class Row:
    """The cells of a row by the names of the header, and the line on which it begins, counted from 1."""

    file: str
    line: int
    cells: dict[str, str]

    def error(self, column: str, message: str) -> ScenarioError:
        """A refusal of what stands in a column, or of the row as a whole where the column is empty."""
        return ScenarioError([Problem(self.file, self.line, column, message)])

    def text(self, column: str) -> str:
        """What stands in a column. Raises ScenarioError where nothing does."""
        text = self.cells[column]
        if not text:
            raise self.error(column, "missing")
        return text

    def amount(self, column: str, *, positive: bool = False) -> float:
        """The number >= 0, or > 0, that stands in a column. Raises ScenarioError."""
        text = self.text(column)
        if not is_number(text):
            raise self.error(column, f"must be a number (got {shown(text)})")
        value = float(text) + 0.0  # -0.0 is 0
        if message := misfit(value, positive=positive):
            raise self.error(column, f"{message} (got {shown(text)})")
        return value

    def amount_or_nan(self, column: str) -> float:
        """The number >= 0 that stands in a column, NaN where nothing does. Raises ScenarioError."""
        return self.amount(column) if self.cells[column] else math.nan

    def whole(self, column: str) -> int:
        """The whole number >= 0 that stands in a column. Raises ScenarioError."""
        value = self.amount(column)
        if not value.is_integer():
            raise self.error(column, f"must be a whole number (got {shown(self.cells[column])})")
        return int(value)


def is_number(text: str) -> bool:
    """Whether a cell holds a number, be it finite or not."""
    return _NUMBER.fullmatch(text) is not None


def read_text(file: str, place: str, hint: str = "") -> str:
    """The whole text of a CSV file, of one reading of its bytes. As `read_whole`; raises ScenarioError."""
    return decoded(file, read_whole(file, place, hint).data)


def read_whole(file: str, place: str, hint: str = "") -> Content:
    """The bytes of a file, and their digest.

    `place` is the field of the scenario that names the file; `hint` ends the message where there is no such
    file. Raises ScenarioError.
    """
    try:
        return read_content(file, MOST_BYTES)
    except OSError as error:
        known_cure = hint if isinstance(error, FileNotFoundError) else ""
        problem = Problem("", None, place, f"{file}: {error.strerror}{known_cure}")
        raise ScenarioError([problem]) from None


def decoded(file: str, content: bytes) -> str:
    """The text of a CSV file. Raises ScenarioError where it is not UTF-8."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = len(_LINE_END.findall(content, 0, error.start)) + 1
        utf_16 = ", as UTF-16 begins; save the file as UTF-8" if content[:2] in _UTF_16 else ""
        message = f"must be UTF-8 text (got the byte {content[error.start]:#x}{utf_16})"
        raise ScenarioError([Problem(file, line, "", message)]) from None


def read_rows(
    file: str,
    place: str,
    text: str,
    columns: Collection[str],
    take: Callable[[Row], None],
    limit: int | None = None,
) -> list[Problem]:
    """Hand every row, or the first `limit`, to `take`; what is wrong with the file, up to 20 problems.

    `take` may raise ScenarioErrors. The header must have all `columns`, each once, and may have others.
    `place` is the field of the scenario that names the file.
    """
    problems: list[Problem] = []
    count = 0
    try:
        lines = _lines(file, text)
        header = _header(file, next(lines, (1, []))[1], columns)
        for line, cells in islice(lines, limit):
            count += 1
            row = Row(file, line, dict(zip(header, cells, strict=False)))
            try:
                if len(cells) != len(header):
                    got = f"{len(cells)}: {shortened(','.join(cells))}"
                    raise row.error("", f"must have {len(header)} cells as the header has (got {got})")
                take(row)
            except ScenarioError as error:
                problems += error.problems
            if len(problems) >= MOST_PROBLEMS:
                break
    except ScenarioError as error:
        problems += error.problems
    if count or problems:
        return problems
    return [Problem("", None, place, f"{file}: has no rows")]


def header_of(file: str, text: str) -> list[str]:
    """The names of the columns, as they stand in the first row. Raises ScenarioError."""
    return next(_lines(file, text), (1, []))[1]


def line_of_row(file: str, text: str, row: int) -> int:
    """The line on which a row begins, rows counted from 0 without the header. Raises ScenarioError."""
    return next(islice(_lines(file, text), row + 1, None))[0]


def _lines(file: str, text: str) -> Iterator[tuple[int, list[str]]]:
    """The cells of each row, the header's among them, and the line on which it begins."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    line = 1
    try:
        for cells in reader:
            if cells:
                yield line, [cell.strip(" \t") for cell in cells]
            line = reader.line_num + 1
    except csv.Error as error:
        raise ScenarioError([Problem(file, line, "", f"is no row of a CSV file: {error}")]) from None


def _header(file: str, names: list[str], columns: Collection[str]) -> list[str]:
    """The header, if it has all columns, and none of its names twice; unnamed columns are nobody's."""
    if missing := [name for name in columns if name not in names]:
        found = ", ".join(names) or "none"
        message = f"no such column (expected: {', '.join(columns)}; found: {found})"
        raise ScenarioError([Problem(file, 1, ", ".join(missing), message)])
    for name, times in Counter(names).items():
        if times > 1 and (name or name in columns):
            raise ScenarioError([Problem(file, 1, name, f"stands {times} times in the header")])
    return names
