"""How processes that play runs are ended."""

from __future__ import annotations

import multiprocessing
import signal
import sys
import time
from multiprocessing.synchronize import Event

import pytest

from coalesce_sim.experiments import parallel


def deaf(started: Event) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    started.set()
    time.sleep(60)


@pytest.mark.skipif(sys.platform == "win32", reason="nothing is deaf to an end there")
def test_a_process_that_does_not_hear_its_end_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parallel, "_PATIENCE_S", 0.05)
    context = multiprocessing.get_context("fork")
    started = context.Event()
    process = context.Process(target=deaf, args=(started,), daemon=True)
    process.start()
    assert started.wait(30)
    parallel.end_all([process])
    assert process.exitcode == -signal.SIGKILL
