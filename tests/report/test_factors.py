"""Equations 1 to 6 worked out again from what `explain` tells, and from nothing else."""

from __future__ import annotations

import io
import json
import re
from dataclasses import asdict
from typing import Any

import pytest
from rich.console import Console

from coalesce_sim import load
from coalesce_sim.report.explain import MOST_CONTRACTORS, print_explanation
from coalesce_sim.report.explanation import Explanation, explain

BELIEVED = "clients.hardware.believed={utilisation: 0.5, peak_flop_s: 2e13, tdp_w: 200}"
RENTED = (
    "clients.hardware={basis: rented, rent_usd_per_h: 3, compute_usd_per_h: 0.5, gpus: 2, batch: 4, "
    "peak_flop_s: 1e13, tdp_w: 1, memory_gb: 80, memory_usd_per_h: 0.2}"
)
CASES = [
    ("agt_01", ["clock.days=1.1"], 14),
    ("agt_01", ["clock.days=1.1", BELIEVED], 16),
    ("dur_03", ["clock.days=0.2", RENTED, "cost_model.internal.execution_time_unit=minute"], 2),
    ("market_day", ["workload.arrivals.limit=20"], 3),
    ("azure_code_like", ["workload.arrivals.limit=20"], 5),
]


@pytest.fixture(params=CASES, ids=[f"{name}-{task}" for name, _, task in CASES], scope="module")
def told(request: pytest.FixtureRequest) -> Explanation:
    scenario, changes, task = request.param
    return explain(load(scenario, changes), 1, 0, task)


def by_hand(factors: dict[str, Any]) -> dict[str, float]:
    """The amounts at home in USD."""
    time, share = factors["time"], factors["gpus"] / factors["batch"]
    if time["work"] == "flop":
        flop = time["base_flop"] * time["data_gb"] / time["flop_reference_gb"] * time["complexity"]
        seconds = flop / (time["peak_flop_s"] * time["utilisation"] * share)
    else:
        seconds = time["prompt_tokens"] / time["prefill_tokens_per_s"]
        seconds += time["expected_output_tokens"] / time["decode_tokens_per_s"]
    assert seconds == pytest.approx(time["execution_s"])
    hours = seconds * {"hour": 1, "minute": 1 / 60, "second": 1 / 3600}[time["execution_time_unit"]]
    compute, memory, energy = factors["compute"], factors["memory"], factors["energy"]
    need_gb = (
        memory["gb_per_model_size"] * memory["model_size"]
        + memory["gb_per_50k_documents"] * memory["documents"] / 50_000
        + memory["gb_per_complexity"] * memory["complexity"]
    )
    rent_usd_per_h = (compute["rent_usd_per_h"] or 0) * share
    usd = {
        "compute_usd": (compute["compute_usd_per_h"] / factors["batch"] + rent_usd_per_h) * hours,
        "memory_usd": need_gb / memory["memory_gb"] * memory["memory_usd_per_h"] * hours,
        "energy_usd": 0.0,
        "depreciation_usd": 0.0,
    }
    if energy["power_w"] is not None:
        kw = energy["power_w"] / 1000 * share
        usd["energy_usd"] = kw * energy["electricity_usd_per_kwh"] * hours
        wear = factors["depreciation"]
        usd["depreciation_usd"] = wear["purchase_usd"] / wear["lifetime_h"] * share * hours
    if energy["tdp_w"] is not None:
        assert energy["power_w"] == pytest.approx(energy["tdp_w"] * energy["utilisation"])
    if factors["opportunity"]["usd_per_h"] is not None:
        usd["opportunity_usd"] = factors["opportunity"]["usd_per_h"] * hours
    return usd


def test_the_factors_in_json_give_the_estimate(told: Explanation) -> None:
    whole = json.loads(json.dumps(asdict(told), allow_nan=False))
    usd = by_hand(whole["factors"])
    assert usd == pytest.approx({part: whole["home"][part] for part in usd})
    assert ("opportunity_usd" in usd) == (usd.get("opportunity_usd", 0) > 0 or told.scenario == "dur_03")


def test_every_name_is_read_whole_at_80_columns(told: Explanation) -> None:
    page = io.StringIO()
    print_explanation(Console(width=80, file=page), told)
    lines = [line.rstrip() for line in page.getvalue().splitlines()]
    assert max(map(len, lines)) <= 80
    words = {word for line in lines for word in line.split()}
    assert {row["contractor"] for row in told.contractors[:MOST_CONTRACTORS]} <= words


def test_every_printed_line_can_be_calculated(told: Explanation) -> None:
    page = io.StringIO()
    print_explanation(Console(width=200, file=page), told)
    text = page.getvalue()
    lines = text.partition("by equation\n")[2].partition("\n\n")[0].splitlines()
    worked_out = 0
    for line in lines:
        _, *sides = line.split(" = ")
        if len(sides) == 2:
            sum_, result = (side.replace("·", "*") for side in sides)
            result = re.match(r"[-+.\de]+", result)[0]  # type: ignore[index]
            assert eval(sum_) == pytest.approx(float(result), rel=1e-4), line
            worked_out += 1
    assert worked_out >= 5
    assert ("Believed, and perhaps not so: utilisation, peak_flop_s, tdp_w" in text) == bool(
        told.factors["believed"]
    )


def test_where_nobody_has_a_gpu_there_is_nothing_to_work_out() -> None:
    scenario = load("market_day", ["workload.arrivals.limit=5", "clients.slots=0"])
    assert explain(scenario, 1, 0, 0).factors == {}
