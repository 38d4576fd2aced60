"""Step 2 of those who have a market: it was uploaded as a scenario, or is made of answers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from coalesce_sim.lab import laboratory
from coalesce_sim.lab.named_code import loaded
from coalesce_sim.lab.own.answering import are_answers
from coalesce_sim.lab.own.uploads import Upload
from coalesce_sim.lab.pages.own.steps import command, downloads, play_this, relative
from coalesce_sim.lab.parts.answer import answer
from coalesce_sim.lab.parts.problems import told_here
from coalesce_sim.lab.parts.running import played
from coalesce_sim.lab.workshop.beginning import Begin
from coalesce_sim.logs.begun import ANSWERS, MARKET
from coalesce_sim.logs.tables import REQUESTS
from coalesce_sim.texts import sentence

YAML = (".yaml", ".yml")


@dataclass(frozen=True, slots=True)
class Market:
    """A market that can be advised on: its file, the digest of what made it, its name, and whether it was
    uploaded as it is."""

    file: Path
    made_from: str
    name: str
    uploaded: bool


def is_ready(upload: Upload) -> bool:
    """Whether what was uploaded is no log."""
    return upload.files[0].suffix in YAML


def step(upload: Upload, prices: Upload | None) -> Market | None:
    """Show it; the market once it is there."""
    st.header("Your market", anchor="market")
    st.caption("What you brought is a market already, or makes one: there is no log to calibrate it by.")
    with told_here():
        file = upload.files[0]
        if are_answers(relative(file)):
            return _begun(upload, prices)
        scenario = loaded(relative(file), (), uploaded=True)
        answer([f"{scenario.title}."])
        play_this(file, key="own ready")
        return Market(file, upload.digest, file.stem, uploaded=True)
    return None


def _begun(upload: Upload, prices: Upload | None) -> Market | None:
    listed = None if prices is None else prices.files[0]
    job = Begin(upload.digest, upload.files[0], "" if prices is None else prices.digest, listed)
    lines = played(job, "Making the market", key="own begin")
    if lines is None:
        return None
    answer(list(map(sentence, lines)))
    folder = job.folder(laboratory.current().keep)
    downloads([folder / name for name in (MARKET, REQUESTS, ANSWERS)], key="own begun")
    command(job.command(laboratory.current().keep))
    st.caption("A log, once there is one, takes the place of all this.")
    play_this(folder / MARKET, key="own begun")
    return Market(folder / MARKET, job.digest, "market", uploaded=False)
