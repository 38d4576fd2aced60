"""One replication of the market as a picture in time."""

from __future__ import annotations

import streamlit as st

from coalesce_sim.lab.pages.play.place import go_to, place
from coalesce_sim.lab.parts.running import played
from coalesce_sim.lab.replay.picture import picture
from coalesce_sim.lab.workshop.replayed import Replayed
from coalesce_sim.provenance import Origin


def section(origin: Origin, digest: str) -> None:
    """The market replayed: which replication, and its picture; a click on a task has it explained below."""
    st.header("The market, replayed", anchor="replay")
    replication = place(origin).replication
    if origin.replications > 1:
        picked = st.number_input(
            "Replication",
            min_value=0,
            max_value=origin.replications - 1,
            value=replication,
            step=1,
            width=240,
            key=f"replication of {digest}",
            help="Which replication is shown here and in the table of decisions, from 0.",
        )
        if picked != replication:
            go_to(replication=picked)
    job = Replayed(origin, digest, replication)
    file = played(job, f"Recording replication {replication}", key="replay")
    if file is not None:
        asked = picture(file.read_text(encoding="utf-8"), key=f"picture {digest} {replication}")
        if asked is not None and asked.task != place(origin).task:
            go_to(task=asked.task)
        task = place(origin).task
        if task is None:
            st.caption(
                "Pick a client or a contractor to see its jobs, and a job to have its decision explained."
            )
        else:
            st.markdown(f"Task {task} is explained below, under [Every decision](#decisions).")
