"""Advice on a log whose answer can be worked out by hand: whom to hire, what it saves, what would turn it."""

from __future__ import annotations

from pathlib import Path

import pytest

import coalesce_sim
from coalesce_sim.advice.advice import Advice
from coalesce_sim.advice.field import AS_LOGGED, HIRED

TASKS = 400
PROMPT, OUTPUT = 1000, 100
DEAR_USD, CHEAP_USD, HOME_USD = 0.012, 0.0012, 0.0011
"""What a task costs at each: tokens × prices, and 1.1 s of a machine at 3.6 USD an hour."""

MARKET = f"""\
extends: logged
title: Chat at home, code at whoever is known to do it
seed: 1
replications: 4
clock: {{start: 2026-11-02T00:00:00Z, days: 1}}
workload:
  arrivals: {{kind: table, path: requests.csv}}
  types:
    chat: {{max_latency_min: 1, expected_output_tokens: {OUTPUT}}}
    code: {{max_latency_min: 1, expected_output_tokens: {OUTPUT}}}
clients:
  count: 1
  slots: 1
  hardware: {{prefill_tokens_per_s: 10000, decode_tokens_per_s: 100, compute_usd_per_h: 3.6, memory_gb: 24,
             tdp_w: 0, basis: rented, rent_usd_per_h: 0}}
  outcomes: {{chat: {{success: 1}}, code: {{success: 0}}}}
contractors:
  - {{name: dear, input_usd_per_mtok: 10, output_usd_per_mtok: 20, reliability: 1,
     outcomes: {{chat: {{success: 1}}, code: {{success: 1}}}}}}
  - {{name: cheap, input_usd_per_mtok: 1, output_usd_per_mtok: 2, reliability: 1,
     outcomes: {{chat: {{success: 1}}}}}}
"""


@pytest.fixture(scope="module")
def advice(tmp_path_factory: pytest.TempPathFactory) -> Advice:
    """A task every 100 s, every other one code; all went to `dear`, where each took 3 s."""
    folder = tmp_path_factory.mktemp("log")
    rows = ["arrival_s,type,prompt_tokens,output_tokens,value_usd,logged.to,logged.usd,logged.s,logged.good"]
    for number in range(TASKS):
        kind = "code" if number % 2 else "chat"
        rows.append(f"{100 * number},{kind},{PROMPT},{OUTPUT},{DEAR_USD},dear,{DEAR_USD},3,true")
    (folder / "requests.csv").write_text("\n".join(rows))
    (folder / "market.yaml").write_text(MARKET)
    return coalesce_sim.advise(coalesce_sim.load(Path(folder / "market.yaml")), core="compiled")


def test_who_should_do_what(advice: Advice) -> None:
    shares = {(each.type, each.worker): each.share.mean for each in advice.jobs}
    assert shares == {("chat", "home"): pytest.approx(100), ("code", "dear"): pytest.approx(100)}


def test_the_log_gives_its_own_bill_and_the_market_agrees(advice: Advice) -> None:
    assert advice.baseline.label == AS_LOGGED
    assert advice.costs[AS_LOGGED].mean == pytest.approx(30 * TASKS * DEAR_USD)
    assert advice.model_error is not None
    assert advice.model_error.mean == pytest.approx(0, abs=1e-9)
    assert advice.service[AS_LOGGED]["turnaround_p95_s"].mean == pytest.approx(3)


def test_what_a_month_saves(advice: Advice) -> None:
    saved = advice.saves[advice.best.label]
    assert saved["usd"].mean == pytest.approx(30 * TASKS / 2 * (DEAR_USD - HOME_USD))
    assert saved["cash"].mean == pytest.approx(saved["usd"].mean)
    assert saved["delay"].mean == saved["losses"].mean == 0


def test_the_levels_at_which_the_second_best_wins(advice: Advice) -> None:
    """The second best has chat done by `cheap`."""
    assert advice.second is not None
    assert advice.second.label == HIRED
    found = {each.lever.name: each for each in advice.turns}
    dearer = found["home dearer by"]
    assert dearer.found.level == pytest.approx(CHEAP_USD / HOME_USD - 1, rel=0.01)
    cheaper = found["cheap cheaper by"]
    assert cheaper.found.level == pytest.approx(CHEAP_USD / HOME_USD - 1, rel=0.01)
    assert cheaper.found.level is not None
    assert cheaper.lever.shown(cheaper.found.level) == pytest.approx(
        100 * (1 - HOME_USD / CHEAP_USD), rel=0.01
    )
    lost = found["success of home at chat"].found.level
    assert lost == pytest.approx((CHEAP_USD - HOME_USD) / DEAR_USD, abs=0.01), "a bad task loses its value"


def test_from_which_success_rate_others_are_worth_it(advice: Advice) -> None:
    """Bad work is paid for, and done again by `dear`: p·dear must be above what the worker costs."""
    worth = {(each.move.type, each.move.worker): each for each in advice.worths}
    assert {key: each.move.instead_of for key, each in worth.items()} == dict.fromkeys(worth, "dear")
    for key, usd in {
        ("chat", "home"): HOME_USD,
        ("code", "home"): HOME_USD,
        ("code", "cheap"): CHEAP_USD,
    }.items():
        low, high = worth[key].ci95 or (0.0, 0.0)
        assert low <= 100 * usd / DEAR_USD <= high, key
        assert worth[key].success_rate == pytest.approx(100 * usd / DEAR_USD, abs=2), key
    assert worth["code", "cheap"].move.stated is None
    assert worth["chat", "home"].move.stated == 1


def test_what_it_assumed_by_how_much_it_matters(advice: Advice) -> None:
    """Held against the market's own costs of today's routing: prices a tenth up save a tenth of `dear`."""
    moved = {each.assumption.assumed: each.moves_usd.mean for each in advice.weights}
    assert moved["prices stay as they are"] == pytest.approx(0.1 * DEAR_USD * TASKS / 2)
    assert moved["an hour at home costs what is stated, as long as it works"] == pytest.approx(
        -HOME_USD * TASKS / 2
    )
    sizes = [abs(each.moves_usd.mean or 0.0) for each in advice.weights]
    assert sizes == sorted(sizes, reverse=True)


def test_a_box_costs_idle_hours_where_it_is_reserved(advice: Advice) -> None:
    idle_usd = 30 * (24 * 3.6 - TASKS / 2 * HOME_USD)
    best = advice.best.label
    assert advice.reserved[best].mean == pytest.approx((advice.costs[best].mean or 0.0) + idle_usd)
    assert advice.reserved[HIRED].mean == pytest.approx(advice.costs[HIRED].mean), "nothing is done at home"
