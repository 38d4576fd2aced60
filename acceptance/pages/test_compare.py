"""The page Compare on settings of one's own, which it plays as a sweep."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlencode

import pytest
from streamlit.testing.v1 import AppTest

import coalesce_sim
from coalesce_sim.lab.laboratory import Lab
from coalesce_sim.lab.setting import Setting
from coalesce_sim.numbers import with_half_width
from coalesce_sim.statistics.intervals import Estimate
from tests.lab.compare_page import compare_page, row, setting
from tests.lab.labs import settled

VIABLE = "extends: market_viable\nworkload: {arrivals: {limit: 60}}\nreplications: 8\n"
END = "that was compared"


def played(lab: Lab, *settings: str) -> AppTest:
    """The page once these settings have been compared."""
    page = compare_page(lab)
    page.query_params["setting"] = list(settings)
    settled(page)
    assert not page.exception
    return page


def answer_of(lab: Lab, *settings: tuple[str, ...]) -> str:
    Path(lab.start, "viable.yaml").write_text(VIABLE)
    page = played(lab, *(urlencode(Setting("viable.yaml", each).query, doseq=True) for each in settings))
    (told,) = [str(each.proto.body) for each in page.get("html") if "lab-answer" in str(each.proto.body)]
    return told


def test_settings_have_the_differences_of_a_sweep(lab: Lab):
    page = played(lab, setting(), setting("policy.epsilon=0.3", label="Eager <b>"))
    (folder,) = (each for each in (lab.keep / "settings").iterdir() if each.is_dir())
    result = coalesce_sim.open_results(folder)
    assert result.complete
    (difference,) = result.differences().to_dict("records")
    assert difference["scenario"] == "Eager <b>"
    told = Estimate(difference["mean"], None, (difference["low"], difference["high"]), 2)
    shown = with_half_width(told).replace(" ± ", "\u00a0±\u00a0")
    assert f">{shown}</td>" in row(page, "Eager &lt;b&gt;")
    alone = coalesce_sim.run(coalesce_sim.load("small.yaml", ["policy.epsilon=0.3"]))
    level = result.estimates("cost_reduction")["mean"][1]
    assert alone.estimates["cost_reduction"].mean == pytest.approx(level)
    command = f"coalesce-sim sweep results/lab/settings/{folder.name}.yaml"
    assert command in [each.value for each in page.code]
    file = folder.with_name(f"{folder.name}.yaml")
    page.session_state[f"compare {file.name} folded"] = True
    assert file.read_text().strip() in [each.value for each in page.run().code]


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
