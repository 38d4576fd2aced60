"""What all steps have: their place on the way, their files, their command, and how one goes on."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import streamlit as st

from coalesce_sim.lab import laboratory
from coalesce_sim.lab.own.choices import Way
from coalesce_sim.lab.parts.texts import html_of
from coalesce_sim.lab.repeating import address

NAMES: Final = ("Log", "Import", "Calibrate", "Advise")


_TOLD: Final = {"done": "done", "here": "you are here", "ahead": "not yet", "skipped": "not needed"}


@dataclass(frozen=True, slots=True)
class Progress:
    """How many steps are done, and the numbers of those that are not needed."""

    done: int
    skipped: tuple[int, ...] = ()

    def state(self, number: int) -> str:
        """Of the step of that number, from 1."""
        if number in self.skipped:
            return "skipped"
        return "done" if number <= self.done else "here" if number == self.done + 1 else "ahead"


def stepper(progress: Progress) -> None:
    """Show all steps, and how far one is."""
    shown = []
    for place, name in enumerate(NAMES):
        state = progress.state(place + 1)
        told = _TOLD[state]
        here = ' aria-current="step"' if state == "here" else ""
        shown.append(
            f'<li class="{state}"{here}><span class="number">{place + 1}</span> {html_of(name)} '
            f'<span class="told">{told}</span></li>'
        )
    st.html(f'<ol class="lab-steps" aria-label="Steps">{"".join(shown)}</ol>')


def heading(number: int, lead: str) -> None:
    """The heading of a step, and what one does there."""
    name = NAMES[number - 1]
    st.header(f"{number} {name}", anchor=name.lower())
    st.caption(lead)


@contextmanager
def folded(label: str, *, folded: bool) -> Iterator[None]:
    """The choices of a step: open before it is taken, folded once it is."""
    with st.expander(f"{label}: change it", expanded=False) if folded else st.container():
        yield


def go(way: Way) -> None:
    """Be so far on the way: its address says so, and a reload finds it there."""
    st.query_params.from_dict(way.query)
    st.rerun()


def command(text: str) -> None:
    """The command that does the same as a step."""
    st.caption("The same at a terminal, in the folder in which this lab was started:")
    st.code(text, language="bash", wrap_lines=True)


def downloads(paths: Sequence[Path], *, key: str) -> None:
    """A button a file; it is read when it is asked for."""
    with st.container(horizontal=True, key=f"{key} files"):
        for path in paths:
            st.download_button(
                path.name, path.read_bytes, file_name=path.name, key=f"{key} {path.name}", on_click="ignore"
            )


def play_this(market: Path, *, key: str) -> None:
    """A link that opens a market on the page Play."""
    page = "/" if laboratory.current().results is None else "/play"
    where = address(page, {"scenario": relative(market)})
    st.link_button(
        "Play this market",
        where,
        key=f"{key} play",
        help="Opens a page of its own.",
    )


def relative(path: Path) -> str:
    """A path as commands and links name it."""
    return Path(os.path.relpath(path)).as_posix()
