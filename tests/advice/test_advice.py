"""What an advice says and writes; its figures are held against closed forms in `verification`."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
import yaml

import coalesce_sim
from coalesce_sim.advice.advice import Advice
from coalesce_sim.advice.changes import at_success, cheaper, dearer, slower, success
from coalesce_sim.advice.exporting import HOME_BASE, HOME_MODEL, export, left_out
from coalesce_sim.advice.routing import Plan, Share
from coalesce_sim.advice.workers import known
from coalesce_sim.report.advice.findings import findings
from coalesce_sim.report.advice.table import notes
from coalesce_sim.report.advice.text import page_of
from coalesce_sim.scenario.schema import Scenario
from coalesce_sim.scenario.settlement import Settlement
from coalesce_sim.scenario.workload import Step

TOKENS = {"prompt_tokens": 1000, "output_tokens": 100}


def log(hours: float = 24, bill_usd: float = 0.012, **clients: Any) -> Scenario:
    """Chat and code at `south`; `north` asks a tenth, and is not known to code."""
    went = {"to": "south", "usd": bill_usd, "s": 2.0, "good": True}
    tasks: list[dict[str, Any]] = [
        {"type": kind, **TOKENS, "value_usd": 0.012, "logged": went} for kind in ("chat", "chat", "code")
    ]
    types = {kind: {"max_latency_min": 1, "expected_output_tokens": 100} for kind in ("chat", "code")}
    able = {kind: {"success": 1} for kind in types}
    return coalesce_sim.load(
        {
            "extends": "logged",
            "title": "Three tasks",
            "clock": {"start": "2026-11-02T00:00:00", "days": hours / 24},
            "workload": {"arrivals": {"kind": "listed", "gap_s": 60, "tasks": tasks}, "types": types},
            "clients": {"count": 1, "slots": 0, "hardware": "rtx_4090", **clients},
            "contractors": [
                {"name": "south", "reliability": 1, "input_usd_per_mtok": 10, "output_usd_per_mtok": 20}
                | {"outcomes": able},
                {"name": "north", "reliability": 1, "input_usd_per_mtok": 1, "output_usd_per_mtok": 2}
                | {"outcomes": {"chat": {"success": 1}}},
            ],
        }
    )


@pytest.fixture(scope="module")
def advice() -> Advice:
    return coalesce_sim.advise(log(), replications=1)


def test_payment_that_costs_something_is_said_to_come_on_top(advice: Advice) -> None:
    def told(**stated: Any) -> list[str]:
        settlement = Settlement.model_validate(stated)
        return findings(
            replace(advice, scenario=advice.scenario.model_copy(update={"settlement": settlement}))
        )

    first, on_top, *others = told(fee=[{"kind": "card", "fixed_usd": 30}])
    assert on_top.startswith("All figures here are before what settlement costs, such as fees")
    assert [first, *others] == findings(advice) == told(currency="EUR")


def test_it_is_told_against_todays_bill(advice: Advice) -> None:
    first, unjudged, second, *_ = findings(advice)
    assert first == "A worker a type saves 0.648 USD a month against today's routing: 60.0 %."
    assert unjudged.startswith(
        "It gives 67 % of the tasks to others than today (north), by how often their calls"
    )
    assert second.startswith(
        "Of that cash is 0.648 USD, delay 0 USD, losses by bad work 0 USD. Success 100.00"
    )
    assert "north" in page_of(advice)
    assert any("it covers luck alone" in each for each in notes(advice))
    told = json.loads(json.dumps(advice.summary))
    assert told["best"] == "a worker a type"
    moved = {(each["type"], each["worker"]): each for each in told["worth_from"]}
    assert [each["instead_of"] for each in moved.values()] == ["south"] * 2
    assert moved["code", "north"]["stated_success_rate"] is None
    assert moved["chat", "north"]["stated_success_rate"] == 100


def test_of_a_log_that_cost_nothing_no_share_is_told() -> None:
    advice = coalesce_sim.advise(log(bill_usd=0.0), replications=1)
    assert {each["share"].mean for each in advice.saves.values()} == {None}
    told = " ".join(findings(advice))
    assert "Today's routing costs nothing: nothing is told in percent of it." in told
    assert "whether the market's own costs agree with it cannot be told" in told


def test_what_home_has_never_done_is_told(advice: Advice) -> None:
    assert "How good home is" not in " ".join(notes(advice))
    at_home = {"chat": {"success": 0.9}, "code": {"success": 0}}
    works = coalesce_sim.advise(log(slots=1, outcomes=at_home), replications=1)
    assert "How good home is at code is not known, and stated as no success" in " ".join(notes(works))


def test_without_another_advice_that_is_told(advice: Advice) -> None:
    alone = replace(advice, field=[advice.baseline, advice.by_label["as logged, modelled"]])
    assert findings(alone)[0] == "Nothing that was tried costs less than today's routing."
    assert findings(alone)[2:3] == [
        "What else was tried gives nine tenths of the tasks to the same: there is no second advice.",
    ]


def test_of_less_than_a_day_nothing_is_told_by_the_month(advice: Advice) -> None:
    assert advice.months == pytest.approx(30)
    short = replace(advice, scenario=log(hours=2), months=None)
    assert "for the whole log" in findings(short)[0]
    assert any("less than a day: nothing is told by the month" in each for each in notes(short))
    asked = replace(short, months=360.0)
    assert notes(asked)[-1] == (
        "2 h are played, less than a day: a month is taken for 360 times that, as asked for."
    )


def test_a_gateway_gets_the_routing(advice: Advice) -> None:
    config = yaml.safe_load(export(advice, "litellm"))
    assert [(each["model_name"], each["litellm_params"]) for each in config["model_list"]] == [
        ("chat", {"model": "north", "weight": 100}),
        ("code", {"model": "south", "weight": 100}),
    ]
    assert left_out(advice, "litellm") is None
    assert left_out(replace(advice, field=[advice.baseline]), "litellm") is None
    rules = json.loads(export(advice, "json"))["routes"]["rules"]
    assert {each["type"]: each["to"] for each in rules} == {"chat": "north", "code": "south"}
    assert HOME_MODEL.startswith("hosted_vllm/")
    assert HOME_BASE.startswith("os.environ/")


def test_a_plan_becomes_rules_in_the_order_that_says_so() -> None:
    plan = Plan({"chat": Share("south", short="north", up_to=500.0)}).trying("chat", "west")
    told = [each.model_dump(exclude_none=True) for each in plan.routes().rules]
    assert told == [
        {"type": "chat", "to": "west", "otherwise": "south"},
        {"type": "chat", "prompt_tokens_up_to": 500.0, "to": "north"},
        {"type": "chat", "to": "south"},
    ]


def test_a_market_that_is_otherwise_is_so_at_one_place() -> None:
    stated = log()
    assert (known(stated, "north", "chat"), known(stated, "north", "code")) == (True, False)
    assert known(at_success(stated, "north", "code", 0.5), "north", "code")
    assert success(at_success(stated, "north", "code", 0.5), "north", "chat") == 1
    prices = [each.input_usd_per_mtok for each in dearer(stated, "north", 0.5).contractors]  # type: ignore[union-attr]
    assert prices == [10, 1.5]
    assert cheaper(stated, "north", 1.0).contractors[1].output_usd_per_mtok == 1  # type: ignore[index]
    assert slower(stated, "home", 1.0).clients.hardware.decode_tokens_per_s == 64  # type: ignore[union-attr]


def test_tasks_in_steps_are_known_by_their_steps() -> None:
    stated = log()
    steps = {"ask": Step(type="chat", work=0.5), "do": Step(type="code", work=0.5)}
    whole = stated.workload.types["chat"].model_copy(update={"steps": steps})
    workload = stated.workload.model_copy(update={"types": stated.workload.types | {"whole": whole}})
    composite = stated.model_copy(update={"workload": workload})
    assert [known(composite, who, "whole") for who in ("south", "north")] == [True, False]


def test_who_cannot_be_named_cannot_be_advised() -> None:
    with pytest.raises(coalesce_sim.ScenarioError) as refused:
        coalesce_sim.advise(coalesce_sim.load("market"))
    assert str(refused.value) == (
        "contractors: must be listed one by one for advice on whom to hire; these are drawn anew in every "
        "replication"
    )
