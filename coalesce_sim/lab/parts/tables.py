"""A table of the report on a page of the lab: read by a screen reader, sorted by a click on a head."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from coalesce_sim.lab.parts.texts import html_of
from coalesce_sim.report.html.page import Cell, Column, Table

_SHORT = 25
"""Tables of more rows scroll by themselves."""


def table(shown: Table) -> None:
    """Show a table with its caption, a button that saves it as CSV, and its note; it scrolls sideways where
    it is too wide."""
    st.html(html_table(shown))


def html_table(shown: Table) -> str:
    """The table as HTML; whatever is in it is escaped."""
    caption, long = html_of(shown.caption), " long" if len(shown.rows) > _SHORT else ""
    heads = "".join(_head(column, place, shown) for place, column in enumerate(shown.columns))
    rows = "".join(f"<tr>{_row(shown, row)}</tr>" for row in shown.rows)
    note = f'<p class="lab-note">{tied(shown.note)}</p>' if shown.note else ""
    return (
        f'<p class="lab-caption"><span>{caption}</span>'
        f'<button type="button" aria-label="Save as CSV: {caption}">CSV</button></p>'
        f'<div class="lab-table{long}" tabindex="0" role="region" aria-label="{caption}">'
        f'<table aria-label="{caption}"><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>'
        f"</div>{note}"
    )


def tied(text: str) -> str:
    """Escaped, with numbers, their intervals and their % on one line."""
    return html_of(text).replace(" %", "\u00a0%").replace(" ± ", "\u00a0±\u00a0").replace("[ ]", "[\u00a0]")


def _head(column: Column, place: int, shown: Table) -> str:
    order = shown.sorted_by[1] if shown.sorted_by and shown.sorted_by[0] == place else "none"
    number = ' class="number"' if column.numeric else ""
    told = f' title="{html_of(column.help)}"' if column.help else ""
    button = f'<button type="button">{html_of(column.label)}</button>'
    return f'<th scope="col"{number}{told} aria-sort="{html_of(order)}">{button}</th>'


def _row(shown: Table, row: Sequence[Cell]) -> str:
    return "".join(_cell(column, cell) for column, cell in zip(shown.columns, row, strict=True))


def _cell(column: Column, cell: Cell) -> str:
    number = ' class="number"' if column.numeric else ""
    key = "" if cell.key is None else f' data-key="{cell.key}"'
    return f"<td{number}{key}>{tied(cell.text)}</td>"
