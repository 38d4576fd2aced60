"""A job from a page: asked for, watched while it is played, stopped, and what it came to."""

from __future__ import annotations

from typing import TypeVar

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from coalesce_sim.lab import laboratory
from coalesce_sim.lab.parts.problems import tell
from coalesce_sim.lab.parts.texts import plain
from coalesce_sim.lab.workshop.job import Job
from coalesce_sim.lab.workshop.workshop import Task
from coalesce_sim.numbers import duration

Result = TypeVar("Result")

_AT_ONCE_S = 1.0
"""What takes no longer is waited for, so that nothing flickers."""

_LOOKS_S = 0.5


def page_id() -> str:
    """What this page is called in the workshop: its session with the server."""
    context = get_script_run_ctx()
    return "" if context is None else context.session_id


def played(job: Job[Result], what: str, *, key: str) -> Result | None:
    """The result of a job, asked for now unless it was before; None while it is played, with its progress and
    a button to stop it in its place, and where it came to nothing, which is told.

    `what` names it in a sentence ("Playing 20 replications"); `key` is that of its widgets. The page is shown
    anew when it is over.
    """
    workshop = laboratory.current().workshop
    _move_on(job, key)
    task: Task[Result] | None = workshop.known(job.key)
    if st.session_state.get(_stopped(key)) == job.key and not (task is not None and task.state == "done"):
        st.info("This was stopped; nothing of it is kept.")
        _offer_again(job, key)
        return None
    if task is None or task.state != "failed":
        task = workshop.ask(job, page_id())
    task.wait(_AT_ONCE_S)
    if task.failure is not None:
        tell(task.failure)
        _offer_again(job, key)
        return None
    if not task.over:
        _watch(task, what, key)
        return None
    return task.result


def _move_on(job: Job[Result], key: str) -> None:
    """Wait no longer for what stood here before."""
    workshop, before = laboratory.current().workshop, st.session_state.get(_waited_for(key))
    left = None if before in (None, job.key) else workshop.known(before)
    if left is not None:
        workshop.leave(left, page_id())
    st.session_state[_waited_for(key)] = job.key


def _offer_again(job: Job[Result], key: str) -> None:
    def again() -> None:
        st.session_state.pop(_stopped(key), None)
        laboratory.current().workshop.ask(job, page_id())

    st.button("Play it again", key=f"{key} again", on_click=again)


def _waited_for(key: str) -> str:
    return f"{key} job waited for"


def _stopped(key: str) -> str:
    return f"{key} stopped"


@st.fragment(run_every=_LOOKS_S)
def _watch(task: Task[Result], what: str, key: str) -> None:
    """Progress and a button; a fragment, so that the rest of the page stands still meanwhile."""
    if task.over:
        st.rerun()
    told = f"{plain(what)}: {task.share:.0%}" if task.share else f"{plain(what)}: getting ready"
    if task.state == "waiting":
        told = "Waiting for a core"
    bar, stop = st.columns([5, 1], vertical_alignment="center")
    bar.progress(min(1.0, task.share), text=f"{told}, {duration(task.seconds)}")
    if stop.button("Stop", key=f"{key} stop", width="stretch"):
        st.session_state[_stopped(key)] = task.job.key
        laboratory.current().workshop.leave(task, page_id())
        st.rerun()
