"""A decision told: where the task went and why, what would have changed it, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from coalesce_sim.lab.parts.texts import html_of, plain
from coalesce_sim.lab.workshop.explained import Explained
from coalesce_sim.report.explanation import Explanation

_OFFERS = {  # those that a policy goes by itself are told of such policies only
    "chosen": "Chosen",
    "contractor": "Contractor",
    "external_usd": "Estimated in all (USD)",
    "learned_estimate_usd": "Learned estimate (USD)",
    "mean_reward": "Mean reward so far",
    "index": "Index of the policy",
    "probability": "Probability",
    "bid_usd": "Bid (USD)",
    "reserve_usd": "Reserve (USD)",
    "price_usd": "Price (USD)",
    "latency_s": "Time to the result (s)",
    "skill": "Skill",
    "eligible": "Eligible",
    "topsis_score": "Closeness",
}


def told_in_full(explained: Explained, command: str) -> None:
    """Show it: the verdict first, all of it folded at the end."""
    told = explained.told
    st.html(f'<div class="lab-answer" role="status">{_sentences(told)}</div>')
    if told.contractors:
        st.dataframe(_offers(told.contractors), hide_index=True, height=_height(len(told.contractors)))
    if told.flips:
        st.subheader("What would have changed it", anchor=False)
        st.markdown("\n".join(f"- {plain(each['sentence'])}" for each in told.flips))
    with st.expander("Told in full, as by the command"):
        st.code(command, language="bash", wrap_lines=True)
        st.code(explained.text, language=None)


def _sentences(told: Explanation) -> str:
    """The verdict on every decision on the task, and what came of it."""
    task = told.task
    texts = [told.decision["verdict"], *(each["decision"]["verdict"] for each in told.retries)]
    if "verdict" in told.realised:
        texts.append(told.realised["verdict"])
    when = f"{_moment(task['arrival_s'])} ({task['arrived']})"
    head = f"Task {task['task']}, {task['type']}, of client {task['client']}, arrived on {when}."
    first, *others = texts
    lines = [first, head, *others]
    return "".join(f"<p>{html_of(str(line))}</p>" for line in lines)


def _moment(seconds: float) -> str:
    """A time of the run as the replay tells it."""
    day, second = divmod(int(seconds), 86_400)
    return f"day {day + 1}, {second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}"


def _offers(contractors: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """A row an offer, the chosen one first; columns in which nothing stands are left out."""
    order = sorted(contractors, key=lambda each: not each["chosen"])  # the others stay the best first
    frame = pd.DataFrame([{name: _rounded(each.get(name)) for name in _OFFERS} for each in order])
    return frame.dropna(axis="columns", how="all").rename(columns=_OFFERS)


def _rounded(value: Any) -> Any:
    return float(f"{value:.4g}") if isinstance(value, float) else value


def _height(rows: int) -> int:
    return 38 + 35 * min(rows, 8)
