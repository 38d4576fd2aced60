"""Hardware by name: every figure has a source, what is measured is given as measured, nothing is invented."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

import coalesce_sim
from coalesce_sim.economics.internal import flop_execution_s, running_cost
from coalesce_sim.market.pool import Pool
from coalesce_sim.scenario.catalogue import catalogue, served, serving_points
from coalesce_sim.scenario.hardware import Hardware
from coalesce_sim.scenario.problems import ScenarioError
from coalesce_sim.streams import Streams
from tests.markets import SHARED, queueing

PROFILES = catalogue().profiles
LLAMA = "Llama 3.1 8B Instruct"
CSV_COLUMNS = {
    "memory_gb": "mem_gb",
    "peak_flop_s": "tensor_fp16_dense_tflops",
    "bandwidth_gb_s": "mem_bw_gb_s",
    "tdp_w": "tdp_w",
    "purchase_usd": "release_or_ref_price_usd",
}


def shared_rows(name: str) -> list[dict[str, str]]:
    if not SHARED.exists():
        pytest.skip("needs the real inputs in ../shared")
    with (SHARED / "data" / name).open(newline="", encoding="utf-8") as handle:
        return list(csv.DictReader(handle))


def machine(**settings: Any) -> Hardware:
    return Hardware.model_validate(settings)


def refusal(**settings: Any) -> str:
    with pytest.raises(ValidationError) as caught:
        machine(**settings)
    return str(caught.value.errors()[0]["msg"]).removeprefix("Value error, ")


def test_what_the_issue_names_is_there():
    assert {
        *("rtx_3080", "rtx_3090", "rtx_4090", "rtx_5090", "l4", "l40s", "a10g", "a100_40gb", "mi300x"),
        *("a100_80gb_pcie", "a100_80gb_sxm", "h100_pcie", "h100_sxm", "h200_sxm", "b200_sxm"),
    } == set(PROFILES)


@pytest.mark.parametrize("name", PROFILES)
def test_the_name_alone_is_complete_hardware_with_a_cost(name: str):
    hardware = Hardware.model_validate(name)
    assert hardware.name == PROFILES[name].name
    assert hardware.slot_flop_s == PROFILES[name].peak_flop_s.value
    assert 0.01 < hardware.slot_usd_per_h < 10
    assert all(figure.source for figure in PROFILES[name].figures.values())
    assert hardware == machine(profile=name)
    assert Hardware.model_validate_json(hardware.model_dump_json(exclude_none=True)) == hardware


def test_figures_agree_with_the_table_of_facts_and_keep_its_doubts():
    rows = {row["gpu"]: row for row in shared_rows("gpu_profiles.csv")}
    quotes = shared_rows("gpu_rental_quotes.csv")
    for name, profile in PROFILES.items():
        row = rows[profile.name]
        for field, column in CSV_COLUMNS.items():
            figure = profile.figures.get(field)
            stated = float(row[column]) if row[column] else None
            scale = 1e12 if field == "peak_flop_s" else 1
            assert (figure and figure.value / scale) == (stated and pytest.approx(stated)), (name, field)
        doubted = {
            "peak_flop_s": "from memory" in row["tensor_accum_note"],
            "purchase_usd": "from memory" in row["price_note"],
        }
        for field, doubt in doubted.items():
            figure = profile.figures.get(field)
            note = figure.note if figure else None
            assert ("unverified" in (note or "")) == doubt, (name, field)
        gpu = profile.name.removesuffix(" 10GB").replace("40GB SXM", "40GB")
        (quote,) = {
            (each["provider"], each["source"])
            for each in quotes
            if each["gpu"] == gpu
            and float(each["usd_per_gpu_hour"]) == profile.rent_usd_per_h.value
            and profile.rent_usd_per_h.source.startswith(each["provider"].split()[0])
        }
        assert ("unverified" in (profile.rent_usd_per_h.note or "")) == ("NOT verified" in quote[1]), name


def test_single_stream_speeds_are_those_of_the_source():
    speeds = {
        name: (profile.prefill_tokens_per_s.value, profile.decode_tokens_per_s.value)
        for name, profile in PROFILES.items()
        if profile.prefill_tokens_per_s and profile.decode_tokens_per_s
    }
    assert speeds == {
        "rtx_3080": (3557, 106),
        "rtx_3090": (3865, 112),
        "rtx_4090": (6899, 128),
        "l40s": (5909, 114),
        "a100_80gb_pcie": (5800, 138),
        "h100_pcie": (7760, 144),
    }
    hardware = Hardware.model_validate("rtx_4090")
    assert (hardware.prefill_tokens_per_s, hardware.decode_tokens_per_s) == speeds["rtx_4090"]


def test_serving_figures_are_those_that_were_measured():
    measured = {
        (row["gpu_model"], row["nickname"], row["num_gpus"], row["max_num_seqs"]): row
        for row in shared_rows("mlenergy_llm_configs.csv")
        if row["task"] == "lm-arena-chat" and row["weight_precision"] == "bfloat16"
    }
    for point in serving_points():
        gpu = {"h100_sxm": "H100", "b200_sxm": "B200"}[point.profile]
        row = measured[gpu, point.model, str(point.gpus), str(point.batch)]
        assert float(row["avg_batch_size"]) == pytest.approx(point.batch, rel=0.05)
        assert float(row["output_throughput_tokens_per_sec"]) == pytest.approx(
            point.output_tokens_per_s, abs=0.06
        )
        assert float(row["energy_per_token_joules"]) == pytest.approx(point.j_per_token, abs=6e-5)
        assert float(row["median_itl_ms"]) == pytest.approx(point.median_itl_ms, abs=0.006)
        assert float(row["activated_params_billions"]) == point.active_params_billions


def test_interpolation_meets_every_measured_point():
    for point in serving_points():
        found = served(point.profile, point.model, point.gpus, point.batch)
        assert found.output_tokens_per_s == pytest.approx(point.output_tokens_per_s)
        assert found.j_per_token == pytest.approx(point.j_per_token)
        assert found.median_itl_ms == pytest.approx(point.median_itl_ms)


def test_between_two_points_it_is_a_power_law():
    a, mid, b = (served("h100_sxm", LLAMA, 1, batch).output_tokens_per_s for batch in (16, 32, 64))
    assert a < mid < b
    a, mid, b = (served("h100_sxm", LLAMA, 1, batch).output_tokens_per_s for batch in (64, 80, 128))
    assert mid == pytest.approx(a * (80 / 64) ** np.log2(b / a))


def test_a_batch_is_slower_for_each_and_cheaper_by_the_token():
    lone, crowd = (
        machine(profile="h100_sxm", serves=LLAMA, batch=batch, prefill_tokens_per_s=5000)
        for batch in (8, 512)
    )
    assert (lone.decode_tokens_per_s, crowd.decode_tokens_per_s) == pytest.approx((1069.6 / 8, 9805.6 / 512))

    def usd_per_mtok(hardware: Hardware) -> float:
        return hardware.slot_usd_per_h / 3600 / (hardware.decode_tokens_per_s or 0) * 1e6

    assert usd_per_mtok(lone) == pytest.approx(3.99 / 3600 / 1069.6 * 1e6)
    assert usd_per_mtok(lone) / usd_per_mtok(crowd) == pytest.approx(9805.6 / 1069.6)


def test_power_is_measured_where_the_serving_is():
    hardware = machine(
        profile="h100_sxm",
        basis="owned",
        serves="Qwen 3 235B A22B Instruct",
        gpus=8,
        batch=64,
    )
    assert hardware.power_w == pytest.approx(2.3940 * 1547.5 / 8)
    assert hardware.slot_energy_usd_per_h == pytest.approx(2.3940 * 1547.5 / 1000 * 0.1624 / 64)
    assert hardware.slot_depreciation_usd_per_h == pytest.approx(8 * 33_600 / 26_280 / 64)


def test_what_is_stated_wins():
    stated = {
        "memory_gb": 12,
        "peak_flop_s": 1e13,
        "utilisation": 0.5,
        "decode_tokens_per_s": 50,
        "purchase_usd": 400,
    }
    hardware = machine(profile="rtx_3080", **stated)
    assert {field: getattr(hardware, field) for field in stated} == stated
    assert (hardware.prefill_tokens_per_s, hardware.tdp_w, hardware.basis) == (3557, 320, "owned")


def test_owned_pays_depreciation_and_energy_and_rented_pays_the_rent():
    one_hour = np.ones(1)
    owned = running_cost(one_hour, np.zeros(1), machine(profile="h100_sxm", basis="owned", utilisation=0.5))
    assert owned.depreciation_usd == pytest.approx(33_600 / 26_280)
    assert owned.energy_usd == pytest.approx(0.7 * 0.5 * 0.1624)
    assert owned.compute_usd == 0
    rented = running_cost(one_hour, np.zeros(1), machine(profile="h100_sxm", gpus=2, compute_usd_per_h=0.5))
    assert rented.compute_usd == pytest.approx(2 * 3.99 + 0.5)
    assert rented.depreciation_usd == rented.energy_usd == 0


def test_batches_share_the_machine_and_leave_the_cost_of_a_flop_as_it_is():
    alone = machine(profile="b200_sxm", utilisation=0.4)
    shared = machine(profile="b200_sxm", utilisation=0.4, gpus=8, batch=4)
    one = np.ones(1)
    times = [flop_execution_s(1e18 * one, one, one, each, 1.0) for each in (alone, shared)]
    assert times[0] == pytest.approx(2 * times[1])
    assert alone.slot_usd_per_h * times[0] == pytest.approx(shared.slot_usd_per_h * times[1])


def test_a_roofline_is_a_bound_on_everything_measured():
    for name, profile in PROFILES.items():
        if profile.prefill_tokens_per_s and profile.decode_tokens_per_s:
            bound = machine(profile=name, tokens="roofline", params_billions=8.03, bytes_per_param=0.61)
            assert (bound.prefill_tokens_per_s or 0) > profile.prefill_tokens_per_s.value
            assert (bound.decode_tokens_per_s or 0) > profile.decode_tokens_per_s.value
    for point in serving_points():
        dense = point.active_params_billions in (8, 32)
        if dense:
            size = {"gpus": point.gpus, "batch": point.batch, "params_billions": point.active_params_billions}
            bound = machine(profile=point.profile, tokens="roofline", **size)
            assert (bound.decode_tokens_per_s or 0) > point.output_tokens_per_s / point.batch


def test_roofline_by_hand():
    alone = machine(profile="a10g", tokens="roofline", params_billions=7, utilisation=0.5)
    assert alone.decode_tokens_per_s == pytest.approx(600 / 14)
    assert alone.prefill_tokens_per_s == pytest.approx(35e12 / 14e9)
    crowd = machine(profile="a10g", tokens="roofline", params_billions=7, batch=1000)
    assert crowd.decode_tokens_per_s == crowd.prefill_tokens_per_s == pytest.approx(70e12 / 14e9 / 1000)


def test_with_a_served_model_only_reading_is_estimated():
    hardware = machine(profile="b200_sxm", serves="Qwen 3 30B A3B Instruct", batch=64, tokens="roofline")
    assert hardware.decode_tokens_per_s == pytest.approx(2906.6 / 64)
    assert hardware.prefill_tokens_per_s == pytest.approx(2250e12 / 6e9 / 64)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"profile": "rtx_308"}, "profile: no hardware profile 'rtx_308'; did you mean 'rtx_3080'?"),
        (
            {"profile": "h200_sxm", "serves": LLAMA},
            f"serves: nothing is measured on h200_sxm (got '{LLAMA}'); measured on h100_sxm, b200_sxm",
        ),
        (
            {"profile": "b200_sxm", "serves": "Qwen 3 23B"},
            "serves: not measured on b200_sxm (got 'Qwen 3 23B'); did you mean 'Qwen 3 32B'?",
        ),
        (
            {"profile": "h100_sxm", "serves": "Qwen 3 32B", "batch": 8},
            "gpus: Qwen 3 32B is measured on 2 h100_sxm (got 1)",
        ),
        (
            {"profile": "h100_sxm", "serves": LLAMA, "batch": 1000},
            f"batch: {LLAMA} is measured from 8 to 512 at once (got 1000)",
        ),
        ({"profile": "l4", "basis": "owned"}, "purchase_usd: missing, but basis is owned"),
        ({"tdp_w": 1, "memory_gb": 1, "basis": "rented"}, "rent_usd_per_h: missing, but basis is rented"),
        ({"profile": "l4", "tokens": "roofline"}, "params_billions: missing, but tokens is roofline"),
        (
            {"profile": "l4", "tokens": "roofline", "params_billions": 70},
            "params_billions: 140 GB of weights do not fit into 24 GB (got 70)",
        ),
    ],
)
def test_what_nobody_measured_is_refused(settings: dict[str, Any], message: str):
    assert refusal(**settings) == message


def test_editors_offer_the_names():
    schema = Hardware.model_json_schema()
    names, _ = schema.get("anyOf") or schema["$defs"]["Hardware"]["anyOf"]
    assert names == {"enum": list(PROFILES)}


def problem_of(tmp_path: Path, text: str) -> str:
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    with pytest.raises(ScenarioError) as caught:
        coalesce_sim.load(path)
    (problem,) = caught.value.problems
    return str(problem).replace(str(path), "mine.yaml")


def test_in_a_scenario_a_mistyped_name_is_told_with_its_line(tmp_path: Path):
    hint = "no hardware profile 'h100_smx'; did you mean 'h100_sxm'?"
    text = "extends: published\nclients:\n  hardware: h100_smx\n"
    assert problem_of(tmp_path, text) == f"mine.yaml:3: clients.hardware: {hint} (got 'h100_smx')"
    text = "extends: published\nclients:\n  hardware:\n    utilisation: 0.5\n    profile: h100_smx\n"
    assert problem_of(tmp_path, text) == f"mine.yaml:5: clients.hardware.profile: {hint}"
    text = "extends: published\nclients:\n  hardware: {profile: l4, bandwith_gb_s: 3}\n"
    expected = "mine.yaml:3: clients.hardware.bandwith_gb_s: unknown field; did you mean 'bandwidth_gb_s'?"
    assert problem_of(tmp_path, text) == expected


def test_token_work_on_what_nobody_measured_says_what_is_measured(tmp_path: Path):
    work = "cost_model: {internal: {work: tokens}}\n"
    text = f"extends: published\nclients: {{hardware: a10g}}\n{work}"
    assert problem_of(tmp_path, text) == (
        "mine.yaml:2: clients.hardware.prefill_tokens_per_s: "
        "missing, but cost_model.internal.work is tokens; "
        "nothing is measured on a10g, but Llama 3 8B Q4 on rtx_3080, rtx_3090, rtx_4090, l40s, "
        "a100_80gb_pcie, h100_pcie and models served in batches on h100_sxm, b200_sxm: "
        "ask for that, state the speeds, or estimate them (tokens: roofline)"
    )
    farm = f"{{profile: h100_sxm, serves: {LLAMA}, batch: 8}}"
    seller = f"contractors: [{{name: S, reliability: 1, hardware: {farm}}}]\n"
    text = f"extends: published\nclients: {{hardware: rtx_3080}}\n{seller}{work}"
    assert problem_of(tmp_path, text) == (
        "mine.yaml:3: contractors[0].hardware.prefill_tokens_per_s: "
        "missing, but cost_model.internal.work is tokens; "
        "of served models only writing is measured: state it, or estimate it (tokens: roofline)"
    )


def test_a_profile_replaces_the_parents_hardware_whole(tmp_path: Path):
    path = tmp_path / "mine.yaml"
    path.write_text("extends: published\nclients: {hardware: {profile: rtx_3090, utilisation: 0.5}}\n")
    hardware = coalesce_sim.load(path, ["clients.hardware.lifetime_h=10000"]).clients.homes[0].hardware
    stated = machine(profile="rtx_3090", utilisation=0.5, lifetime_h=10000)
    assert hardware.model_dump() == stated.model_dump() | {"believed": None}


def test_contractors_take_speed_and_cost_from_their_hardware():
    contractors: list[dict[str, Any]] = [
        {"name": "bare", "own_cost_share": 0.6},
        {"name": "card", "hardware": "rtx_4090"},
        {"name": "tuned", "hardware": {"profile": "rtx_4090", "utilisation": 0.5}, "decode_tokens_per_s": 64},
        {
            "name": "farm",
            "hardware": {"profile": "h100_sxm", "serves": LLAMA, "batch": 64, "tokens": "roofline"},
        },
    ]
    scenario = coalesce_sim.load(
        queueing(
            {"kind": "listed", "tasks": [{"type": "job"}]},
            contractors=[{"reliability": 1.0, **each} for each in contractors],
        )
    )
    pool = Pool(scenario, Streams(1))
    assert pool.decode_s_per_token == pytest.approx([0, 1 / 128, 1 / 64, 64 / 5147.2])
    assert pool.prefill_s_per_token == pytest.approx([0, 1 / 6899, 1 / 6899, 64 * 16e9 / 989.4e12])
    assert pool.s_per_flop == pytest.approx([0, 1 / 165.2e12, 2 / 165.2e12, 64 / 989.4e12], rel=1e-12)
    card_usd_per_h = 1599 / 26_280 + 0.45 * 0.1624
    tuned_usd_per_h = 1599 / 26_280 + 0.225 * 0.1624
    expected = np.array([0, card_usd_per_h, tuned_usd_per_h, 3.99 / 64]) / 3600
    assert pool.own_usd_per_s == pytest.approx(expected, rel=1e-12)
    np.testing.assert_array_equal(pool.own_cost_share, [0.6, np.nan, np.nan, np.nan])
