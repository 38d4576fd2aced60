"""Ctrl-C and SIGTERM as one exception, so that whatever is under way cleans up after itself."""

from __future__ import annotations

import os
import signal
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupted(BaseException):
    """The user or the system wants the program to end; `signal` is the number of the signal."""

    def __init__(self, number: int) -> None:
        super().__init__(number)  # simpy makes exceptions anew from their args
        self.signal = number

    def __str__(self) -> str:
        return f"interrupted by {signal.Signals(self.signal).name}"


def listen() -> None:
    """From now on raise `Interrupted` at the first signal, and ignore those after it."""
    program = os.getpid()

    def interrupt(number: int, _frame: FrameType | None) -> None:
        if os.getpid() != program:  # a child, forked a moment ago: the parent does the cleaning
            os._exit(128 + number)
        for each in _SIGNALS:
            signal.signal(each, signal.SIG_IGN)
        raise Interrupted(number)

    for each in _SIGNALS:
        signal.signal(each, interrupt)
