"""What stands on a page of the report, on a page of the lab."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import streamlit as st

from coalesce_sim.lab.parts.charts import chart
from coalesce_sim.lab.parts.tables import table, tied
from coalesce_sim.lab.parts.texts import html_of, plain
from coalesce_sim.report.html.page import Block, Check, Drawing, Facts, Passage, Section, Source, Table


def show_sections(sections: Sequence[Section], *, key: str, folded: bool = False) -> None:
    """Show sections with their headings, or each folded below its heading."""
    for section in sections:
        if folded:
            with st.expander(plain(section.heading)):
                show_blocks(section.blocks, key=f"{key} {section.anchor}")
        else:
            st.subheader(plain(section.heading), anchor=section.anchor)
            show_blocks(section.blocks, key=f"{key} {section.anchor}")


def show_blocks(blocks: Sequence[Block], *, key: str) -> None:
    """Show blocks one below the other; `key` is that of their widgets."""
    text: list[str] = []
    for place, block in enumerate(blocks):
        if isinstance(block, Passage | Check):
            text.append(_line(block))
            continue
        _lines(text)
        match block:
            case Drawing(drawn):
                chart(drawn, key=f"{key} {drawn.name}")
            case Table():
                table(block)
            case Facts(entries, summary):
                if summary:
                    with st.expander(plain(summary), key=f"{key} {place}"):
                        facts(entries)
                else:
                    facts(entries)
            case Source(summary, source):
                with st.expander(plain(summary), key=f"{key} {place}"):
                    st.code(source, language=None, wrap_lines=True)
    _lines(text)


def facts(entries: Mapping[str, str]) -> None:
    """Names and what they stand for."""
    rows = "".join(
        f"<div><dt>{html_of(name)}</dt><dd>{tied(text)}</dd></div>" for name, text in entries.items()
    )
    st.html(f'<dl class="lab-facts">{rows}</dl>')


def show_warnings(checks: Iterable[Block], key: str) -> None:
    """Of what was looked at that which is not well, where nobody can overlook it."""
    show_blocks([each for each in checks if isinstance(each, Check) and not each.well], key=key)


def _lines(text: list[str]) -> None:
    """Show paragraphs that follow one another as one."""
    if text:
        st.html("".join(text))
    text.clear()


def _line(block: Passage | Check) -> str:
    if isinstance(block, Passage):
        return f'<p class="lab-passage">{tied(block.text)}</p>'
    kind, word = ("well", "OK") if block.well else ("look", "Look")
    return f'<p class="lab-check {kind}"><strong>{word}</strong> {tied(block.text)}</p>'
