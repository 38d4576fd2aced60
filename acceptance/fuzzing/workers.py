"""Processes that play cases one after the other; one that takes too long, or dies, is replaced."""

from __future__ import annotations

import multiprocessing
import os
import resource
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

from acceptance.fuzzing import cases
from acceptance.fuzzing.case import PACKAGE_ROOT
from acceptance.fuzzing.cases import Settings, Verdict

_MOST_BYTES = 6 * 2**30
_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(
    [
        "acceptance.fuzzing.cases",
        "coalesce_sim.loading",
        "coalesce_sim.report.writing",
        "coalesce_sim.sweeps.running",
    ]
)


@dataclass
class _Worker:
    process: Any
    pipe: Connection
    number: int | None = None
    began_s: float = 0.0


class Workers:
    """`count` processes with a scratch folder each below `scratch`; a case may take `limit_s`."""

    def __init__(self, settings: Settings, count: int, limit_s: float, scratch: Path, failures: Path) -> None:
        self._settings = settings
        self._limit_s = limit_s
        self._scratch, self._failures = scratch, failures
        self._made = 0
        os.environ["PYTHONPATH"] = str(PACKAGE_ROOT)  # else processes of processes import what is installed
        self._workers = [self._start() for _ in range(count)]

    def play(self, numbers: Iterable[int]) -> Iterator[Verdict]:
        """Play the cases of those numbers; the verdicts come as the cases end."""
        waiting = iter(numbers)
        for worker in self._workers:
            self._give(worker, next(waiting, None))
        while busy := [worker for worker in self._workers if worker.number is not None]:
            wait([worker.pipe for worker in busy], timeout=1.0)
            for worker in busy:
                verdict = self._heard(worker)
                if verdict is not None:
                    yield verdict
                    self._give(worker, next(waiting, None))

    def end(self) -> None:
        """End all processes."""
        for worker in self._workers:
            worker.process.kill()
            worker.process.join()

    def _start(self) -> _Worker:
        self._made += 1
        scratch = self._scratch / f"worker-{self._made}"
        scratch.mkdir()
        ours, theirs = _CONTEXT.Pipe()
        arguments = (theirs, self._settings, scratch, self._failures)
        process = _CONTEXT.Process(target=_serve, args=arguments)
        process.start()
        theirs.close()
        return _Worker(process, ours)

    def _give(self, worker: _Worker, number: int | None) -> None:
        worker.number, worker.began_s = number, time.monotonic()
        if number is not None:
            worker.pipe.send(number)

    def _heard(self, worker: _Worker) -> Verdict | None:
        """The verdict of a worker, if there is one, or that on a worker which is dead or will not end."""
        try:
            if worker.pipe.poll():
                verdict: Verdict = worker.pipe.recv()
                return verdict
        except (EOFError, OSError):
            return self._lost(worker, "the process died")
        if time.monotonic() - worker.began_s > self._limit_s:
            return self._lost(worker, f"no end after {self._limit_s:g} s")
        return None

    def _lost(self, worker: _Worker, why: str) -> Verdict:
        worker.process.kill()
        worker.process.join()
        number = worker.number
        assert number is not None
        for folder in self._scratch.glob(f"worker-*/case-{number}"):
            cases.keep(folder, self._failures, f"{why}\n")
        kind = cases.case_of(self._settings, number, self._scratch).kind
        fresh = self._start()
        worker.process, worker.pipe = fresh.process, fresh.pipe
        return Verdict(number, kind, (why,), (), 0.0)


def _serve(pipe: Connection, settings: Settings, scratch: Path, failures: Path) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (_MOST_BYTES, _MOST_BYTES))
    while True:
        try:
            number = pipe.recv()
        except EOFError:
            return
        pipe.send(cases.play(settings, number, scratch, failures))
