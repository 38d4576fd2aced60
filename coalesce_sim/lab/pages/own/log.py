"""Step 1: a log is uploaded, an example taken in its place, or questions are answered."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from coalesce_sim.inputs.price_file import read_price_file
from coalesce_sim.lab import laboratory
from coalesce_sim.lab.own import example
from coalesce_sim.lab.own.choices import Way
from coalesce_sim.lab.own.uploads import Upload, by_name, delete, found, kept
from coalesce_sim.lab.pages.own.answering import questions
from coalesce_sim.lab.pages.own.steps import go, heading, relative
from coalesce_sim.lab.parts.problems import told_here
from coalesce_sim.lab.parts.texts import plain
from coalesce_sim.scenario.problems import ScenarioError

_KINDS = ["csv", "tsv", "txt", "json", "jsonl", "ndjson", "parquet", "gz", "yaml", "yml"]
_UPLOAD, _EXAMPLE, _NONE = "Upload a log", "Try an example", "I have no log"


def step(way: Way) -> Upload | None:
    """Show it; what was uploaded, None where nothing is there yet."""
    heading(1, "One export of a gateway, in one file or several, and a price list if you have one.")
    keep = laboratory.current().keep
    log = found(keep, way.log) if way.log else None
    if log is not None:
        _there(way, log)
        return log
    if way.log:
        st.info("What this address names is not kept here any longer: upload it again.")
    chosen = st.segmented_control(
        "Where the log comes from", [_UPLOAD, _EXAMPLE, _NONE], default=_UPLOAD, key="own way", required=True
    )
    if chosen == _UPLOAD:
        _upload(way)
    elif chosen == _EXAMPLE:
        _example()
    else:
        questions()
    return None


def prices_of(way: Way) -> Upload | None:
    """The price list that was uploaded, if one was."""
    return found(laboratory.current().keep, way.prices) if way.prices else None


def _upload(way: Way) -> None:
    limit = st.get_option("server.maxUploadSize")
    files = st.file_uploader(
        "Log: LiteLLM, OpenRouter, Langfuse, OpenTelemetry, or a table of your own",
        _KINDS,
        accept_multiple_files=True,
        key="own log",
        help="CSV, JSON, JSON lines or Parquet, also gzip. Prompts, answers and keys are not read. "
        "A scenario, or answers of `init`, as YAML are taken, too.",
    )
    st.caption(
        f"At most {limit} MB. It is kept below {plain(relative(laboratory.current().keep))}/uploads on the "
        "machine that this lab runs on, goes nowhere else, and can be deleted here."
    )
    if not files:
        return
    size = sum(each.size for each in files)
    if size > limit * 2**20:
        st.error(f"These files are {size / 2**20:,.0f} MB together, and at most {limit} MB can be uploaded.")
        return
    with told_here():
        log = kept(laboratory.current().keep, {each.name: each.getbuffer() for each in files})
        go(replace(way, log=log.digest))


def _example() -> None:
    st.write(
        "A day of about 480 calls that a gateway in front of three models might have written, one of them on "
        "a card at home, and a price list with two more sellers. A few rows are broken, so that you see what "
        "becomes of such."
    )
    if st.button("Use the example", type="primary", key="own example"):
        keep = laboratory.current().keep
        with told_here():
            log = kept(keep, {example.LOG_NAME: example.log_text().encode()})
            prices = kept(keep, {example.PRICES_NAME: example.prices_text().encode()})
            go(Way(log.digest, prices.digest))


def _there(way: Way, log: Upload) -> None:
    keep = laboratory.current().keep
    with st.container(border=True, key="own there"):
        st.markdown(f"**{plain(log.names)}**, {plain(log.size)}")
        prices = prices_of(way)
        if prices is not None:
            st.markdown(f"Price list: **{plain(prices.names)}**, {plain(prices.size)}")
        else:
            _upload_prices(way)
        with st.container(horizontal=True):
            if st.button("Another log", key="own another"):
                go(Way())
            if prices is not None and st.button("Without this price list", key="own no prices"):
                go(replace(way, prices="", importing=None, calibrating=None, advising=None))
            if st.button("Delete what was uploaded", key="own delete"):
                delete(keep, log.digest)
                if prices is not None:
                    delete(keep, prices.digest)
                go(Way())
        st.caption(
            "Deleting removes these files; markets and advice that were made of them stay below "
            f"{plain(relative(keep))}."
        )


def _upload_prices(way: Way) -> None:
    with st.expander("Add a price list"):
        file = st.file_uploader(
            "Price list (CSV)",
            ["csv"],
            key="own prices",
            help="CSV file of prices that the log does not tell, and of sellers who are not in it.",
        )
        st.caption(
            "Columns provider, model, input_usd_per_mtok and output_usd_per_mtok; a row a seller and model."
        )
        if file is not None:
            keep = laboratory.current().keep
            prices = kept(keep, {file.name: file.getbuffer()})
            try:
                read_price_file(relative(prices.files[0]))
            except ScenarioError as error:
                delete(keep, prices.digest)
                for problem in error.problems:
                    st.error(plain(by_name(str(problem), prices.files)))
            else:
                go(replace(way, prices=prices.digest, importing=None, calibrating=None, advising=None))
