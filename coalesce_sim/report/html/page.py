"""A page: what stands on it, and how it becomes one HTML file that asks nobody for anything."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from coalesce_sim.extras import require
from coalesce_sim.numbers import NOTHING, number
from coalesce_sim.report.html.charts import Chart
from coalesce_sim.texts import visible
from coalesce_sim.version import __version__

_HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Cell:
    """What a cell shows; a table is sorted by `key`, a number or, where it is None, by the text."""

    text: str
    key: float | None = None


@dataclass(frozen=True, slots=True)
class Column:
    """A head; columns of numbers are aligned right. `help` appears when one points at the head."""

    label: str
    numeric: bool = True
    help: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows that the reader can sort; `sorted_by` is the column by which they come sorted, if any."""

    caption: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    note: str = ""
    sorted_by: tuple[int, str] | None = None
    kind: ClassVar[str] = "table"


@dataclass(frozen=True, slots=True)
class Facts:
    """Names and what they stand for; with a `summary` they unfold below it."""

    entries: Mapping[str, str]
    summary: str = ""
    kind: ClassVar[str] = "facts"


@dataclass(frozen=True, slots=True)
class Passage:
    """A paragraph."""

    text: str
    kind: ClassVar[str] = "passage"


@dataclass(frozen=True, slots=True)
class Source:
    """Text as it is written, such as YAML or a traceback, that unfolds."""

    summary: str
    text: str
    kind: ClassVar[str] = "source"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at, and whether all is well with it."""

    well: bool
    text: str
    kind: ClassVar[str] = "check"


@dataclass(frozen=True, slots=True)
class Drawing:
    """A chart in its place on the page."""

    chart: Chart
    kind: ClassVar[str] = "drawing"


Block = Table | Facts | Passage | Source | Check | Drawing


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and what stands below it; `anchor` is its place in the address."""

    anchor: str
    heading: str
    blocks: Sequence[Block]


@dataclass(frozen=True, slots=True)
class Page:
    """A whole report: the answer comes first, and what it rests on after it.

    `overline` says what kind of results they are, `figures` are the few numbers that stand beside the answer.
    """

    title: str
    overline: str
    answer: Sequence[str]
    figures: Mapping[str, str]
    sections: Sequence[Section]


def number_cell(value: float | None, text: str | None = None) -> Cell:
    """A number that sorts as one, shown as `text` where that is given."""
    if value is None or not math.isfinite(value):
        return Cell(NOTHING)
    return Cell(number(value) if text is None else text, float(value))


def share_cell(share: float | None) -> Cell:
    """A share in percent, shown as a whole number."""
    percent = math.nan if share is None else 100 * share
    return number_cell(percent, number(percent, 0))


def rendered(page: Page) -> str:
    """The page as HTML, with its style and its script within: the same page is the same text.

    Raises `MissingExtra` where Jinja is not installed.
    """
    jinja2 = require("jinja2", extra="report")
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_HERE),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=lambda value: visible(value) if type(value) is str else value,
    )
    environment.filters["tied"] = _tied
    charts = [
        block.chart for section in page.sections for block in section.blocks if isinstance(block, Drawing)
    ]
    html: str = environment.get_template("page.html").render(
        page=page,
        version=__version__,
        style=(_HERE / "page.css").read_text(encoding="utf-8"),
        script="\n".join((_HERE / name).read_text(encoding="utf-8") for name in ("chart.js", "page.js")),
        data=_embedded([chart.as_dict() for chart in charts]),
    )
    return html


def _tied(text: str) -> str:
    """With numbers, their intervals and their % on one line."""
    return text.replace(" %", "\u00a0%").replace(" ± ", "\u00a0±\u00a0")


def _embedded(content: Any) -> str:
    """JSON that can stand within a script element, whatever texts are in it."""
    text = json.dumps(content, allow_nan=False, ensure_ascii=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text
