"""A list of all folders of results, the newest first."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import streamlit as st

from coalesce_sim.lab.parts.texts import html_of, plain
from coalesce_sim.lab.results.finding import MOST, Found, found_below
from coalesce_sim.lab.results.kinds import WORDS
from coalesce_sim.numbers import plural

_AT_ONCE = 25
_MORE = "results more"


def show(start: Path) -> None:
    """Show those below a folder that the reader does not filter out, each with a button that opens it."""
    listed = found_below(start)
    if not listed.found:
        st.info(
            "There are no results below the folder that the lab was started in. Play a market on the page "
            "Play, or run a command such as `coalesce-sim run`: what it leaves is listed here."
        )
        return
    kinds = [kind for kind in WORDS if any(each.kind == kind for each in listed.found)]
    chosen, text = kinds, ""
    if len(listed.found) > 1:
        left, right = st.columns([3, 2], vertical_alignment="bottom")
        with left:
            chosen = st.pills(
                "Kinds",
                kinds,
                selection_mode="multi",
                key="kinds",
                bind="query-params",
                format_func=_plural,
                wrap=True,
            )
        text = right.text_input(
            "Search", key="text", bind="query-params", placeholder="name, title, folder or version"
        )
    found = [each for each in listed.found if (not chosen or each.kind in chosen) and each.has(text)]
    told = f"{plural(len(found), 'folder')} of results, the newest first"
    if len(found) < len(listed.found):
        told += f"; {len(listed.found) - len(found):,} more are filtered out"
    if not listed.complete:
        told += f". Only the first {MOST:,} folders that were found are listed: start the lab further down"
    st.caption(f"{told}.")
    shown = st.session_state.get(_MORE, _AT_ONCE)
    for each in found[:shown]:
        _entry(each)
    if len(found) > shown:
        st.button(f"Show {min(_AT_ONCE, len(found) - shown)} more", on_click=_show_more, args=(shown,))


def _plural(kind: str) -> str:
    """A kind as the heading of several."""
    first = kind[:1].upper() + kind[1:]
    if kind.startswith("search"):
        return first.replace("Search", "Searches", 1)
    invariable = kind in ("frictions", "advice", "sensitivity")
    return first if invariable else f"{first}s"


def _show_more(shown: int) -> None:
    st.session_state[_MORE] = shown + _AT_ONCE


def _entry(found: Found) -> None:
    """A folder: what it is of, which opens it, and what is known of it."""
    with st.container(border=True, gap="xxsmall"):
        st.button(
            f"**{plain(found.path)}**",
            key=f"open {found.path}",
            type="tertiary",
            on_click=_open,
            args=(found.path,),
        )
        st.html(f'<p class="lab-entry">{_about(found)}</p>')


def _open(path: str) -> None:
    st.query_params["folder"] = path


def _about(found: Found) -> str:
    if found.unreadable:
        told = ["cannot be read; open it to see why"]
    else:
        told = [
            "" if found.replications is None else plural(found.replications, "replication"),
            when(found.started_utc),
            f"version {found.version}" + (", newer than this one" if found.newer else ""),
        ]
    parts = [html_of(each) for each in told if each]
    kind = f'<span class="lab-kind">{html_of(found.kind)}</span>'
    title = [html_of(found.title or found.name)] if found.title or found.name else []
    return " · ".join([kind, *title, *parts])


def when(started_utc: str) -> str:
    """``30 Nov 2026, 21:09 UTC``; as it is written where it is no time."""
    try:
        return f"{datetime.fromisoformat(started_utc):%-d %b %Y, %H:%M} UTC"
    except ValueError:
        return started_utc
