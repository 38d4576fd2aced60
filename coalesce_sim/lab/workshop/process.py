"""One process of the workshop, as the server sees it."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

from coalesce_sim.lab.workshop import frames
from coalesce_sim.lab.workshop.job import Failed, Job, Played

_PATIENCE_S = 3.0
"""How long a process that is told to end may clean up."""

_ENDED = "The process that played this was ended, perhaps for lack of memory: ask for less at once."
_MODULE = "coalesce_sim.lab.workshop.playing"


class Player(Protocol):
    """Plays one job at a time, as `Process` does."""

    def play(self, job: Job[Any], progress: Callable[[float], None]) -> Any: ...

    @property
    def lives(self) -> bool: ...

    def end(self) -> None: ...


class Process:
    """A process that is warm before it is asked to play, and plays one job at a time."""

    def __init__(self, keep: Path) -> None:
        self._popen = subprocess.Popen(
            [sys.executable, "-m", _MODULE, str(keep)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def play(self, job: Job[Any], progress: Callable[[float], None]) -> Any:
        """What the job comes to. Raises `Failed` where it fails, and where the process ends before it."""
        assert self._popen.stdin is not None
        assert self._popen.stdout is not None
        try:
            frames.put(self._popen.stdin, job)
            while True:
                told = frames.take(self._popen.stdout)
                if isinstance(told, float):
                    progress(told)
                    continue
                assert isinstance(told, Played)
                return told.result()
        except (EOFError, OSError, ValueError) as error:  # ValueError: `end` has closed the pipes
            raise Failed(_ENDED) from error

    @property
    def lives(self) -> bool:
        """Whether it can be asked to play."""
        return self._popen.poll() is None

    def end(self) -> None:
        """End it, whatever it is at: it may clean up, for a moment; returns at once."""
        self._popen.terminate()
        threading.Thread(target=self._wait).start()

    def _wait(self) -> None:
        try:
            self._popen.wait(_PATIENCE_S)
        except subprocess.TimeoutExpired:
            self._popen.kill()
            self._popen.wait()
        for pipe in (self._popen.stdin, self._popen.stdout):
            if pipe is not None:
                with suppress(OSError):  # what was not yet sent is not needed
                    pipe.close()
