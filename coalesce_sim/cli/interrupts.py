"""Ctrl-C and SIGTERM as one exception, so that whatever is under way cleans up after itself."""

from __future__ import annotations

import os
import signal
import sys
import weakref
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupted(BaseException):
    """The user or the system wants the program to end; `signal` is the number of the signal."""

    def __init__(self, number: int) -> None:
        super().__init__(number)  # simpy makes exceptions anew from their args
        self.signal = number

    def __str__(self) -> str:
        return f"interrupted by {signal.Signals(self.signal).name}"


_sent: tuple[int, weakref.ref[Interrupted]] | None = None
"""The last signal's number and exception. While that lives it is on its way; a callback that a library calls
from C may swallow it, and then it is dead before the program has ended."""


def listen() -> None:
    """From now on raise `Interrupted` at a signal, but not while one is on its way and cleaning goes on."""
    global _sent
    _sent = None
    program, told_before = os.getpid(), sys.unraisablehook

    def interrupt(number: int, _frame: FrameType | None) -> None:
        if os.getpid() != program:  # a child, forked a moment ago: the parent does the cleaning
            os._exit(128 + number)
        if _sent is None or _sent[1]() is None:
            raise _new(number)

    def swallowed(unraisable: sys.UnraisableHookArgs) -> None:
        if not isinstance(unraisable.exc_value, Interrupted):  # `insist` raises it again
            told_before(unraisable)

    for each in _SIGNALS:
        signal.signal(each, interrupt)
    sys.unraisablehook = swallowed


def insist() -> None:
    """Raise `Interrupted` again if it was swallowed; to be called now and then by whatever takes long."""
    if _sent is not None and _sent[1]() is None:
        raise _new(_sent[0])


def ignore() -> None:
    """Let nothing disturb the end of the program."""
    for each in _SIGNALS:
        signal.signal(each, signal.SIG_IGN)


def _new(number: int) -> Interrupted:
    global _sent
    error = Interrupted(number)
    _sent = (number, weakref.ref(error))
    return error
