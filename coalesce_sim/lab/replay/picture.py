"""The picture of a replay, as a part of a page."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import streamlit.components.v2 as components

if TYPE_CHECKING:
    from streamlit.components.v2.types import ComponentRenderer

_HERE: Final = Path(__file__).parent / "browser"
SCRIPTS: Final = (
    *("model.js", "shapes.js", "painter.js", "stage.js"),
    *("strip.js", "details.js", "player.js", "picture.js"),
)
"""The parts of what the browser plays, in the order in which they stand in one script."""

KEY_BYTES: Final = 24
"""How long the digest is that comes before a replay."""

NAME: Final = "coalesce_sim_replay"


class Asked(NamedTuple):
    """A job that somebody clicked on: its task, which attempt at that, from 0, and the worker's name."""

    task: int
    attempt: int
    worker: str


def script() -> str:
    """All that the browser plays, as one module."""
    return "\n".join((_HERE / name).read_text(encoding="utf-8") for name in SCRIPTS)


def style() -> str:
    """How it looks; colours are those of the theme around it."""
    return (_HERE / "picture.css").read_text(encoding="utf-8")


@cache
def _component() -> ComponentRenderer:
    return components.component(NAME, html='<div class="replay"></div>', css=style(), js=script())


def picture(replay_text: str, *, key: str) -> Asked | None:
    """Show a replay (`Replay.text`) and what is played of it; the job that was clicked on just now, if any.

    The picture keeps its moment from one run of the page's script to the next, as long as the replay is the
    same. Streamlit sends the text of the same replay once: after that only its digest goes to the browser.
    """
    replay = replay_text.encode()
    digest = hashlib.sha256(replay).hexdigest()[:KEY_BYTES].encode()
    result = _component()(key=key, data=digest + replay, on_task_change=_nothing)
    asked: Any = result.task
    return None if asked is None else Asked(int(asked["task"]), int(asked["attempt"]), str(asked["worker"]))


def _nothing() -> None:
    """The page is played anew whenever a job is clicked on; nothing more has to be done."""
