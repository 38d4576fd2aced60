"""What is said of intervals where more than luck is uncertain."""

from __future__ import annotations

import pytest

from coalesce_sim.report.uncertainty import coverage, lines_in, uncertainty_lines, what_helps
from coalesce_sim.statistics.components import Split


@pytest.mark.parametrize(
    ("split", "told"),
    [
        (
            Split(9.0, None, 1.0, 10, 10),
            "luck 42 %, the inputs 58 %: better measurements of the inputs would narrow it most.",
        ),
        (
            Split(9.0, 6.0, 2.0, 100, 25),
            "the log 75 %, the inputs 25 %: a longer log would narrow it most, more replications hardly.",
        ),
        (
            Split(9.0, 0.1, 0.1, 10, 10),
            "luck 80 %, the log 10 %, the inputs 10 %: more replications would narrow it most.",
        ),
        (Split(9.0, 4.0, None, 10, 10, hidden=True), "luck hides how much is due to the log, which"),
    ],
)
def test_what_would_make_an_interval_narrower_is_the_largest_part_of_it(split: Split, told: str) -> None:
    assert told in what_helps("Cost", split)


def test_a_report_says_what_the_run_said() -> None:
    split = Split(9.0, None, 1.0, 10, 10)
    facts = {"uncertainty": {"covers": ["luck", "inputs"], "split": {"realised_usd": split.as_dict()}}}
    assert lines_in(facts) == uncertainty_lines(("luck", "inputs"), {"realised_usd": split})
    assert lines_in({}) == uncertainty_lines((), {}) == []
    assert "cover luck, the log and the inputs." in coverage(("luck", "log", "inputs"))
