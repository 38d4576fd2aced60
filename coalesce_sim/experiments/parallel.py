"""A function applied to many items, on one core or several, with the results in the items' order."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import sys
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ProcessPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

MOST_PROCESSES = 61 if sys.platform == "win32" else 1_000
"""So many at most play at once; Windows cannot wait for more."""

_AHEAD = 3
"""Items a process that are under way or done but not yet asked for."""

_PATIENCE_S = 10.0
"""How long to wait for a process that was told to end."""


def cores() -> int:
    """Cores that this process may use."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(usable, MOST_PROCESSES)


def ordered_map(
    function: Callable[[Item], Result], items: Iterable[Item], *, jobs: int
) -> Generator[Result, None, None]:
    """Yield ``function(item)`` for each item, in order, from as many processes as `jobs` says.

    With several, function, items and results must survive pickling; an exception that does not is told as a
    RuntimeError. Close the generator, or exhaust it: its processes end with it.
    """
    if jobs == 1:
        yield from map(function, items)
        return
    ahead: deque[Future[Result]] = deque()
    waiting = iter(items)
    others = set(multiprocessing.active_children())
    executor = ProcessPoolExecutor(jobs, initializer=_leave_interrupts_to_the_parent)
    try:
        for item in waiting:
            ahead.append(executor.submit(_apart, function, item))
            if len(ahead) >= _AHEAD * jobs:
                break
        while ahead:
            result = ahead.popleft().result()
            for item in waiting:
                ahead.append(executor.submit(_apart, function, item))
                break
            yield result
    except BaseException:
        executor.shutdown(wait=False, cancel_futures=True)
        children = set(multiprocessing.active_children()) - others
        for child in children:
            child.terminate()
        for child in children:
            child.join(_PATIENCE_S)
        raise
    executor.shutdown()


def _leave_interrupts_to_the_parent() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _apart(function: Callable[[Item], Result], item: Item) -> Result:
    """The result, in a process of its own."""
    try:
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
