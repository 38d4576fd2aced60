"""The page Compare on several values of one field: what it says of the best at their end."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlencode

import pytest
from streamlit.testing.v1 import AppTest

from coalesce_sim.lab.laboratory import Lab
from coalesce_sim.lab.setting import Setting
from tests.lab.labs import settled

SMALL = "extends: market_viable\nworkload: {arrivals: {limit: 60}}\nreplications: 8\n"
END = "that was compared"


def _page() -> None:
    from coalesce_sim.lab.pages.compare.page import show

    show()


def answer_of(lab: Lab, *settings: tuple[str, ...]) -> str:
    Path(lab.start, "small.yaml").write_text(SMALL)
    page = AppTest.from_function(_page, default_timeout=60)
    page.query_params["setting"] = [
        urlencode(Setting("small.yaml", each).query, doseq=True) for each in settings
    ]
    settled(page)
    assert not page.exception
    (told,) = [str(each.proto.body) for each in page.get("html") if "lab-answer" in str(each.proto.body)]
    return told


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ((0, 0.5, 0.9), "= 0.9 is the largest that was compared: a larger one may do better still."),
        ((0, 0.5, 1), ""),
    ],
)
def test_a_best_that_is_shown_and_need_not_be_the_last_is_called_that(
    lab: Lab, values: tuple[float, ...], told: str
):
    found = answer_of(lab, *((f"policy.epsilon={value}",) for value in values))
    assert "is shown" in found
    assert (END in found) == bool(told)
    assert told in found


def test_where_nothing_differs_nothing_is_said_of_the_end(lab: Lab):
    home = "policy.kind=always_local"
    assert END not in answer_of(lab, *((home, f"contractors.count={count}") for count in (5, 10, 20)))
