"""The workshop: jobs of all pages, who waits for which, and what became of them."""

from __future__ import annotations

import threading
import time
import traceback
from collections import Counter, OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, Literal, TypeVar

from coalesce_sim.experiments.parallel import cores
from coalesce_sim.lab.workshop.job import Failed, Job
from coalesce_sim.lab.workshop.process import Player, Process
from coalesce_sim.texts import on_one_line

Result = TypeVar("Result")
State = Literal["waiting", "playing", "done", "failed", "stopped"]

GRACE_S = 20.0
"""How long a job goes on without a page that waits for it: a reload, or a connection that was lost for a
moment, ends nothing."""

LOOKS_S = 1.0
_MOST_KEPT = 200
"""So many results are remembered; the folders of runs stay on disk whatever is forgotten here."""


@dataclass(eq=False)
class Task(Generic[Result]):
    """A job under way or at its end, and the pages that wait for it; read by any thread."""

    job: Job[Result]
    state: State = "waiting"
    share: float = 0.0
    failure: Failed | None = None
    began: float = field(default_factory=time.monotonic)
    ended: float | None = None
    _result: Result | None = None
    _pages: set[str] = field(default_factory=set)
    _alone_since: float | None = None
    _over: threading.Event = field(default_factory=threading.Event)
    _process: Player | None = None

    @property
    def over(self) -> bool:
        """Whether nothing more will happen to it."""
        return self._over.is_set()

    @property
    def seconds(self) -> float:
        """How long it has taken so far."""
        return (self.ended or time.monotonic()) - self.began

    @property
    def result(self) -> Result:
        """What it came to. Raises `Failed` where it came to nothing, or has not come to its end."""
        if self.failure is not None:
            raise self.failure
        if self.state != "done":
            raise Failed(f"This is {self.state}.")
        return self._result  # type: ignore[return-value]

    def wait(self, timeout_s: float) -> bool:
        """Wait until it is over, so long at most; says whether it is."""
        return self._over.wait(timeout_s)


class Workshop:
    """Plays the jobs of all pages, as many at a time as there are cores and one more, so that a look at a
    decision need not wait for a long run.

    A page that asks for many at once does not keep the others waiting: of those that wait the ones of pages
    with the fewest at work are first. A job that is asked for by several pages is played once, and one that
    was played is not played again. Who wants to be rid of one that others wait for only leaves it. `lives`
    says of a page whether somebody still looks at it; what nobody waits for any longer ends within `GRACE_S`
    and a second. `start` starts what plays, a process of its own by default.
    """

    def __init__(
        self,
        keep: Path,
        lives: Callable[[str], bool] = lambda _: True,
        start: Callable[[Path], Player] = Process,
    ) -> None:
        self.keep = keep
        self._lives, self._start = lives, start
        self._lock = threading.RLock()
        self._tasks: OrderedDict[str, Task[Any]] = OrderedDict()
        self._waiting: deque[Task[Any]] = deque()
        self._playing: set[Task[Any]] = set()
        self._idle: list[Player] = []
        self._closed = False
        self._most = cores() + 1
        threading.Thread(target=self._tend, daemon=True).start()

    def warm(self) -> None:
        """Have a process ready before anything is asked for."""
        with self._lock:
            if not self._idle and not self._closed:
                self._idle.append(self._start(self.keep))

    def ask(self, job: Job[Result], page: str) -> Task[Result]:
        """The task of a job: under way, over, or begun now. One that failed or was stopped is begun anew."""
        with self._lock:
            task: Task[Result] | None = self._tasks.get(job.key)
            if task is None or task.state in ("failed", "stopped"):
                task = Task(job)
                self._tasks[job.key] = task
                self._waiting.append(task)
            self._tasks.move_to_end(job.key)
            task._pages.add(page)
            task._alone_since = None
            self._forget()
            self._begin()
            return task

    def known(self, key: str) -> Task[Any] | None:
        """The task of that key, if it was asked for before."""
        with self._lock:
            return self._tasks.get(key)

    def leave(self, task: Task[Any], page: str) -> None:
        """A page waits no longer for a task: it ends, unless another page that lives does, which the same one
        before it was loaded again does not."""
        with self._lock:
            task._pages.discard(page)
            if not any(map(self._lives, task._pages)):
                self._stop(task)

    def close(self) -> None:
        """End everything."""
        with self._lock:
            self._closed = True
            for task in [*self._waiting, *self._playing]:
                self._stop(task)
            for process in self._idle:
                process.end()
            self._idle.clear()

    def _stop(self, task: Task[Any]) -> None:
        if task.over:
            return
        if task in self._waiting:
            self._waiting.remove(task)
        self._over(task, "stopped")
        if task._process is not None:
            task._process.end()

    def _over(self, task: Task[Any], state: State) -> None:
        task.state, task.ended = state, time.monotonic()
        task._over.set()

    def _begin(self) -> None:
        while self._waiting and len(self._playing) < self._most and not self._closed:
            task = self._next()
            try:
                task._process = self._ready() or self._start(self.keep)
            except OSError as error:
                task.failure = Failed(f"No process can be started to play this: {error.strerror or error}.")
                self._over(task, "failed")
                continue
            task.state = "playing"
            self._playing.add(task)
            threading.Thread(target=self._play, args=(task, task._process), daemon=True).start()

    def _ready(self) -> Player | None:
        """A process that is idle, if there is one; those that have died meanwhile are cleared away."""
        while self._idle:
            process = self._idle.pop()
            if process.lives:
                return process
            process.end()
        return None

    def _next(self) -> Task[Any]:
        """Of those that wait the first of a page that has the fewest at work, so that one page which asks for
        many does not keep the others waiting."""
        at_work = Counter(page for task in self._playing for page in task._pages)
        task = min(self._waiting, key=lambda each: min((at_work[page] for page in each._pages), default=0))
        self._waiting.remove(task)
        return task

    def _play(self, task: Task[Any], process: Player) -> None:
        def tell(share: float) -> None:
            task.share = share

        result, failure, lost = None, None, False
        try:
            result = process.play(task.job, tell)
        except Failed as error:
            failure = error
        except Exception as error:  # such as a job that cannot be sent: the page is told, and others go on
            failure = Failed(on_one_line(f"{type(error).__name__}: {error}"), traceback.format_exc())
            lost = True
        with self._lock:
            self._playing.discard(task)
            if not task.over:
                task._result, task.failure = result, failure
                self._over(task, "done" if failure is None else "failed")
            if task.state != "stopped" and process.lives and not (self._closed or lost):
                self._idle.append(process)
            else:
                process.end()
            self._begin()

    def _forget(self) -> None:
        for key in [key for key, task in self._tasks.items() if task.over][: -_MOST_KEPT or None]:
            del self._tasks[key]

    def _tend(self) -> None:
        """End what nobody waits for any longer."""
        while not self._closed:
            time.sleep(LOOKS_S)
            with self._lock:
                for task in [*self._waiting, *self._playing]:
                    self._look_at(task)

    def _look_at(self, task: Task[Any]) -> None:
        now = time.monotonic()
        if any(self._lives(page) for page in task._pages):
            task._alone_since = None
        elif task._alone_since is None:
            task._alone_since = now
        elif now - task._alone_since >= GRACE_S:
            self._stop(task)
