"""Numbers that move, as they are written: what is refused, where, and all of it at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import coalesce_sim
from coalesce_sim import ScenarioError
from coalesce_sim.experiments.diagnosis.warnings import warnings_of
from tests.market.trading import contractor, market


def refused(scenario: dict[str, Any] | str | Path, *overrides: str) -> list[str]:
    with pytest.raises(ScenarioError) as error:
        coalesce_sim.load(scenario, overrides)
    return str(error.value).splitlines()


def test_all_that_is_out_of_order_or_range_is_told_at_its_line_with_the_time(tmp_path: Path) -> None:
    file = tmp_path / "drift.yaml"
    file.write_text(
        "extends: market\n"
        "title: drift\n"
        "clock: {days: 2}\n"
        "contractors:\n"
        "  types:\n"
        "    edge:\n"
        "      success:\n"
        "        at_hours:\n"
        "        - [1, 0.5]\n"
        "        - [12, 1.5]\n"
        "        - [6, 0.5]\n"
        "        - [48, 0.5]\n"
        "      price_usd: {trend: {start: 3, per_day: -2}}\n"
        "      slots: {at_hours: [[0, 2], [1, 1.5], [2, 0]]}\n"
        "    frontier:\n"
        "      latency_min: {walk: {start: 5, sd_per_sqrt_h: 1, low: -1, high: 2}}\n"
        "      network_ms: {trend: {start: 1, per_day: 1, every_min: 0.001}}\n"
        "      reliability: {walk: {start: 0.5, sd_per_sqrt_h: 1, low: 0.5, high: 0.5}}\n"
        "workload:\n"
        "  attributes:\n"
        "    value_usd: {at_hours: [[0, 1], [0, 2]]}\n"
    )
    place = f"{file}:{{}}: contractors.types.{{}}"
    told = refused(file)
    expected = [
        (9, "edge.success.at_hours[0][0]: must be 0, for what holds before is not said (got 1)"),
        (10, "edge.success.at_hours[1][1]: must be <= 1, and is not from hour 12 on (got 1.5)"),
        (
            11,
            "edge.success.at_hours[2][0]: must be later than hour 12, the one before it (got 6)",
        ),
        (12, "edge.success.at_hours[3][0]: must be before the clock ends, at hour 48 (got 48)"),
        (13, "edge.price_usd.trend.per_day: must be >= 0, and is not from hour 36 on (got -2)"),
        (
            14,
            "edge.slots.at_hours[1][1]: must be a whole number >= 1, and is not from hour 1 on (got 1.5)",
        ),
        (
            14,
            "edge.slots.at_hours[2][1]: must be a whole number >= 1, and is not from hour 2 on (got 0)",
        ),
        (16, "frontier.latency_min.walk.start: must be from low to high, -1 to 2 (got 5)"),
        (16, "frontier.latency_min.walk.low: must be >= 0, at any hour (got -1)"),
        (17, "frontier.network_ms.trend.every_min: makes more than 1,000,000 steps (got 0.001)"),
        (18, "frontier.reliability.walk.high: must be above low, 0.5 (got 0.5)"),
    ]
    wanted = [place.format(line, text) for line, text in expected]
    wanted.append(
        f"{file}:21: workload.attributes.value_usd.at_hours[1][0]: must be later than hour 0, the one "
        "before it (got 0)"
    )
    assert told == wanted


def test_files_are_refused_at_their_own_lines_beside_the_scenario_that_names_them(tmp_path: Path) -> None:
    (tmp_path / "usd.csv").write_text("t,usd\n2026-06-02T00:00:00,1\n2026-06-01,x\n")
    (tmp_path / "share.csv").write_text("t,share\n0,0.5\n3,2\n2,0.5\n")
    file = tmp_path / "s.yaml"
    file.write_text(
        "extends: market\n"
        "title: files\n"
        "clock: {start: 2026-06-01T00:00:00}\n"
        "contractors:\n"
        "  types:\n"
        "    edge:\n"
        "      price_usd: {csv: {path: usd.csv, time: t, value: usd}}\n"
        "      success: {csv: {path: share.csv, time: t, value: share}}\n"
        "    frontier:\n"
        "      price_usd: {csv: {path: usd.csv, time: when, value: usd}}\n"
    )
    usd, share = tmp_path / "usd.csv", tmp_path / "share.csv"
    told = refused(file)
    for expected in (
        f"{usd}:2: t: must not be after the clock starts, 2026-06-01T00:00:00 (got '2026-06-02T00:00:00')",
        f"{usd}:3: usd: must be a number (got 'x')",
        f"{share}:3: share: must be <= 1 (got 2)",
        f"{share}:4: t: must be later than in the row above it (got '2')",
        f"{usd}:1: when: no such column (expected: when, usd; found: t, usd)",
    ):
        assert expected in told


def test_a_market_that_does_not_learn_has_none_and_says_the_ways_out() -> None:
    (told,) = refused("dur_02", "contractors.types.cpu_specialist.price_usd={at_hours: [[0, 1]]}")
    assert told.endswith(
        "contractors.types.cpu_specialist.price_usd: moves, which needs a market that learns: "
        "state contracts: {}, or extends: market"
    )


@pytest.mark.parametrize("field", ["performance", "demand", "available_capacity"])
def test_what_cannot_move_says_so(field: str) -> None:
    (told,) = refused(market([0], contractor("a", **{field: {"at_hours": [[0, 1]]}})))
    assert f"contractors[0].{field}: cannot move with time: must be a" in told


def test_what_moves_of_homes_and_boxes() -> None:
    fields = market([0], contractor("a", box="lab"))
    hardware = fields["clients"]["hardware"]
    walk = {"start": 1, "sd_per_sqrt_h": 1, "low": 0.5, "high": 2}
    fields["boxes"] = {"lab": {"slots": 1, "hardware": hardware, "slot_usd_per_h": {"walk": walk}}}
    fields["clients"]["outcomes"] = {"job": {"success": {"at_hours": [[0, 1]]}}}
    told = refused(fields)
    assert [line.removeprefix("<scenario>: ") for line in told] == [
        "clients.outcomes.job.success: cannot move with time; at home only success, of all types, can",
        "boxes.lab.slot_usd_per_h: must not walk, for each on the box would draw a walk of its own",
    ]
    fields = market([0], contractor("a"))
    half = {"count": 1, "slot_usd_per_h": 1}
    fields["boxes"] = {"lab": {"slots": 1, "hardware": hardware}}
    fields["clients"] = {"box": "lab", "groups": {"one": half}}
    (told_of_group,) = refused(fields)
    assert told_of_group.endswith("groups.one.slot_usd_per_h: the box stands in its place; leave it out")


def test_numbers_of_outcomes_are_refused_at_their_place() -> None:
    moves = {
        "success": {"at_hours": [[0, 0.5], [1, 1.5]]},
        "bill_usd": {"trend": {"start": 1, "per_day": -2}},
    }
    told = refused(market([0], contractor("a", outcomes={"job": moves})))
    place = "contractors[0].outcomes.job"
    assert [line.removeprefix("<scenario>: ") for line in told] == [
        f"{place}.success.at_hours[1][1]: must be <= 1, and is not from hour 1 on (got 1.5)",
        f"{place}.bill_usd.trend.per_day: must be >= 0, and is not from hour 12 on (got -2)",
    ]


def test_what_does_not_go_together() -> None:
    told = refused(
        market(
            [0],
            contractor(
                "a",
                input_usd_per_mtok={"at_hours": [[0, 1]]},
                conditional_prices=[{"above_prompt_tokens": 10, "request_usd": 1}],
            ),
            contractor("b", slots={"trend": {"start": 1, "per_day": 1}}),
            contractor("c", price_usd={"at_hours": [[0, 1]], "walk": None}),
        )
    )
    assert [line.removeprefix("<scenario>: ") for line in told] == [
        "contractors[1].slots.at_hours: missing, but slots must move in steps that are listed",
        "contractors[0].input_usd_per_mtok: moves, which does not go with conditional_prices beside it",
    ]
    (both,) = refused(market([0], contractor("a", price_usd={"at_hours": [[0, 1]], "trend": {"start": 1}})))
    assert both == "<scenario>: contractors[0].price_usd: must name exactly one of at_hours, trend, walk, csv"


def test_another_way_of_moving_takes_the_place_of_the_one_that_is_inherited() -> None:
    first = market([0], contractor("a", price_usd={"trend": {"start": 1, "per_day": 0}}))
    scenario = coalesce_sim.load(first, ["contractors[0].price_usd={at_hours: [[0, 2]]}"])
    assert isinstance(scenario.contractors, list)
    assert scenario.resolved()["contractors"][0]["price_usd"] == {"at_hours": [[0.0, 2.0]]}
    faster = coalesce_sim.load(first, ["contractors[0].price_usd.trend.per_day=3"])
    assert faster.resolved()["contractors"][0]["price_usd"]["trend"]["per_day"] == 3
    assert coalesce_sim.Scenario.model_validate_json(faster.model_dump_json(by_alias=True)) == faster


def test_prices_by_tokens_that_move_and_are_not_charged_are_told() -> None:
    mine = contractor("a", price_usd=0.0, output_usd_per_mtok={"at_hours": [[0, 3], [1, 4]]})
    told = warnings_of(coalesce_sim.load(market([0.0], mine)))
    assert told == ["contractors state prices per token, but pricing is flat: they work for nothing"]
