from __future__ import annotations

import multiprocessing
import time
from contextlib import closing
from multiprocessing.connection import wait
from typing import NoReturn

import pytest

from coalesce_sim import Policy, PolicyError, RunResult, load, run
from coalesce_sim.experiments.replication import Wanted
from coalesce_sim.experiments.runs import metrics_of


class NeedsTwoArguments(Exception):
    """Cannot be made anew from its args, which is what pickle tries."""

    def __init__(self, what: str, why: str) -> None:
        super().__init__(f"{what} {why}")


def no_policy() -> NoReturn:
    raise NeedsTwoArguments("cannot decide", "today")


def test_an_error_that_cannot_be_pickled_is_told_all_the_same():
    with pytest.raises(RuntimeError, match="NeedsTwoArguments: cannot decide today") as raised:
        run(load("dur_01"), replications=2, jobs=2, policy=no_policy)
    assert "raise NeedsTwoArguments" in str(raised.value.__cause__)


def test_an_error_of_a_policy_is_the_same_at_any_number_of_jobs():
    for jobs in (1, 2):
        with pytest.raises(
            PolicyError, match="replication 0, seed 1: decide raised NotImplementedError: Policy"
        ):
            run(load("dur_01"), replications=2, jobs=jobs, policy=Policy)


def test_processes_end_with_the_runs_and_others_go_on():
    bystander = multiprocessing.get_context("spawn").Process(target=time.sleep, args=(60,))
    bystander.start()
    try:
        items = [(load("dur_01"), 1, replication) for replication in range(50)]
        with closing(metrics_of(items, jobs=2, emit=lambda *_: None, wanted=Wanted())) as played:
            assert next(played)["tasks"] > 0
            workers = set(multiprocessing.active_children()) - {bystander}
            assert workers
        for worker in workers:
            assert wait([worker.sentinel], timeout=10)
        assert bystander.is_alive()
    finally:
        bystander.terminate()
        bystander.join()


def test_a_metric_that_the_first_replication_lacks_is_not_lost():
    result = RunResult(load("dur_01"), 1, [{"tasks": 0.0}, {"tasks": 4.0, "cost_reduction": 20.0}])
    assert result.estimates["tasks"].mean == 2
    assert result.estimates["cost_reduction"].mean == 20
    assert result.estimates["cost_reduction"].n == 1


def test_progress_within_replications_is_told_by_the_processes_that_play_them():
    scenario = load("market_day", ["clock.days=0.02", "clients.count=4"])
    told: list[float] = []
    items = [(scenario, 1, replication) for replication in range(3)]
    played = metrics_of(items, jobs=2, emit=lambda *_: None, wanted=Wanted(), progress=told.append)
    assert len(list(played)) == 3
    assert told == sorted(told)
    assert told[-1] == 1.0
