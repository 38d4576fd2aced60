"""What a client expects of its own GPUs, and what they cost it, worked out by hand."""

from __future__ import annotations

from typing import Any

import pytest

from tests.market.trading import HOME_USD, LATE_USD_PER_S, VALUE_USD, contractor, market, play, run_of

WORK_S, TARGET_S = 600, 720


def queueing_at_home(arrivals: list[tuple[int, int]], slots: int) -> dict[str, Any]:
    """Jobs of ten minutes, late after twelve, at the seconds and the clients of `arrivals`."""
    tasks = [{"type": "job", "arrival_s": float(at_s), "client": client} for at_s, client in arrivals]
    scenario = market(
        tasks,
        contractor("a"),
        types={"job": {"local_min": WORK_S / 60, "max_latency_min": TARGET_S / 60}},
        clients={"count": 2, "slots": slots},
    )
    scenario["cost_model"]["internal"]["opportunity"] = "queue"
    return scenario


def test_a_job_delays_the_next_by_its_share_of_the_slots() -> None:
    """Six at once on two slots, which the first two take: the next two wait for those, and whoever comes when
    more wait than work for half the work ahead; each adds 300 s to it."""
    result, _ = play(queueing_at_home([(0, 0)] * 6, slots=2))
    decisions = result.decisions
    wait_s = [0, 0, 600, 600, 2400 / 2, 3000 / 2]
    assert decisions["estimated_s"].tolist() == [each + WORK_S for each in wait_s]
    # Its own lateness, and that of one more behind it: 300 s, of which 180 are late where nobody waits yet.
    late_s = [0 + 180, 0 + 180, 480 + 300, 480 + 300, 1080 + 300, 1380 + 300]
    assert decisions["internal_opportunity_usd"].tolist() == pytest.approx(
        [each * LATE_USD_PER_S for each in late_s]
    )


@pytest.mark.parametrize("contracts", [{"contracts": {}}, {}], ids=["contracts", "published"])
def test_who_takes_a_free_slot_at_this_instant_is_at_work(contracts: dict[str, Any]) -> None:
    """A client's third task waits for its first; another client's fourth comes as the third takes a slot."""
    arrivals = [(0, "short", 0), (0, "long", 0), (0, "medium", 0)]
    arrivals += [(0, "short", 1), (0, "long", 1), (1, "medium", 1), (60, "short", 1)]
    scenario = market(
        [{"type": kind, "arrival_s": at_s, "client": client} for at_s, kind, client in arrivals],
        contractor("a"),
        types={"short": {"local_min": 1}, "medium": {"local_min": 5}, "long": {"local_min": 60}},
        clients={"count": 2, "slots": 2},
        policy={"kind": "always_local"},
    )
    del scenario["contracts"]
    scenario["cost_model"]["internal"]["opportunity"] = "expected_delay"
    decisions = run_of(scenario | contracts).decisions
    expected_s = [60, 3600, 60 + 300, 60, 3600, 59 + 300, 300 + 60]
    assert decisions["estimated_s"].tolist() == expected_s
    assert decisions["turnaround_s"].tolist() == expected_s


def test_the_next_job_comes_after_the_mean_gap_of_the_same_client_so_far() -> None:
    """A job every 100 s at client 0, then none for long; client 1 has two jobs of its own."""
    arrivals = [(0, 0), (100, 0), (100, 1), (200, 0), (300, 0), (300, 1), (400, 0), (10_000, 0)]
    result, _ = play(queueing_at_home(arrivals, slots=2))
    late_s = [
        0 + 180,  # nothing is known of gaps: as if the next came at once
        0 + 80,  # the next waits 300 s less the gap of 100
        0 + 80,
        280 + 300,  # waits 400 s, and so is late, as is the next
        280 + 300,
        0 + 0,  # the next comes 300 s later, when the work is half done
        730 + 300,  # waits for (1200 queued + 200 and 300 at work) / 2 = 850 s
        0 + 0,
    ]
    assert result.decisions["internal_opportunity_usd"].tolist() == pytest.approx(
        [each * LATE_USD_PER_S for each in late_s]
    )


def test_factors_multiply_what_is_used_and_billed_and_no_price_that_was_agreed_on() -> None:
    factors = {"local_cost_factor": 3, "external_cost_factor": 5}
    own = {
        "good": {"success": 1, "bill_usd": 2.0},
        "bad": {"success": 0, "bill_usd": 2.0, "failed_bill_usd": 0.5},
        "unbilled": {"success": 1},
    }
    types = ["good", "bad", "unbilled", "good", "good"]
    scenario = market(
        [{"type": kind, "arrival_s": 1000.0 * number} for number, kind in enumerate(types)],
        contractor("by use", outcomes={"good": {"success": 1, "bill_usd": 0.25}}),
        contractor("as agreed"),
        types={kind: {} for kind in own},
        clients={"outcomes": own, "price_usd": 1.5},
        realised=factors,
    )
    result, script = play(scenario, "home", "home", "home", "by use", "as agreed")
    at_home_usd = [3 * (HOME_USD + 2.0), 3 * (HOME_USD + 0.5) + VALUE_USD, 3 * HOME_USD]
    assert result.decisions["realised_usd"].tolist() == pytest.approx([*at_home_usd, 5 * 0.25, 1.0])
    assert result.decisions["all_local_usd"].tolist() == pytest.approx([*at_home_usd, *[at_home_usd[0]] * 2])
    # No estimate knows the factors; bad work is expected to be lost.
    expected_usd = HOME_USD + 1.5
    assert script.internal_usd == pytest.approx([expected_usd, expected_usd + VALUE_USD, *[expected_usd] * 3])
