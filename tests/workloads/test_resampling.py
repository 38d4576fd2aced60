"""Samples of a log: blocks take each other's places whole, and what comes of it is a log again."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pytest

from coalesce_sim import ScenarioError
from coalesce_sim.inputs.resampling import Log, Sample, sample_of
from coalesce_sim.scenario.uncertainty import Resample

HOUR_S, DAY_S = 3600.0, 86_400.0


def log(tasks: int = 600, days: float = 3.0, sessions: int = 200) -> Log:
    """Tasks at any time, most of them of some session, others of none."""
    rng = np.random.default_rng(4)
    whose = np.where(rng.random(tasks) < 0.2, -1, rng.integers(sessions, size=tasks))
    return Log(np.sort(rng.random(tasks) * days * DAY_S), whose)


def sampled(of: Log, blocks: Literal["session", "hour", "day"], number: int = 1, days: float = 3.0) -> Sample:
    return sample_of(of, Resample(blocks=blocks, number=number), days * DAY_S)


@pytest.mark.parametrize("blocks", ["session", "hour", "day"])
def test_a_sample_is_a_log_in_order_within_the_clock_and_each_number_is_another(
    blocks: Literal["session", "hour", "day"],
) -> None:
    of = log()
    one, again, other = (sampled(of, blocks, number) for number in (1, 1, 2))
    assert all(np.array_equal(a, b) for a, b in zip(one, again, strict=True))
    assert not np.array_equal(one.rows[:50], other.rows[:50])
    assert (np.diff(one.arrival_s) >= 0).all()
    assert one.arrival_s[0] >= 0
    assert one.arrival_s[-1] < 3 * DAY_S
    assert (one.session[of.session[one.rows] < 0] == -1).all()
    assert (one.session[of.session[one.rows] >= 0] >= 0).all()
    sizes = [len(sampled(of, blocks, number).rows) for number in range(1, 200)]
    assert np.mean(sizes) == pytest.approx(600, abs=4 * np.std(sizes) / np.sqrt(199) + 6)


def test_sessions_stay_whole_and_keep_their_gaps() -> None:
    of = log()
    found = sampled(of, "session")
    for number in np.unique(found.session[found.session >= 0]):
        mine = found.session == number
        theirs = of.session[found.rows[mine]]
        assert len(set(theirs.tolist())) == 1
        whole = of.session == theirs[0]
        moved = found.arrival_s[mine] - of.arrival_s[found.rows[mine]]
        assert np.allclose(moved, moved[0])
        assert mine.sum() == whole.sum() or moved[0] + of.arrival_s[whole].max() >= 3 * DAY_S


def test_a_session_begins_between_its_own_start_and_that_of_the_next() -> None:
    starts = np.array([0.0, 10.0, 10.0, 500.0])
    found = sampled(Log(starts, np.array([7, 3, -1, 5])), "session", 3)
    ends = np.array([10.0, 10.0, 500.0, 3 * DAY_S])
    assert (starts[found.rows] <= found.arrival_s).all()
    assert (found.arrival_s <= ends[found.rows]).all()


def test_an_hour_is_filled_by_one_of_that_time_of_day() -> None:
    of = log()
    found = sampled(of, "hour")
    place, donor = (np.floor(s / HOUR_S).astype(int) for s in (found.arrival_s, of.arrival_s[found.rows]))
    off = (place - donor) % 24
    assert set(off.tolist()) == {0, 1, 23}
    assert np.allclose(found.arrival_s % HOUR_S, of.arrival_s[found.rows] % HOUR_S)
    for hour in np.unique(place):
        assert len(set(donor[place == hour].tolist())) == 1


def test_days_take_each_others_places_and_what_is_left_of_one_is_filled_by_a_beginning() -> None:
    of = log(days=2.5)
    found = sampled(of, "day", days=2.5)
    donors = np.floor(of.arrival_s[found.rows] / DAY_S)
    assert set(donors.tolist()) <= {0.0, 1.0}
    assert np.allclose(found.arrival_s % DAY_S, of.arrival_s[found.rows] % DAY_S)
    assert (of.arrival_s[found.rows][found.arrival_s >= 2 * DAY_S] % DAY_S < DAY_S / 2).all()


def test_a_session_that_comes_twice_is_two() -> None:
    of = Log(np.array([0.0, 1.0]), np.array([0, 0]))
    found = sample_of(
        of._replace(arrival_s=np.array([5.0, 3605.0])), Resample(blocks="hour", number=1), 7200.0
    )
    assert len(found.rows) == 2
    assert found.session[0] != found.session[1]


@pytest.mark.parametrize(
    ("blocks", "days", "told"),
    [
        ("day", 1.9, "needs two whole days at least, which take each other's places; the log has 1"),
        ("hour", 0.05, "needs two whole hours at least"),
        ("session", 1.0, "needs two sessions at least"),
    ],
)
def test_a_log_of_one_block_is_refused(
    blocks: Literal["session", "hour", "day"], days: float, told: str
) -> None:
    with pytest.raises(ScenarioError, match=told) as error:
        sampled(Log(np.array([0.0, 1.0]), np.array([2, 2])), blocks, days=days)
    assert error.value.problems[0].path == "uncertainty.log.blocks"
