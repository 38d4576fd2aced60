"""The panel in which a market is changed."""

from __future__ import annotations

from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from coalesce_sim.lab.controls.widgets import spoken
from coalesce_sim.lab.setting import Setting

SOURCE = "two_populations"

pytestmark = pytest.mark.usefixtures("lab")


def _page() -> None:
    import streamlit as st

    from coalesce_sim.lab.controls.panel import controls

    draft = controls(st.session_state["begin"], key="play")
    st.session_state["asked"] = draft.setting
    st.session_state["playable"] = draft.playable


def panel(*overrides: str, unfolded: str = "") -> AppTest:
    page = AppTest.from_function(_page)
    page.session_state["begin"] = Setting(SOURCE, overrides)
    page.session_state[f"play {SOURCE} {unfolded}"] = True
    return page.run()


def asked(page: AppTest) -> tuple[str, ...]:
    assert not page.exception
    setting: Setting = page.session_state["asked"]
    return setting.overrides


def field(page: AppTest, sort: str, path: str) -> Any:
    name = f"{sort} {path}"
    return next(each for each in (*page.get(_WIDGETS[sort]),) if each.key.endswith(name))


_WIDGETS = {
    "slider": "slider",
    "box": "number_input",
    "choice": "selectbox",
    "stated": "toggle",
    "switch": "toggle",
    "value of": "text_input",
}


def texts(page: AppTest) -> str:
    return "\n".join(each.value for each in (*page.markdown, *page.caption))


def test_a_slider_asks_for_an_override_and_goes_back() -> None:
    page = panel()
    assert asked(page) == ()
    field(page, "slider", "clients.groups.students.count").set_value(18).run()
    assert asked(page) == ("clients.groups.students.count=18",)
    assert field(page, "box", "clients.groups.students.count").value == 18
    field(page, "box", "clients.groups.students.count").set_value(400).run()  # further than the slider went
    assert asked(page) == ("clients.groups.students.count=400",)
    assert field(page, "slider", "clients.groups.students.count").value == 400
    (back,) = [each for each in page.button if "As in the scenario" in each.label]
    assert back.label == ":primary[As in the scenario: 12]"
    back.click().run()
    assert asked(page) == ()
    assert field(page, "slider", "clients.groups.students.count").value == 12


def test_another_policy_shows_its_own_settings_and_drops_the_others() -> None:
    page = panel()
    field(page, "slider", "policy.prior_weight").set_value(2.0).run()
    field(page, "choice", "policy.kind").set_value("topsis").run()
    assert asked(page) == ("policy.kind=topsis",)
    field(page, "slider", "policy.epsilon").set_value(0.3).run()
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
    field(page, "stated", "clients.groups.firm.budget_usd_per_day").set_value(True).run()
    assert asked(page) == ("clients.groups.firm.budget_usd_per_day=1",)
    field(page, "stated", "clients.groups.students.budget_usd_per_day").set_value(False).run()
    assert asked(page) == (
        "clients.groups.firm.budget_usd_per_day=1",
        "clients.groups.students.budget_usd_per_day=null",
    )
    field(page, "stated", "clients.slots").set_value(True).run()
    assert "clients.slots=unlimited" in asked(page)


def test_any_other_field_is_found_by_words_and_set() -> None:
    page = panel(unfolded="any other field")
    (search,) = [each for each in page.text_input if each.label == "Path or words"]
    search.set_value("speculative nonsense").run()
    assert "None of" in texts(page)
    search.set_value("cold reliability advertises").run()
    (found,) = [each for each in page.selectbox if each.label.startswith("Fields that fit")]
    assert found.options == ["reputation.start"]
    assert "begins with the reliability that each contractor advertises" in texts(page)
    assert "May be one of cold, warm. Now: cold" in texts(page).replace("\\", "")
    field(page, "value of", "reputation.start").set_value("hot").run()
    assert "must be one of" in texts(page)
    assert asked(page) == ()
    field(page, "value of", "reputation.start").set_value("warm").run()
    assert asked(page) == ("reputation.start=warm",)


def test_a_path_with_its_value_is_set_at_once() -> None:
    page = panel(unfolded="any other field")
    (search,) = [each for each in page.text_input if each.label == "Path or words"]
    search.set_value("clock.dais=2").run()
    assert "unknown field; did you mean 'days'?" in texts(page).replace("\\", "")
    search.set_value("workload.dealing=round_robin").run()
    assert asked(page) == ("workload.dealing=round_robin",)
    assert "dealing**] = round" in texts(page)  # no control shows it, so it is told apart
    (back,) = [each for each in page.button if "As in the scenario" in each.label]
    back.click().run()
    assert asked(page) == ()


def test_what_cannot_be_played_is_told_beside_its_field_and_kept() -> None:
    page = panel("skills.threshold=2", "clients.groups.firm.count=9", "nonsense")
    assert not page.session_state["playable"]
    told = texts(page).replace("\\", "")
    assert "must be <= 1 (got 2)" in told
    assert "nonsense: :red[must look like path.to.field=value" in told
    assert asked(page) == ("clients.groups.firm.count=9", "skills.threshold=2", "nonsense")
    next(each for each in page.button if "Leave it out" in each.label).click().run()
    field(page, "box", "skills.threshold").set_value(0.5).run()
    assert asked(page) == ("clients.groups.firm.count=9", "skills.threshold=0.5")
    assert page.session_state["playable"]
    next(each for each in page.button if "Put all back" in each.label).click().run()
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
    assert "[x](y)" not in texts(page)


def test_names_are_escaped_only_where_they_would_act() -> None:
    assert spoken("open_weights: share (USD/day)") == "open_weights: share (USD/day)"
    assert spoken("[x](y): slots") == r"\[x\]\(y\): slots"
    assert spoken("www.example.org: slots") == r"www\.example\.org: slots"
    assert spoken("_x_: slots") == r"\_x\_: slots"
