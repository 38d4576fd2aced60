"""Ctrl-C and SIGTERM as one exception, so that whatever is under way cleans up after itself."""

from __future__ import annotations

import os
import signal
import sys
from types import FrameType

from coalesce_sim.errors import Interrupted

_SIGNALS = (signal.SIGINT, signal.SIGTERM)

_received: int | None = None
"""The number of the first signal. A callback that a library calls from C may swallow its exception."""


def listen() -> None:
    """From now on raise `Interrupted` at the first signal; those after it do not disturb the cleaning."""
    global _received
    _received = None
    program, told_before = os.getpid(), sys.unraisablehook

    def interrupt(number: int, _frame: FrameType | None) -> None:
        global _received
        if os.getpid() != program:  # a child, forked a moment ago: the parent does the cleaning
            os._exit(128 + number)
        if _received is None:
            _received = number
            raise Interrupted(number)

    def swallowed(unraisable: sys.UnraisableHookArgs) -> None:
        if not isinstance(unraisable.exc_value, Interrupted):  # `insist` raises it again
            told_before(unraisable)

    for each in _SIGNALS:
        signal.signal(each, interrupt)
    sys.unraisablehook = swallowed


def insist() -> None:
    """Raise `Interrupted` if a signal came; for whatever takes long to call now and then."""
    if _received is not None:
        raise Interrupted(_received)
