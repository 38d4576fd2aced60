"""The page Play, as its reader finds it: a market of some fifty tasks."""

import html
import json

import pytest
from streamlit.testing.v1 import AppTest

from coalesce_sim import load
from coalesce_sim.lab.setting import Setting
from coalesce_sim.lab.workshop.run import Run
from coalesce_sim.report.explanation import explain
from tests.lab.labs import opened, settled

SMALL = "extends: dur_01\nclock: {days: 0.6}\nreplications: 3\n"


def _page():
    from coalesce_sim.lab.pages.play.page import show

    show()


@pytest.fixture(scope="module")
def start(tmp_path_factory):
    """A folder of all these tests: what one has played the others find."""
    start = tmp_path_factory.mktemp("lab")
    (start / "small.yaml").write_text(SMALL)
    return start


@pytest.fixture
def lab(start, monkeypatch):
    monkeypatch.chdir(start)
    with opened(start) as lab:
        yield lab


@pytest.fixture
def page(lab):  # noqa: ARG001 - it has to be open
    page = AppTest.from_function(_page)
    page.query_params["scenario"] = "small.yaml"
    return settled(page)


def texts(page) -> str:
    told = [each.value for each in (*page.markdown, *page.caption)]
    return "\n".join([*told, *(each.proto.body for each in page.get("html"))])


def test_what_is_shown_is_what_the_command_would_print(lab, page):
    assert not page.exception
    setting = Setting("small.yaml")
    folder = Run(setting.origin, setting.key).folder(lab.keep)
    summary = json.loads((folder / "summary.json").read_text())
    assert summary["replications"] == 3
    command = "coalesce-sim run small.yaml --seed 1 --replications 3"
    assert summary["provenance"]["command"] == f"{command} --no-figures"
    assert "small saves" in texts(page) or "No saving of small" in texts(page) or "costs more" in texts(page)
    assert command in [each.value for each in page.code]
    warned = next(each.proto.body for each in page.get("html") if "lab-check" in each.proto.body)
    assert "Warning about small: no contractor can pass skills.threshold" in warned.replace("\u00a0", " ")


def labelled(widgets, label):
    """The widget that is called so."""
    return next(each for each in widgets if label in each.label)


def test_a_slider_is_played_when_the_button_is_pressed_and_what_was_played_before_is_left(lab, page):
    left = []
    lab.workshop.leave = lambda task, _: left.append(task.job.key.split()[0])
    before = texts(page)
    labelled(page.slider, "Exploration rate").set_value(0.9)
    assert "Changed since it was played" in texts(page.run())
    labelled(page.button, "Play").click()
    after = texts(settled(page))
    assert not page.exception
    assert after != before
    assert "but policy.epsilon=0.9" in page.title[0].value.replace("\\", "")
    assert page.query_params["set"] == "policy.epsilon=0.9"
    setting = Setting("small.yaml", ("policy.epsilon=0.9",))
    assert Run(setting.origin, setting.key).folder(lab.keep).is_dir()
    assert left == ["run", "replay"]


def test_a_decision_is_told_as_the_command_tells_it(page):
    labelled(page.number_input, "Explain task").set_value(3)
    told = texts(settled(page))
    verdict = explain(load("small.yaml"), 1, 0, 3).decision["verdict"]
    assert html.escape(verdict) in told
    assert "coalesce-sim explain small.yaml --task 3 --seed 1 --replication 0" in [
        each.value for each in page.code
    ]


def test_what_an_address_says_that_nobody_knows_is_told(lab):  # noqa: ARG001 - it has to be open
    page = AppTest.from_function(_page)
    page.query_params["scenario"] = "small.yaml"
    page.query_params["epsilon"] = "0.5"
    settled(page)
    assert "says 'epsilon', which this page does not know" in page.warning[0].value.replace("\\", "")


def test_a_market_that_cannot_be_played_is_told_and_another_can_be_chosen(lab):
    (lab.start / "bad.yaml").write_text("extends: dur_01\npolicy: {epsilon: 2}\n")
    page = AppTest.from_function(_page)
    page.query_params["scenario"] = "bad.yaml"
    settled(page)
    assert not page.exception
    assert any("must be <= 1 (got 2)" in each.value.replace("\\", "") for each in page.error)
    assert "small" not in page.selectbox[0].options
    assert "dur_03" in page.selectbox[0].options
