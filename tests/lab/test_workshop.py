"""Who waits for what in the workshop, and what ends when nobody does."""

import os
import random
import threading
import time
from dataclasses import dataclass

import pytest

from coalesce_sim.lab.workshop import frames
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
        self.played, self.lives, self.ended = [], True, False
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
        self.lives, self.ended = False, True
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


def test_a_process_that_died_while_it_was_idle_is_cleared_away(workshop):
    task = workshop.ask(Job("a"), "one")
    died = begun(task)
    died.tell("result")
    assert task.wait(5)
    died.lives = False
    begun(workshop.ask(Job("b"), "one"))
    assert died.ended, "its pipes are closed"
    assert len(Process.made) == 2


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


def test_a_page_that_asks_for_many_does_not_keep_another_waiting_behind_them(workshop, monkeypatch):
    monkeypatch.setattr(workshop, "_most", 2)
    many = [workshop.ask(Job(f"many {number}"), "one") for number in range(20)]
    single = workshop.ask(Job("single"), "other")
    begun(many[0]).tell("done")
    begun(single)
    assert [each.state for each in many[:3]] == ["done", "playing", "waiting"]


def test_what_a_process_raises_is_told_and_the_others_go_on(workshop, monkeypatch):
    monkeypatch.setattr(workshop, "_most", 1)
    tasks = [workshop.ask(Job(key), "one") for key in "ab"]
    begun(tasks[0]).tell(TypeError("cannot pickle it"))
    assert tasks[0].wait(5)
    with pytest.raises(Failed, match="cannot pickle it"):
        _ = tasks[0].result
    begun(tasks[1])
    assert len(Process.made) == 2
    assert not Process.made[0].lives


def test_a_process_that_cannot_be_started_is_told(tmp_path):
    def start(_):
        raise OSError(11, "Resource temporarily unavailable")

    workshop = Workshop(tmp_path, start=start)
    task = workshop.ask(Job("a"), "one")
    assert task.over
    with pytest.raises(Failed, match="No process can be started to play this: Resource temporarily"):
        _ = task.result
    workshop.close()


def test_what_is_larger_than_a_pipe_comes_through_whole():
    incoming, outgoing = os.pipe()
    with open(incoming, "rb", 0) as taken, open(outgoing, "wb") as put:
        sender = threading.Thread(target=frames.put, args=(put, "x" * 300_000))
        sender.start()
        assert frames.take(taken) == "x" * 300_000
        sender.join()


class Quick(Process):
    """Ends by itself."""

    def play(self, job, progress):
        progress(0.5)
        self._over.wait(0.002)
        if isinstance(self._what, Exception):
            raise self._what
        return job.key


def test_pages_that_come_and_go_at_random_leave_nothing_under_way(tmp_path):
    Process.made = []
    workshop = Workshop(tmp_path, start=Quick)

    def page(name):
        luck = random.Random(name)
        for _ in range(60):
            task = workshop.ask(Job(str(luck.randrange(12))), name)
            task.wait(luck.random() / 200)
            if luck.random() < 0.5:
                workshop.leave(task, name)

    pages = [threading.Thread(target=page, args=(str(number),)) for number in range(8)]
    for each in pages:
        each.start()
    for each in pages:
        each.join(20)
    tasks = [workshop.ask(Job(str(number)), "last") for number in range(12)]
    assert [each.wait(5) and each.result for each in tasks] == [each.job.key for each in tasks]
    workshop.close()
    assert not [each for each in Process.made if each.lives]


def test_who_stops_a_job_after_a_reload_stops_it_at_once(workshop, there):
    task = workshop.ask(Job("a"), "one")
    begun(task)
    workshop.ask(Job("a"), "one again")
    there.discard("one")
    workshop.leave(task, "one again")
    assert task.state == "stopped"
