"""Differences as the page Compare tells them: against whom, how sure, and in which words."""

from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pandas as pd
import pytest

from coalesce_sim.arrays import FloatArray
from coalesce_sim.lab.pages.compare.contest import Contest
from coalesce_sim.lab.pages.compare.wording import answer, chart, overview, table, verdict
from coalesce_sim.metrics import METRICS
from coalesce_sim.statistics.contrasts import contrasts

SUCCESS = METRICS["success_rate"]
VALUES = {
    "A": [80.0, 82.0, 84.0, 86.0],
    "B": [70.0, 73.0, 74.0, 77.0],
    "C": [80.1, 81.8, 84.2, 85.8],
    "random": [50.0, 54.0, 53.0, 55.0],
}


def less(one: str, other: str) -> FloatArray:
    paired = zip(VALUES[one], VALUES[other], strict=True)
    return np.array([value - against for value, against in paired])


def contest(replications: int = 4, labels: str = "ABC", yardsticks: tuple[str, ...] = ("random",)) -> Contest:
    every = [*labels, *yardsticks]
    rows = [
        {"which": label, "point": place, "replication": number, "seed": 1, "tasks": 50, "success_rate": value}
        for place, label in enumerate(every)
        for number, value in enumerate(VALUES[label][:replications])
    ]
    opened: Any = SimpleNamespace(kind="sweep", metrics=("tasks", "success_rate"), facts={})
    return Contest(cast(Any, opened), tuple(every), frozenset(yardsticks), pd.DataFrame(rows))


def test_all_pairs_are_one_family_whatever_they_are_held_against():
    found = contest()
    pairs = [("B", "A"), ("C", "A"), ("C", "B")]
    samples = [less(one, other) for one, other in pairs]
    for (one, other), tested in zip(pairs, contrasts(samples), strict=True):
        told = found.between("success_rate", one, other)
        turned = found.between("success_rate", other, one)
        assert tested.ci_holm is not None
        assert (told.low, told.high) == pytest.approx(tested.ci_holm)
        assert told.mean == pytest.approx(tested.difference.mean)
        assert turned.turned == told
        assert turned.mean == pytest.approx(-(told.mean or 0.0))
        assert told.shown == turned.shown == tested.shown


def test_a_yardstick_is_tested_by_itself_and_is_no_winner():
    found = contest()
    last = found.against("success_rate", "A")[-1]
    (alone,) = contrasts([less("random", "A")])
    assert (last.one, last.yardstick) == ("random", True)
    assert last.p == pytest.approx(alone.p)
    assert found.best(SUCCESS)[-1] == "B"
    assert found.pairs == 3
    assert "random" not in [column.label for column in overview(found, "A", ["success_rate"]).columns]


def test_the_finding_says_who_by_how_much_and_whether_it_is_shown():
    told = answer(contest(labels="AB"), SUCCESS)
    assert told[0].startswith("Success rate is 9.50")
    assert told[0].endswith("higher with “A” than with “B”: the difference is shown.")
    assert told[1].startswith("Against hiring at random, by a test of its own: Success rate is")
    assert told[1].endswith("shown.")
    assert len(answer(contest(labels="AB", yardsticks=()), SUCCESS)) == len(told) - 1
    many = answer(contest(), SUCCESS)
    assert many[0].startswith("No difference in success rate is shown between the best two, “A” and “C”")
    assert "all 3 pairs (Holm)" in many[-1]


def test_one_replication_gives_no_interval_and_says_so():
    one = contest(replications=1)
    told = answer(one, SUCCESS)
    assert "no interval" in told[0]
    assert "nothing is tested" in told[-1]
    (first, *_) = one.against("success_rate", "A")
    assert (first.low, first.shown, verdict(first, SUCCESS)) == (None, False, "–")
    assert [row[1].text for row in table(one, SUCCESS, "A").rows] == ["-10.0", "0.1000", "-30.0"]


def test_the_figure_holds_the_differences():
    found = contest()
    drawn = chart(found, SUCCESS, "B")
    assert drawn.axes[0].levels == ("A", "C", "random")
    assert drawn.quantities[0].unit == "points"
    assert drawn.figures[0]["mean"] == pytest.approx(
        [found.between("success_rate", each, "B").mean for each in "AC"] + [-20.5], rel=1e-5
    )


def test_one_by_itself_is_held_against_the_yardsticks():
    told = answer(contest(labels="A"), SUCCESS)
    assert told[0].startswith("Success rate is 30.0 ± ")
    assert told[0].endswith("higher with “A” than with “random”, shown.")
    (nothing,) = answer(contest(labels="A", yardsticks=()), SUCCESS)
    assert "nothing to compare it with" in nothing
