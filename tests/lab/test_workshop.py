"""Who waits for what in the workshop, and what ends when nobody does."""

import threading
import time
from dataclasses import dataclass

import pytest

from coalesce_sim.lab.workshop import workshop as room
from coalesce_sim.lab.workshop.job import Failed
from coalesce_sim.lab.workshop.workshop import Workshop


@dataclass(frozen=True)
class Job:
    key: str

    def play(self, *_):
        raise AssertionError("processes play")


class Process:
    """Plays until it is told what comes of it, or that it ends."""

    made: "list[Process]"

    def __init__(self, _):
        self.made.append(self)
        self.played, self.lives = [], True
        self._over, self._what = threading.Event(), None

    def play(self, job, progress):
        self.played.append(job.key)
        progress(0.5)
        self._over.wait(10)
        self._over.clear()
        if isinstance(self._what, Exception):
            raise self._what
        return self._what

    def tell(self, what):
        self._what = what
        self._over.set()

    def end(self):
        self.lives = False
        self.tell(Failed("ended"))


@pytest.fixture
def there(monkeypatch):
    monkeypatch.setattr(room, "GRACE_S", 0.05)
    monkeypatch.setattr(room, "LOOKS_S", 0.01)
    return {"one", "other"}


@pytest.fixture
def workshop(tmp_path, there):
    Process.made = []
    workshop = Workshop(tmp_path, there.__contains__, Process)
    yield workshop
    workshop.close()


def begun(task):
    """The process that plays a task, once it does."""
    while True:
        for each in Process.made:
            if each.lives and task.job.key in each.played[-1:]:
                return each
        time.sleep(0.002)


def test_a_job_that_two_pages_ask_for_is_played_once(workshop):
    task = workshop.ask(Job("a"), "one")
    assert workshop.ask(Job("a"), "other") is task
    begun(task).tell("result")
    assert task.wait(5)
    assert task.result == "result"
    assert workshop.ask(Job("a"), "one").result == "result"
    assert [each.played for each in Process.made] == [["a"]]


def test_a_process_plays_one_job_after_the_other(workshop):
    for key in ("a", "b"):
        task = workshop.ask(Job(key), "one")
        begun(task).tell(key)
        assert task.wait(5)
        assert task.result == key
    assert [each.played for each in Process.made] == [["a", "b"]]


def test_who_stops_a_job_that_another_page_waits_for_only_leaves_it(workshop):
    task = workshop.ask(Job("a"), "one")
    workshop.ask(Job("a"), "other")
    process = begun(task)
    workshop.leave(task, "one")
    assert task.state == "playing"
    workshop.leave(task, "other")
    assert task.state == "stopped"
    assert not process.lives


def test_a_job_that_was_stopped_is_begun_anew_when_asked_for(workshop):
    task = workshop.ask(Job("a"), "one")
    begun(task)
    workshop.leave(task, "one")
    again = workshop.ask(Job("a"), "one")
    assert again is not task
    begun(again).tell("result")
    assert again.wait(5)
    assert again.result == "result"


def test_what_nobody_looks_at_any_longer_ends_and_the_rest_goes_on(workshop, there):
    theirs, ours = workshop.ask(Job("theirs"), "one"), workshop.ask(Job("ours"), "other")
    process = begun(theirs)
    begun(ours)
    there.discard("one")
    assert theirs.wait(5)
    assert theirs.state == "stopped"
    assert not process.lives
    assert ours.state == "playing"


def test_a_page_that_comes_back_at_once_finds_its_job_going_on(workshop, there, monkeypatch):
    monkeypatch.setattr(room, "GRACE_S", 5.0)
    task = workshop.ask(Job("a"), "one")
    begun(task)
    there.discard("one")
    time.sleep(0.05)
    there.add("one")
    time.sleep(0.05)
    assert task.state == "playing"


def test_more_jobs_than_cores_wait_for_each_other(workshop, monkeypatch):
    monkeypatch.setattr(workshop, "_most", 2)
    tasks = [workshop.ask(Job(key), "one") for key in "abc"]
    first = begun(tasks[0])
    assert tasks[2].state == "waiting"
    first.tell("done")
    begun(tasks[2])
    assert tasks[0].wait(5)
    assert tasks[2].state == "playing"


def test_a_failure_is_told_and_not_kept_for_ever(workshop):
    task = workshop.ask(Job("a"), "one")
    begun(task).tell(Failed("The disk is full."))
    assert task.wait(5)
    with pytest.raises(Failed, match="The disk is full"):
        _ = task.result
    assert workshop.ask(Job("a"), "one") is not task


def test_closing_ends_what_is_at_work_and_what_waits(workshop, monkeypatch):
    monkeypatch.setattr(workshop, "_most", 1)
    tasks = [workshop.ask(Job(key), "one") for key in "ab"]
    process = begun(tasks[0])
    workshop.close()
    assert {each.state for each in tasks} == {"stopped"}
    assert not process.lives
