"""Step 3: what the market assumes is fitted to the log, and held against the part of it that was left out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import streamlit as st

from coalesce_sim.calibration.options import HELP
from coalesce_sim.calibration.overlay import DRAWS_FILE
from coalesce_sim.calibration.page import calibration_page
from coalesce_sim.calibration.writing import SCENARIO_FILE
from coalesce_sim.lab import laboratory
from coalesce_sim.lab.own.choices import Calibrating, Way
from coalesce_sim.lab.pages.own.steps import command, downloads, folded, go, heading, play_this
from coalesce_sim.lab.parts.answer import answer, key_figures
from coalesce_sim.lab.parts.blocks import show_sections
from coalesce_sim.lab.parts.running import played
from coalesce_sim.lab.workshop.calibrating import FACTS, Calibrate
from coalesce_sim.lab.workshop.importing import Import
from coalesce_sim.logs.imported import MARKET
from coalesce_sim.report.html.page import Page

_FILES = (SCENARIO_FILE, DRAWS_FILE, FACTS, "calibration.png", "calibration.svg")


def step(way: Way, imported: Import) -> Calibrate | None:
    """Show it; the calibration once it is there."""
    heading(3, "What the market assumes is fitted to a part of the log, and its error told on the rest.")
    with folded("How it is calibrated", folded=way.calibrating is not None):
        asked = _choices(way.calibrating)
    if asked is not None:
        go(replace(way, calibrating=asked, advising=None))
    if way.calibrating is None:
        return None
    keep = laboratory.current().keep
    job = Calibrate(imported.digest, imported.folder(keep) / MARKET, way.calibrating)
    folder = job.kept(keep) or played(job, "Calibrating", key="own calibrate")
    if folder is None:
        return None
    facts, page = _told(folder)
    answer(page.answer)
    key_figures(page.figures)
    for section in page.sections:
        show_sections([section], key="own calibrate", folded=section.anchor == "fitted")
    with st.expander("The calibrated scenario (YAML)"):
        st.code((folder / SCENARIO_FILE).read_text(encoding="utf-8"), language="yaml", wrap_lines=True)
    with st.expander("The files, and the command that makes them"):
        downloads([folder / name for name in _FILES if (folder / name).is_file()], key="own calibrate")
        command(facts["provenance"]["command"])
    play_this(folder / SCENARIO_FILE, key="own calibrated")
    return job


@st.cache_resource(max_entries=24, show_spinner=False)
def _told(folder: Path) -> tuple[Mapping[str, Any], Page]:
    facts = json.loads((folder / FACTS).read_text(encoding="utf-8"))
    return facts, calibration_page(facts)


def _choices(now: Calibrating | None) -> Calibrating | None:
    """The widgets; what is chosen, once it is asked for."""
    now = now or Calibrating()
    first, second, third = st.columns(3)
    hold_out = first.number_input(
        "Held out, share of the runs",
        0.05,
        0.95,
        now.hold_out,
        0.05,
        key="own hold out",
        help=HELP["hold_out"],
    )
    limit = second.number_input(
        "Error that none should exceed (%)", 0.1, 1000.0, now.limit, 1.0, key="own limit", help=HELP["limit"]
    )
    seed = third.number_input(
        "Seed",
        0,
        None,
        now.seed,
        key="own calibration seed",
        placeholder="The market's",
        help="Draws which sessions are held out; that of the market by default.",
    )
    if st.button("Calibrate", type="primary", key="own do calibrate"):
        return Calibrating(hold_out, limit, seed)
    return None
