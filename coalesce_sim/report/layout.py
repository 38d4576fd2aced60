"""Tables and texts that can be read at any width of a terminal."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

_GAP, _NARROW_GAP = 2, 1
"""Cells between two columns; a table has one at either side."""

_LEAST_KEY = 8
_PART_OF_HEADING = re.compile(r"\s+|(?<=\.)(?!\d)")
_CLAUSE = r"(?:[^.,:/(-]|[.,](?=\d))+[.,:/(-]*|[.,:/(-]+"
_PARTS = [re.compile(part) for part in (r"\S+\s*", _CLAUSE, r"[^_]+_*|_+")]
"""Words; parts of a word that end in punctuation; parts of these that end in an underscore."""

_HELD_TOGETHER = re.compile(r" (?=[%±])|(?<=±) ")
_HARD_SPACE = "\u00a0"


@dataclass(frozen=True, slots=True)
class Column:
    """A heading, of several lines perhaps, and what stands below it; figures are aligned right."""

    heading: str
    cells: Sequence[str]
    figures: bool = True

    @property
    def width(self) -> int:
        """Cells of a terminal that it takes."""
        return max(_width(text) for text in (self.heading, *self.cells))

    def narrowed(self, width: int) -> Column:
        """The same in lines of at most `width` cells, as far as there are places to break them."""
        return replace(
            self, heading=_broken(self.heading, width), cells=[_broken(cell, width) for cell in self.cells]
        )

    def with_short_heading(self) -> Column:
        """The same with a heading that is no wider than the figures or its longest part."""
        widest = max(map(_width, (*self.cells, *_PART_OF_HEADING.split(self.heading))))
        return replace(self, heading=_broken(self.heading, widest))


def print_columns(
    console: Console, keys: Sequence[Column], columns: Sequence[Column], styles: Sequence[str] = ()
) -> None:
    """Print a table whose rows are told by their `keys`; one too wide goes on below, with the keys again.

    Before that headings are broken, keys of more than half of the width where they have punctuation, and
    columns of single words move together. Below, rows that say nothing there are left out. `styles` has one
    for each row.
    """
    gap, styles = _GAP, list(styles) or [""] * len(keys[0].cells)
    if _needed(keys, columns) > console.width:
        columns = [column.with_short_heading() for column in columns]
        keys = _narrowed([key.with_short_heading() for key in keys], console.width // 2)
        if not any(" " in cell for column in columns for cell in column.cells) and (
            _needed(keys, columns, _NARROW_GAP) <= console.width < _needed(keys, columns)
        ):
            gap = _NARROW_GAP
    for block in _blocks(keys, columns, console.width, gap):
        rows = [
            row
            for row in range(len(styles))
            if any(column.cells[row] for column in block) or not any(column.cells[row] for column in columns)
        ]
        console.print(_table([*keys, *block], styles, gap, rows))


def print_wrapped(console: Console, text: str, style: str = "", *, inset: str = "", hang: str = "") -> None:
    """Print a text, further in perhaps, later lines by `hang` more; a number and its % stay together."""
    told = textwrap.fill(
        _HELD_TOGETHER.sub(_HARD_SPACE, text),
        console.width,
        initial_indent=inset,
        subsequent_indent=inset + hang,
        break_on_hyphens=False,
        break_long_words=False,
    )
    console.print(Text(told.replace(_HARD_SPACE, " "), style), soft_wrap=True)


def print_pairs(console: Console, pairs: Iterable[str], label: str = "") -> None:
    """Print names with their values, none of which is torn from the other at the end of a line."""
    print_wrapped(console, label + " · ".join(pair.replace(" ", _HARD_SPACE) for pair in pairs))


def _width(text: str) -> int:
    return max(map(cell_len, text.split("\n")))


def _needed(keys: Sequence[Column], columns: Sequence[Column], gap: int = _GAP) -> int:
    every = [*keys, *columns]
    return 2 + sum(column.width for column in every) + gap * (len(every) - 1)


def _narrowed(keys: Sequence[Column], room: int) -> list[Column]:
    if _needed(keys, ()) <= room:
        return list(keys)
    return [key.narrowed(max(_LEAST_KEY, room // len(keys) - _GAP)) for key in keys]


def _blocks(
    keys: Sequence[Column], columns: Sequence[Column], width: int, gap: int
) -> Iterator[list[Column]]:
    """Columns that stand side by side: as many as there is room for beside the keys, at least one."""
    block: list[Column] = []
    for column in columns:
        if block and _needed(keys, [*block, column], gap) > width:
            yield block
            block = []
        block.append(column)
    yield block


def _broken(text: str, width: int) -> str:
    """Lines broken between words, and words too long for that after punctuation."""
    if _width(text) <= width:
        return text
    lines = [""]
    for part in _parts(text, width, _PARTS):
        if lines[-1] and cell_len((lines[-1] + part).rstrip()) > width:
            lines.append("")
        lines[-1] += part
    return "\n".join(line.rstrip() for line in lines)


def _parts(text: str, width: int, kinds: Sequence[re.Pattern[str]]) -> Iterator[str]:
    """Parts of the first kind; those too wide for a line, in parts of the next."""
    first, *others = kinds
    for part in first.findall(text):
        if others and cell_len(part.rstrip()) > width:
            yield from _parts(part, width, others)
        else:
            yield part


def _table(columns: Sequence[Column], styles: Sequence[str], gap: int, rows: Iterable[int]) -> Table:
    padding = (0, gap - 1, 0, 0)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold", padding=padding)
    for column in columns:
        table.add_column(Text(column.heading), justify="right" if column.figures else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(column.cells[row], styles[row]) for column in columns))
    return table
