"""A process of the workshop: it plays one job after the other, and ends with the program that started it.

It is started as a program of its own, since Streamlit puts its script in the place of the main module, which
a process made by `multiprocessing` would read again.
"""

from __future__ import annotations

import os
import queue
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any, BinaryIO

from coalesce_sim.errors import CoalesceError, Interrupted
from coalesce_sim.lab.workshop import frames
from coalesce_sim.lab.workshop.job import Failed, Job, Played
from coalesce_sim.texts import on_one_line, seen_from

_TELLS_S = 0.1
"""How often at most a share is told."""


def main() -> None:
    """Play what comes in, until nothing more does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the server's, which ends this process
    signal.signal(signal.SIGTERM, _interrupt)
    incoming, outgoing = _own_pipes()
    keep = Path(sys.argv[1])
    jobs: queue.SimpleQueue[Job[Any]] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(incoming, jobs), daemon=True).start()
    import coalesce_sim.report.writing  # noqa: F401 - loaded before it is needed, so that the first job is quick

    while True:
        frames.put(outgoing, _played(jobs.get(), keep, _teller(outgoing)))


def _own_pipes() -> tuple[BinaryIO, BinaryIO]:
    """The two ends of the talk, out of reach of what a user's code reads or prints."""
    incoming, outgoing = os.fdopen(os.dup(0), "rb", 0), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: SIM115 - for as long as the process lives
    return incoming, outgoing


def _listen(incoming: BinaryIO, jobs: queue.SimpleQueue[Job[Any]]) -> None:
    try:
        while True:
            jobs.put(frames.take(incoming))  # type: ignore[arg-type]
    except EOFError:
        os._exit(0)  # the server has gone, whatever it died of


def _interrupt(number: int, _: FrameType | None) -> None:
    signal.signal(number, signal.SIG_IGN)
    raise Interrupted(number)


def _teller(outgoing: BinaryIO) -> Callable[[float], None]:
    last = 0.0

    def tell(share: float) -> None:
        nonlocal last
        if time.monotonic() - last >= _TELLS_S:
            last = time.monotonic()
            frames.put(outgoing, share)

    return tell


def _played(job: Job[Any], keep: Path, progress: Callable[[float], None]) -> Played:
    try:
        return Played(job.play(keep, progress))
    except Failed as error:
        return Played(None, error)
    except CoalesceError as error:
        return Played(None, Failed(_told(str(error)), getattr(error, "trace", "")))
    except MemoryError:
        return Played(None, Failed("There is not enough memory to play this: ask for less at once."))
    except Exception as error:
        return Played(None, Failed(_told(f"{type(error).__name__}: {error}"), traceback.format_exc()))


def _told(message: str) -> str:
    """A message on one line, with paths as they are seen from where the lab was started."""
    return seen_from(os.getcwd(), on_one_line(message))


if __name__ == "__main__":
    try:
        main()
    except Interrupted as interrupted:
        os._exit(128 + interrupted.signal)
