"""A function applied to many items, on one core or several, with the results in the items' order."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Generator, Iterable, Mapping
from concurrent.futures import Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.process import BaseProcess
from multiprocessing.synchronize import Event
from typing import TypeVar

from coalesce_sim.errors import CoalesceError
from coalesce_sim.files import expected, expecting

Item = TypeVar("Item")
Result = TypeVar("Result")

MOST_PROCESSES = 61 if sys.platform == "win32" else 1_000
"""So many at most play at once; Windows cannot wait for more."""

UNGUARDED = (
    "the processes that were to play runs ended as they began; a script that calls coalesce_sim needs "
    '`if __name__ == "__main__":` around what it does, since each process reads it again'
)

_AHEAD = 3
"""Items a process that are under way or done but not yet asked for."""

_TELLS_S = 0.2
"""How often is told what others have done meanwhile."""

_LOOKS_S = 1.0
"""How often a process looks whether its parent is still there."""

_PATIENCE_S = 2.0
"""How long to wait for a process that was told to end."""


class EngineError(CoalesceError, RuntimeError):
    """Raised where nobody plays runs: no process starts, no scheduler answers, no worker is there, or the
    connection is lost."""


def refuse_unguarded_script() -> None:
    """End quietly where this process was started to play runs and is reading the user's script for that.

    A script that asks for processes at that point has no ``if __name__ == "__main__":``. The process that
    started this one tells (`UNGUARDED`).
    """
    if getattr(multiprocessing.current_process(), "_inheriting", False):
        raise SystemExit(1)


def cores() -> int:
    """Cores that this process may use."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(usable, MOST_PROCESSES)


def ordered_map(
    function: Callable[[Item], Result],
    items: Iterable[Item],
    *,
    jobs: int,
    meanwhile: Callable[[], None] | None = None,
) -> Generator[Result, None, None]:
    """Yield ``function(item)`` for each item, in order, from as many processes as `jobs` says (`Processes`).

    Close the generator, or exhaust it: its processes end with it.
    """
    with Processes(jobs) as processes:
        yield from processes.ordered_map(function, items, meanwhile)


class Processes:
    """So many processes, or this one where `jobs` is 1. They stay from one use to the next, with what they
    have loaded, and end with the context: at once, where an error leaves it."""

    def __init__(self, jobs: int) -> None:
        self._jobs = jobs
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> Processes:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            self._end()
        elif self._pool is not None:
            self._pool.shutdown()

    def ordered_map(
        self,
        function: Callable[[Item], Result],
        items: Iterable[Item],
        meanwhile: Callable[[], None] | None = None,
    ) -> Generator[Result, None, None]:
        """Yield ``function(item)`` for each item, in order; `meanwhile` is called a few times a second where
        processes have to be waited for. Raises `EngineError` where no process gets as far as to begin.

        With several processes, function, items and results must survive pickling; an exception that does not
        is told as a RuntimeError. After an error, or if the generator is closed before its end, they are
        ended.
        """
        if self._jobs == 1:
            yield from map(function, items)
            return
        refuse_unguarded_script()
        digests, pool = dict(expected()), self._pool or self._begun()
        ahead: deque[Future[Result]] = deque()
        waiting = iter(items)
        try:
            for item in waiting:
                ahead.append(pool.submit(_apart, function, item, digests))
                if len(ahead) >= _AHEAD * self._jobs:
                    break
            while ahead:
                result = _awaited(ahead.popleft(), meanwhile)
                for item in waiting:
                    ahead.append(pool.submit(_apart, function, item, digests))
                    break
                yield result
        except BaseException as error:
            self._end()
            if isinstance(error, BrokenProcessPool) and not self._started.is_set():
                raise EngineError(UNGUARDED) from error
            raise

    def _begun(self) -> ProcessPoolExecutor:
        self._started = multiprocessing.Event()
        self._others = set(multiprocessing.active_children())
        self._pool = ProcessPoolExecutor(self._jobs, initializer=_begin, initargs=(self._started,))
        return self._pool

    def _end(self) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
            end_all(set(multiprocessing.active_children()) - self._others)
            self._pool = None


def _awaited(future: Future[Result], meanwhile: Callable[[], None] | None) -> Result:
    while meanwhile is not None and not future.done():
        wait([future], _TELLS_S)
        meanwhile()
    return future.result()


def end_all(processes: Collection[BaseProcess]) -> None:
    """End processes, whatever they are at.

    One that was forked an instant ago forgets a signal that came before it could listen; it has to be killed,
    for a pool waits for all of its processes, and would for ever.
    """
    for process in processes:
        process.terminate()
    for process in processes:
        process.join(_PATIENCE_S)
        if process.is_alive():
            process.kill()
            process.join()


def _begin(started: Event) -> None:
    """Leave interrupts to the parent, and end with it."""
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    started.set()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _end_with(parent: int) -> None:
    """End this process once its parent has gone, which may have been killed: what waits to be told to it
    would wait for ever, for its siblings hold the other end."""
    while os.getppid() == parent:
        time.sleep(_LOOKS_S)
    os._exit(1)


def _apart(function: Callable[[Item], Result], item: Item, digests: Mapping[str, str]) -> Result:
    """The result, in a process of its own, where files must have the same digests as here."""
    try:
        with expecting(digests):
            return function(item)
    except Exception as error:
        if _survives_pickling(error):
            raise
        raise RuntimeError(f"{type(error).__name__}: {error}") from error


def _survives_pickling(error: Exception) -> bool:
    """Whether another process can be told; a user's exception may need other arguments than it keeps."""
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        return False
    return True
