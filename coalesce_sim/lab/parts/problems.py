"""What cannot be shown, told in one sentence where it would have stood."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import replace

import streamlit as st

from coalesce_sim.errors import CoalesceError
from coalesce_sim.lab.parts.texts import plain
from coalesce_sim.lab.workshop.job import Failed
from coalesce_sim.scenario.problems import Problem, ScenarioError, shown


@contextmanager
def told_here() -> Iterator[None]:
    """Within, an error that has a name of its own is told in its place, and the page goes on after it."""
    try:
        yield
    except CoalesceError as error:
        tell(error)


def tell(error: CoalesceError) -> None:
    """Show what went wrong: a line a problem, and where in a user's own code where it came from there."""
    if isinstance(error, ScenarioError):
        for problem in error.problems:
            st.error(plain(_worded(problem)))
        return
    st.error(plain(str(error)))
    trace = error.trace if isinstance(error, Failed) else ""
    if trace:
        with st.expander("Where it happened"):
            st.code(trace, language=None)


def tell_unknown(names: Collection[str]) -> None:
    """Say which names of an address the page does not know, if there are any."""
    if names:
        told = ", ".join(map(shown, sorted(names)))
        st.warning(
            plain(f"The address says {told}, which this page does not know. Fields are set=PATH=VALUE.")
        )


def _worded(problem: Problem) -> str:
    """As on the command line, but for its option, which a page does not have."""
    return str(replace(problem, file="") if problem.file.startswith("--set ") else problem)
