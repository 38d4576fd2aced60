"""The answer of a page, which comes before all that it rests on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from coalesce_sim.lab.parts.tables import tied
from coalesce_sim.lab.parts.texts import html_of
from coalesce_sim.report.html.page import Page


def answer_of(page: Page) -> None:
    """Show what kind of results a page tells, its answer and its few numbers."""
    overline(page.overline)
    answer(page.answer)
    key_figures(page.figures)


def overline(text: str) -> None:
    """Show a line above a heading or an answer."""
    st.html(f'<p class="lab-overline">{html_of(text)}</p>')


def answer(sentences: Sequence[str]) -> None:
    """Show the sentences of an answer, the first of them large."""
    if sentences:
        st.html(f'<div class="lab-answer">{"".join(f"<p>{tied(each)}</p>" for each in sentences)}</div>')


def key_figures(figures: Mapping[str, str]) -> None:
    """Show a few numbers by their names, side by side."""
    if figures:
        shown = "".join(
            f"<div><dt>{html_of(name)}</dt><dd>{tied(text)}</dd></div>" for name, text in figures.items()
        )
        st.html(f'<dl class="lab-figures">{shown}</dl>')
