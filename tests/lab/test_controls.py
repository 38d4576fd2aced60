"""The panel in which a market is changed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from coalesce_sim.lab.controls.widgets import spoken
from coalesce_sim.lab.laboratory import Lab
from coalesce_sim.lab.setting import Setting

SOURCE = "small.yaml"
_SMALL = """
extends: two_populations
contractors: {count: 3, types: {open_weights: null, frontier: null, specialist: null}}
discovery: null
reputation: null
"""


@pytest.fixture(autouse=True)
def _small(lab: Lab) -> None:
    Path(lab.start, SOURCE).write_text(_SMALL)
    os.utime(SOURCE, (0, 0))  # the same for all tests, so that it is looked through once


def _page() -> None:
    import streamlit as st

    from coalesce_sim.lab.controls.panel import controls

    draft = controls(st.session_state["begin"], key="play")
    st.session_state["asked"] = draft.setting
    st.session_state["playable"] = draft.playable


def panel(*overrides: str, unfolded: str = "") -> AppTest:
    page = AppTest.from_function(_page, default_timeout=30)
    page.session_state["begin"] = Setting(SOURCE, overrides)
    page.session_state[f"play {SOURCE} {unfolded}"] = True
    return page.run()


def asked(page: AppTest) -> tuple[str, ...]:
    assert not page.exception
    setting: Setting = page.session_state["asked"]
    return setting.overrides


_WIDGETS = {
    "slider": "slider",
    "box": "number_input",
    "choice": "selectbox",
    "stated": "toggle",
    "looked for": "text_input",
    "value of": "text_input",
}


def field(page: AppTest, sort: str, path: str = "") -> Any:
    name = f"play {SOURCE} {sort} {path}".rstrip()
    return next(each for each in page.get(_WIDGETS[sort]) if getattr(each, "key", None) == name)


def button(page: AppTest, words: str) -> Any:
    (found,) = [each for each in page.button if words in each.label]
    return found


def texts(page: AppTest) -> str:
    return "\n".join(each.value for each in (*page.markdown, *page.caption)).replace("\\", "")


def test_a_slider_asks_for_an_override_and_goes_back() -> None:
    page = panel()
    assert asked(page) == ()
    field(page, "slider", "clients.groups.students.count").set_value(18).run()
    assert asked(page) == ("clients.groups.students.count=18",)
    assert field(page, "box", "clients.groups.students.count").value == 18
    field(page, "box", "clients.groups.students.count").set_value(400).run()  # further than the slider went
    assert asked(page) == ("clients.groups.students.count=400",)
    assert field(page, "slider", "clients.groups.students.count").value == 400
    button(page, "As in the scenario: 12").click().run()
    assert asked(page) == ()
    assert field(page, "slider", "clients.groups.students.count").value == 12


def test_another_policy_shows_its_own_settings_and_drops_the_others() -> None:
    page = panel("policy.prior_weight=2")
    field(page, "choice", "policy.kind").set_value("topsis").run()
    assert asked(page) == ("policy.kind=topsis",)
    field(page, "slider", "policy.epsilon").set_value(0.3)
    field(page, "slider", "policy.weights.cost").set_value(0.8).run()
    assert asked(page) == (
        "policy.kind=topsis",
        "policy.epsilon=0.3",
        "policy.weights={cost: 0.8, reliability: 0.25, latency: 0.2, security: 0.15}",
    )
    assert page.session_state["playable"]
    field(page, "choice", "policy.kind").set_value("greedy").run()
    assert asked(page) == ()


def test_a_number_that_need_not_be_there_is_switched_on_and_off() -> None:
    page = panel()
    field(page, "stated", "clients.groups.firm.budget_usd_per_day").set_value(True)
    field(page, "stated", "clients.groups.students.budget_usd_per_day").set_value(False)
    field(page, "stated", "clients.slots").set_value(True).run()
    assert asked(page) == (
        "clients.groups.firm.budget_usd_per_day=1",
        "clients.groups.students.budget_usd_per_day=null",
        "clients.slots=unlimited",
    )


def test_any_other_field_is_found_by_words_and_set() -> None:
    page = panel(unfolded="any other field")
    field(page, "looked for").set_value("round robin tasks clients").run()
    (found,) = [each for each in page.selectbox if each.label.startswith("Fields that fit")]
    assert found.options == ["workload.dealing"]
    assert "deals on from where it stopped" in texts(page)
    assert "May be one of round_robin, round_robin_by_arrival, random. Now: random." in texts(page)
    field(page, "value of", "workload.dealing").set_value("raindom").run()
    assert "did you mean 'random'?" in texts(page)
    assert asked(page) == ()
    field(page, "value of", "workload.dealing").set_value("round_robin").run()
    assert asked(page) == ("workload.dealing=round_robin",)
    field(page, "looked for").set_value("clock.dais=2").run()
    assert "unknown field; did you mean 'days'?" in texts(page)
    button(page, "As in the scenario: random").click()  # no control shows it, so it is told apart
    field(page, "looked for").set_value("clock.timeline_min=30").run()
    assert asked(page) == ("clock.timeline_min=30",)


def test_what_cannot_be_played_is_told_beside_its_field_and_kept() -> None:
    page = panel("skills.threshold=2", "clients.groups.firm.count=9", "nonsense")
    assert not page.session_state["playable"]
    assert "must be <= 1 (got 2)" in texts(page)
    assert "nonsense: :red[must look like path.to.field=value" in texts(page)
    assert asked(page) == ("clients.groups.firm.count=9", "skills.threshold=2", "nonsense")
    button(page, "Leave it out").click()
    field(page, "box", "skills.threshold").set_value(0.5).run()
    assert asked(page) == ("clients.groups.firm.count=9", "skills.threshold=0.5")
    assert page.session_state["playable"]
    button(page, "Put all back").click().run()
    assert asked(page) == ()


def test_seed_and_replications_are_apart_from_overrides() -> None:
    page = panel("seed=7")
    field(page, "box", "replications").set_value(3).run()
    assert page.session_state["asked"] == Setting(SOURCE, (), 7, 3)
    page.session_state["begin"] = page.session_state["asked"]  # as the address of the page says it now
    field(page, "slider", "clock.days").set_value(0.5).run()
    assert page.session_state["asked"] == Setting(SOURCE, ("clock.days=0.5",), 7, 3)
    page.session_state["begin"] = Setting(SOURCE, ("clock.days=0.1",))
    assert asked(page.run()) == ("clock.days=0.1",)


def test_code_is_not_executed_and_names_do_not_act() -> None:
    page = panel("policy={class: 'theirs:Policy'}", "clients.groups.[x](y).count=1")
    assert "names code, which is not executed" in texts(page)
    assert not page.session_state["playable"]
    assert not [each for each in page.markdown if "[x](y)" in each.value]


def test_names_are_escaped_only_where_they_would_act() -> None:
    assert spoken("open_weights: share (USD/day)") == "open_weights: share (USD/day)"
    assert spoken("[x](y): slots") == r"\[x\]\(y\): slots"
    assert spoken("www.example.org: slots") == r"www\.example\.org: slots"
    assert spoken("_x_: slots") == r"\_x\_: slots"


def test_what_was_moved_is_seen_though_its_section_is_folded() -> None:
    page = panel("contracts.recovery.retries=2")
    assert field(page, "slider", "contracts.recovery.retries").value == 2
    assert not [each for each in page.slider if "due_on_failure" in str(each.key)]
    page.session_state[f"play {SOURCE} folded Contracts"] = True
    page.run()
    assert field(page, "slider", "contracts.due_on_failure").value == 0
    assert field(page, "slider", "contracts.recovery.retries").value == 2
