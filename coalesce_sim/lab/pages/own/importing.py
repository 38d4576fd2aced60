"""Step 2: the log becomes a market."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import streamlit as st

from coalesce_sim.lab import laboratory
from coalesce_sim.lab.own import example
from coalesce_sim.lab.own.choices import SESSIONS, Importing, Way
from coalesce_sim.lab.own.imported import import_page
from coalesce_sim.lab.own.uploads import Upload
from coalesce_sim.lab.pages.own.columns import chosen_columns, lacking
from coalesce_sim.lab.pages.own.steps import command, downloads, folded, go, heading
from coalesce_sim.lab.parts.answer import answer, key_figures
from coalesce_sim.lab.parts.blocks import show_sections
from coalesce_sim.lab.parts.running import played
from coalesce_sim.lab.parts.texts import plain
from coalesce_sim.lab.workshop.importing import Import
from coalesce_sim.lab.workshop.looking import Look
from coalesce_sim.logs.imported import FACTS, MARKET
from coalesce_sim.logs.options import HELP
from coalesce_sim.logs.recognising import Recognised
from coalesce_sim.logs.sources import BY, SOURCES
from coalesce_sim.logs.tables import REQUESTS, RUNS, SELLERS
from coalesce_sim.report.html.page import Page
from coalesce_sim.scenario.catalogue import catalogue

_NOBODY, _AS_IT_IS = "Nothing at home", "As the log allows"
_FILES = (MARKET, REQUESTS, RUNS, SELLERS, FACTS)


def step(way: Way, log: Upload, prices: Upload | None) -> Import | None:
    """Show it; the import once it is there."""
    heading(2, "Tasks, sellers, prices and speeds are worked out of the log; what cannot be used is told.")
    seen = played(Look(log.digest, log.files[0]), "Looking at the log", key="own look")
    if seen is None:
        return None
    with folded("What is imported, and how", folded=way.importing is not None):
        asked = _choices(way, log, seen)
    if asked is not None:
        go(replace(way, importing=asked, calibrating=None, advising=None))
    if way.importing is None:
        return None
    job = Import(
        log.digest, log.files, way.prices, None if prices is None else prices.files[0], way.importing
    )
    folder = job.kept(laboratory.current().keep) or played(job, "Importing", key="own import")
    if folder is None:
        return None
    facts, page = _told(folder)
    answer(page.answer)
    key_figures(page.figures)
    show_sections(page.sections[:2], key="own import")
    show_sections(page.sections[2:], key="own import", folded=True)
    with st.expander("The files, and the command that makes them"):
        downloads([folder / name for name in _FILES], key="own import")
        command(facts["provenance"]["command"])
    return job


@st.cache_resource(max_entries=24, show_spinner=False)
def _told(folder: Path) -> tuple[Mapping[str, Any], Page]:
    facts = json.loads((folder / FACTS).read_text(encoding="utf-8"))
    return facts, import_page(facts, folder)


def _choices(way: Way, log: Upload, seen: Recognised) -> Importing | None:
    """The widgets; what is chosen, once it is asked for."""
    now = way.importing
    if seen.kinds:
        tools = ", or ".join(SOURCES[kind].tool for kind in seen.kinds)
        st.write(f"By its columns this is an export of {plain(tools)}.")
    else:
        found = ", ".join(seen.columns[:12]) + (", …" if len(seen.columns) > 12 else "")
        st.write(
            f"This has the columns of no export that is known: say which holds what. It has {plain(found)}."
        )
    kinds = [*seen.kinds, *(kind for kind in SOURCES if kind not in seen.kinds)]
    if not seen.kinds:
        kinds = ["csv", *(kind for kind in kinds if kind != "csv")]
    first, second, third = st.columns(3)
    kind = first.selectbox(
        "Kind of log",
        kinds,
        index=kinds.index(now.kind) if now is not None and now.kind in kinds else 0,
        format_func=lambda each: f"{each}: {SOURCES[each].tool}",
        key="own kind",
    )
    home = _home(way, log, seen, second, third)
    columns = chosen_columns(kind, seen.columns, () if now is None else now.columns)
    with st.popover("More choices"):
        more = _more(now)
    missing = lacking(kind, seen.columns, columns)
    if missing:
        st.warning(
            f"Without {plain('; '.join(missing))} there is nothing to make a market of: choose a column."
        )
    if st.button("Import", type="primary", key="own do import", disabled=bool(missing)):
        return replace(more, kind=kind, home=home, columns=columns)
    return None


def _home(way: Way, log: Upload, seen: Recognised, model_at: Any, hardware_at: Any) -> str:
    stated = "" if way.importing is None else way.importing.home
    if way.importing is None and example.LOG_NAME in log.names:
        stated = example.HOME
    model, _, hardware = stated.rpartition("=")
    models = list(dict.fromkeys([*([model] if model else []), *seen.models]))
    chosen = model_at.selectbox(
        "Model that you run yourself",
        [_NOBODY, *models],
        index=1 if model else 0,
        accept_new_options=True,
        key="own home",
        help=f"{HELP['home']} One that is not listed is typed, as the log spells it.",
    )
    profiles = list(catalogue().profiles)
    on = hardware_at.selectbox(
        "On which hardware",
        profiles,
        index=profiles.index(hardware) if hardware in profiles else 0,
        disabled=chosen in (_NOBODY, None),
        key="own hardware",
        help="Profiles that `coalesce-sim hardware` lists, with what they cost and how fast they are.",
    )
    return "" if chosen in (_NOBODY, None) else f"{chosen}={on}"


def _more(now: Importing | None) -> Importing:
    now = now or Importing("csv")
    left, right = st.columns(2)
    by = [_AS_IT_IS, *BY]
    type_by = left.selectbox(
        "Types of task by",
        by,
        index=by.index(now.type_by) if now.type_by in by else 0,
        key="own type by",
        help=HELP["type_by"],
    )
    group_by = right.selectbox(
        "Groups of clients by",
        by,
        index=by.index(now.group_by) if now.group_by in by else 0,
        key="own group by",
        help=HELP["group_by"],
    )
    sessions = left.radio(
        "Sessions",
        SESSIONS,
        index=0 if now.sessions == "tasks" else 1,
        horizontal=True,
        key="own sessions",
        help=HELP["sessions"],
    )
    keep_names = right.checkbox(
        "Keep names",
        now.keep_names,
        key="own names",
        help=HELP["keep_names"],
    )
    zone = left.text_input("Time zone of times without one", now.zone, key="own zone", help=HELP["zone"])
    retry = right.number_input(
        "Tried again within (s)", 0.0, None, now.retry_within_s, key="own retry", help=HELP["retry_within"]
    )
    day = left.date_input("Day of listed prices", now.price_date, key="own day", help=HELP["price_date"])
    return Importing(
        now.kind,
        type_by="" if type_by == _AS_IT_IS else type_by,
        group_by="" if group_by == _AS_IT_IS else group_by,
        keep_names=keep_names,
        sessions="composite" if sessions == "composite" else "tasks",
        zone=zone.strip() or "UTC",
        retry_within_s=retry,
        price_date=day,
    )
