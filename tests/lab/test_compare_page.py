"""The page Compare, as its reader finds it: a market of some fifty tasks."""

import pytest

import coalesce_sim
from coalesce_sim.numbers import with_half_width
from coalesce_sim.report.opening import open_folder
from coalesce_sim.statistics.intervals import Estimate
from tests.lab.compare_page import compare_page, row, setting, texts
from tests.lab.labs import settled


@pytest.fixture
def page(lab):
    return compare_page(lab)


def test_policies_have_the_differences_of_compare(lab, page):
    page.query_params["scenario"] = "small.yaml"
    page.query_params["policy"] = ["greedy", "topsis(epsilon=0)"]
    settled(page)
    assert not page.exception
    played = coalesce_sim.compare(coalesce_sim.load("small.yaml"), ["greedy", "topsis(epsilon=0)"])
    (between,) = played.differences
    told = Estimate(between.contrast.difference.mean, None, between.contrast.ci_holm, 2)
    if between.first == "greedy":
        told = told.negated
    shown = with_half_width(told).replace(" ± ", "\u00a0±\u00a0")
    assert f">{shown}</td>" in row(page, "topsis(epsilon=0)")
    assert f"{between.first} saves" in texts(page)
    (folder,) = (lab.keep / "policies").iterdir()
    assert "**greedy**: The lowest cost by what happened so far" in texts(page).replace("\\", "")
    command = (
        "coalesce-sim compare small.yaml --seed 1 --replications 2 --policies 'greedy,topsis(epsilon=0)'"
    )
    assert command in [each.value for each in page.code]
    assert open_folder(folder).command == f"{command} --no-figures"
    assert page.query_params["metric"] == "cost_reduction"

    page.selectbox(key="compare metric").set_value("late_rate")
    page.selectbox(key="compare against").set_value("topsis(epsilon=0)").run()
    assert page.query_params["metric"] == "late_rate"
    assert "Share of late tasks: each less topsis(epsilon=0)" in texts(page)
    frame = played.runs.pivot(index="replication", columns="policy", values="late_rate")
    mean = (frame["greedy"] - frame["topsis(epsilon=0)"]).mean()
    assert f'data-key="{mean:.6f}'[:15] in row(page, "greedy")


def test_a_wrong_change_is_told_beside_it_and_nothing_is_played(lab, page):
    page.query_params["setting"] = [setting(), setting("policy.epsilon=7")]
    settled(page)
    assert "policy\\.epsilon" in page.error[0].value
    assert "Nothing is played" in texts(page)
    assert page.button(key="compare go").disabled
    page.text_area[1].set_value("policy.epsilon=0.1").run()
    assert "are the same market" in texts(page)
    assert page.button(key="compare go").disabled
    page.text_area[1].set_value("policy.epsilon=0.2").run()
    assert not page.button(key="compare go").disabled
    assert not lab.keep.exists()


def test_a_setting_that_arrives_joins_those_that_are_there(page):
    page.query_params["setting"] = setting()
    page.run()
    assert "add another" in texts(page)
    page.query_params["setting"] = setting("policy.epsilon=0.3")
    page.run()
    assert [each.value for each in page.text_area] == ["", "policy.epsilon=0.3"]
    assert not page.button(key="compare go").disabled


def test_one_field_is_varied(page):
    page.query_params["setting"] = setting("clock.days=0.5", "policy.epsilon=0.3")
    page.run()
    page.selectbox(key="compare varied field").set_value("policy.epsilon")
    page.text_input(key="compare varied values").set_value("2, 0.1, 0.2")
    page.button(key="compare vary").click().run()
    assert "must be <= 1" in texts(page).replace("\\", "")
    page.selectbox(key="compare varied field").set_value("policy.epsilon")  # it can be mended as it was made
    page.text_input(key="compare varied values").set_value("0, 0.1, 0.2")
    page.button(key="compare vary").click().run()  # what was typed comes with the click
    assert [each.value for each in page.text_area] == [
        f"clock.days=0.5\npolicy.epsilon={value}" for value in ("0", "0.1", "0.2")
    ]


def test_code_that_only_a_link_names_is_not_executed(lab, page):
    (lab.start / "mine.py").write_text("raise SystemExit('executed')")
    page.query_params["scenario"] = "small.yaml"
    page.query_params["policy"] = ["mine:Mine", "cheapest"]
    page.query_params["policies"] = "a,b"
    page.run()
    assert "says 'policies', which this page does not know" in page.warning[0].value.replace("\\", "")
    assert "not executed" in page.error[0].value
    assert page.button(key="compare go").disabled
