"""What plays chunks: a pool of processes on this machine, rebuilt when one of them dies."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.process import BaseProcess
from multiprocessing.synchronize import Event
from typing import Protocol

from coalesce_sim.experiments.parallel import UNGUARDED, EngineError, end_all
from coalesce_sim.sweeps.playing import Chunk, Row, play_chunk

_MOST_STILLBORN = 2
"""After so many pools in a row of which no process began, there is no use in another."""


class Engine(Protocol):
    """Plays chunks, wherever it does; used by one thread."""

    name: str

    @property
    def workers(self) -> int:
        """How many chunks can be played at once."""
        ...

    def submit(self, chunk: Chunk) -> Future[list[Row]]:
        """Have a chunk played."""
        ...

    def died(self, error: BaseException) -> bool:
        """Whether a future's error means that the worker process died, not that something else went wrong.

        Raises `EngineError` where it means that no chunk will be played any more.
        """
        ...

    def renew(self) -> bool:
        """After a death: whether all chunks under way are lost with it. The engine can be used again.

        Raises `EngineError` where it cannot.
        """
        ...

    def close(self, *, now: bool) -> None:
        """End all workers; `now` without waiting for the chunks under way."""
        ...


class LocalEngine:
    """A pool of processes on this machine. One that is killed breaks the pool, which is then made anew."""

    name = "local"

    def __init__(self, jobs: int) -> None:
        self._jobs = jobs
        self._stillborn = 0
        self._pool = self._new_pool()

    @property
    def workers(self) -> int:
        """The processes of the pool."""
        return self._jobs

    def submit(self, chunk: Chunk) -> Future[list[Row]]:
        """Have a chunk played by the next process that is free."""
        try:
            return self._pool.submit(play_chunk, chunk)
        except BrokenProcessPool as error:  # broken since it was last looked at
            future: Future[list[Row]] = Future()
            future.set_exception(error)
            return future

    def died(self, error: BaseException) -> bool:
        """Whether a process of the pool was killed."""
        return isinstance(error, BrokenProcessPool)

    def renew(self) -> bool:
        """A broken pool has lost everything under way.

        Raises `EngineError` where processes end as they begin.
        """
        self.close(now=True)
        self._stillborn = 0 if self._started.is_set() else self._stillborn + 1
        if self._stillborn >= _MOST_STILLBORN:
            raise EngineError(UNGUARDED)
        self._pool = self._new_pool()
        return True

    def close(self, *, now: bool) -> None:
        """End the processes."""
        if not now:
            self._pool.shutdown()
            return
        children = list((self._pool._processes or {}).values())
        self._pool.shutdown(wait=False, cancel_futures=True)
        end_all(children)

    def _new_pool(self) -> ProcessPoolExecutor:
        self._started = multiprocessing.Event()
        return ProcessPoolExecutor(self._jobs, initializer=_start_worker, initargs=(self._started,))


def _start_worker(started: Event) -> None:
    """Leave interrupts to the parent, and end with it, even if it is killed."""
    started.set()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: BaseProcess) -> None:
    parent.join()
    os._exit(1)
