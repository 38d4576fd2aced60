"""Every decision of a replication in a table, and the one that is pointed at told in full."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.compute as pc
import pyarrow.parquet as pq
import streamlit as st

from coalesce_sim.experiments.routing import HOME
from coalesce_sim.lab.pages.play.explanation import told_in_full
from coalesce_sim.lab.pages.play.place import PLACE, go_to, place
from coalesce_sim.lab.parts.running import played
from coalesce_sim.lab.workshop.explained import Explain
from coalesce_sim.provenance import Origin

_MOST_ROWS = 20_000
_COLUMNS = {
    "task": "Task",
    "arrival_s": "Arrived (h)",
    "client": "Client",
    "type": "Type",
    "contractor": "Went to",
    "outcome": "Outcome",
    "explored": "Explored",
    "estimated_usd": "Estimated (USD)",
    "realised_usd": "Came to (USD)",
    "all_local_usd": "All-local (USD)",
    "turnaround_s": "Took (h)",
    "score": "Score",
}
_HOURS = ("arrival_s", "turnaround_s")


def section(origin: Origin, digest: str, folder: Path) -> None:
    """The table of the replication that is shown, and the decision that was picked."""
    replication, task = place(origin).replication, place(origin).task
    st.header("Every decision", anchor="decisions")
    frame, left = _decisions(folder, replication)
    st.caption(
        f"Replication {replication}: pick a row, or a number below, to have the decision explained."
        + (f" The first {_MOST_ROWS:,} of {_MOST_ROWS + left:,} tasks." if left else "")
    )
    _table(frame, digest, replication)
    number = st.number_input(
        "Explain task number",
        min_value=0,
        value=task,
        step=1,
        width=240,
        placeholder="none",
        key=f"{PLACE} task {digest} {replication} {task}",
        help="Number of a task of this replication, counted from 0 in the order of arrival.",
    )
    if number != task:
        go_to(task=number)
    if task is None:
        return
    job = Explain(origin, digest, replication, task)
    explained = played(job, f"Playing replication {replication} once more", key="explain")
    if explained is not None:
        told_in_full(explained, job.command)


def _table(frame: pd.DataFrame, digest: str, replication: int) -> None:
    event: Any = st.dataframe(
        frame,
        hide_index=True,
        height=360,
        on_select="rerun",
        selection_mode="single-row",
        key=f"decisions {digest} {replication}",
        column_config={
            label: st.column_config.NumberColumn(format="localized")
            for label in frame.select_dtypes("number").columns
        },
    )
    picked = f"picked {digest} {replication}"
    rows = event.selection.rows
    if rows and st.session_state.get(picked) != rows[0]:
        st.session_state[picked] = rows[0]
        go_to(task=int(frame["Task"].iloc[rows[0]]))


@st.cache_data(max_entries=8, show_spinner=False)
def _decisions(folder: Path, replication: int) -> tuple[pd.DataFrame, int]:
    """The tasks of a replication, and how many were left out as there is no end of them."""
    path = folder / "decisions.parquet"
    names = [name for name in _COLUMNS if name in pq.read_schema(path).names]
    rows = pq.read_table(path, columns=names, filters=pc.field("replication") == replication)
    frame = rows.slice(0, _MOST_ROWS).to_pandas()
    frame["contractor"] = frame["contractor"].astype("str").where(frame["contractor"].notna(), HOME)
    for name in _HOURS:
        frame[name] /= 3600.0
    for name in frame.select_dtypes("float").columns:
        frame[name] = [float(f"{value:.4g}") for value in frame[name]]
    frame = frame.astype(dict.fromkeys(frame.select_dtypes("category").columns, "str"))
    return frame.rename(columns=_COLUMNS), max(0, rows.num_rows - _MOST_ROWS)
