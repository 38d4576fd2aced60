"""Step 4: which tasks should go to whom, what that saves, and how sure it is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import streamlit as st

from coalesce_sim.advice.exporting import FILES
from coalesce_sim.lab import laboratory
from coalesce_sim.lab.named_code import loaded
from coalesce_sim.lab.own.choices import Advising, Way
from coalesce_sim.lab.pages.own.ready import Market
from coalesce_sim.lab.pages.own.steps import command, downloads, folded, go, heading, play_this, relative
from coalesce_sim.lab.parts.answer import answer, key_figures
from coalesce_sim.lab.parts.blocks import show_sections
from coalesce_sim.lab.parts.problems import told_here
from coalesce_sim.lab.parts.running import played
from coalesce_sim.lab.parts.texts import plain
from coalesce_sim.lab.workshop.advising import FACTS, Advise
from coalesce_sim.numbers import plural
from coalesce_sim.report.html.advice import advice_page
from coalesce_sim.report.html.page import Page
from coalesce_sim.scenario.schema import Scenario

_FIGURES = ("costs.png", "who.png", "turning.png")
_FILES = (FACTS, "advice.md", "jobs.csv", *FILES.values(), *_FIGURES)
_OPEN = ("who", "policies", "turns", "worth")
"""Sections that are not folded."""


def step(way: Way, market: Market) -> bool:
    """Show it for a market; whether the advice is there."""
    heading(4, "Routings are played on the same tasks and luck: who should do what, and how sure that is.")
    with told_here():
        scenario = _scenario(market)
        with folded("How it is played", folded=way.advising is not None):
            asked = _choices(way.advising, scenario)
        if asked is not None:
            go(replace(way, advising=asked))
        if way.advising is None:
            return False
        job = Advise(market.made_from, market.file, way.advising, market.name, market.uploaded)
        what = f"Looking for a routing on {plural(way.advising.replications, 'replication')}"
        folder = job.kept(laboratory.current().keep) or played(job, what, key="own advise")
        if folder is not None:
            _show(folder, market.file)
            return True
    return False


def _show(folder: Path, market: Path) -> None:
    facts, page = _told(folder)
    answer(page.answer)
    key_figures(page.figures)
    for section in page.sections:
        show_sections([section], key="own advise", folded=section.anchor not in _OPEN)
    st.subheader("Take it with you", anchor="take")
    st.caption(
        f"{plain(FILES['litellm'])} is the routing for a gateway, {plain(FILES['json'])} its rules and "
        "shares, jobs.csv a table of who should do what, advice.md the whole as a page."
    )
    for lacking in filter(None, facts["exports_leave_out"].values()):
        st.caption(plain(f"Of the gateway's file: {lacking}."))
    downloads([folder / name for name in _FILES if (folder / name).is_file()], key="own advise")
    command(facts["provenance"]["command"])
    play_this(market, key="own advised")


@st.cache_resource(max_entries=24, show_spinner=False)
def _told(folder: Path) -> tuple[Mapping[str, Any], Page]:
    facts = json.loads((folder / FACTS).read_text(encoding="utf-8"))
    return facts, advice_page(facts)


@st.cache_resource(max_entries=24, show_spinner=False)
def _scenario(market: Market) -> Scenario:
    return loaded(relative(market.file), (), uploaded=market.uploaded)


def _choices(now: Advising | None, scenario: Scenario) -> Advising | None:
    """The widgets; what is chosen, once it is asked for."""
    first, second, third = st.columns(3, vertical_alignment="bottom")
    replications = first.number_input(
        "Replications",
        1,
        1_000,
        scenario.replications if now is None else now.replications,
        key="own replications",
        help="How often each routing is played; more make intervals narrower, and take longer.",
    )
    seed = second.number_input(
        "Seed",
        0,
        None,
        None if now is None else now.seed,
        key="own seed",
        placeholder=f"The market's ({scenario.seed})",
        help="Seed of all random numbers; the scenario's by default.",
    )
    extrapolate = third.checkbox(
        "By the month even of less than a day",
        now is not None and now.extrapolate,
        key="own extrapolate",
        help="Tell amounts by the month even of less than a day of tasks.",
    )
    if st.button("Advise", type="primary", key="own do advise"):
        return Advising(replications, seed, extrapolate)
    return None
