"""What `calibrate` is worth: truth recovered, intervals that hold it, and errors on measured settings."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom

import coalesce_sim
from coalesce_sim.calibration.study import Calibration
from coalesce_sim.scenario.schema import Scenario
from coalesce_sim.statistics.relative_fit import fit_relative

CALIBRATIONS: Final = 480
SIGMA: Final = 0.15
TRUTH: Final = {
    "clients.hardware.prefill_tokens_per_s": 5000.0,
    "clients.hardware.decode_tokens_per_s": 60.0,
    "clients.hardware.power_w": 300.0,
    "clients.success": 0.8,
    "cost_model.realised.local_time_factor.lognormal.sigma": SIGMA,
    "contractors[0].network_ms": 400.0,
    "contractors[0].prefill_tokens_per_s": 6000.0,
    "contractors[0].decode_tokens_per_s": 80.0,
    "contractors[0].success": 0.9,
    "cost_model.realised.external_time_factor.lognormal.sigma": SIGMA,
}
"""Of the market that is calibrated; what its scenario states is all wrong."""

SHARED: Final = Path(__file__).resolve().parents[2] / "shared"
SETTING: Final = ["model_id", "gpu_model", "num_gpus", "tensor_parallel", "task"]


@cache
def market() -> Scenario:
    api = {
        "name": "api",
        "skills": ["code"],
        "reliability": 0.7,
        "network_ms": 200,
        "prefill_tokens_per_s": 9000,
        "decode_tokens_per_s": 40,
    }
    home = {"hardware": {"profile": "rtx_4090"}, "success": 0.5}
    return coalesce_sim.load({"extends": "market", "title": "Wrong", "clients": home, "contractors": [api]})


def runs_of(rng: np.random.Generator, each: int, session: int = 1) -> pd.DataFrame:
    """Runs at home and as many at a contractor, in sessions of so many, whose runs are alike in half of what
    scatters them."""
    at_home = np.repeat([True, False], each)
    number = np.tile(np.arange(each) // session, 2)
    prompt = 2000 * np.exp(0.8 * rng.standard_normal(2 * each))
    output = 300 * np.exp(0.8 * rng.standard_normal(2 * each))
    luck = rng.standard_normal(2 * each)
    if session > 1:
        luck = (luck + rng.standard_normal(2 * each)[number]) / np.sqrt(2)
    factor = np.exp(SIGMA * luck - SIGMA**2 / 2)
    of = dict(zip(TRUTH, TRUTH.values(), strict=True))
    home_s = prompt / of["clients.hardware.prefill_tokens_per_s"]
    home_s = home_s + output / of["clients.hardware.decode_tokens_per_s"]
    there_s = prompt / of["contractors[0].prefill_tokens_per_s"]
    there_s = there_s + output / of["contractors[0].decode_tokens_per_s"]
    s = np.where(at_home, home_s * factor, of["contractors[0].network_ms"] / 1000 + there_s * factor)
    joules = of["clients.hardware.power_w"] * s * np.exp(0.05 * rng.standard_normal(2 * each))
    runs: dict[str, Any] = {
        "where": np.where(at_home, "home", "api"),
        "prompt_tokens": prompt,
        "output_tokens": output,
        "jobs": np.where(at_home, 1.0, np.nan),
        "s": s,
        "energy_j": np.where(at_home, joules, np.nan),
        "good": rng.random(2 * each) < np.where(at_home, of["clients.success"], of["contractors[0].success"]),
    }
    return pd.DataFrame(runs | ({"session": number} if session > 1 else {}))


def calibrated(repetition: int, each: int, session: int = 1) -> Calibration:
    rng = np.random.default_rng([repetition, each, session])
    return coalesce_sim.calibrate(market(), runs_of(rng, each, session), seed=repetition)


@pytest.mark.parametrize(("each", "session"), [(50, 1), (60, 3)])
def test_intervals_hold_the_truth_as_often_as_they_say(each: int, session: int) -> None:
    held, told = dict.fromkeys(TRUTH, 0), dict.fromkeys(TRUTH, 0)
    for repetition in range(CALIBRATIONS):
        for figure in calibrated(repetition, each, session).fitted:
            if figure.name in TRUTH and figure.ci95 is not None:
                low, high = figure.ci95
                held[figure.name] += low <= TRUTH[figure.name] <= high
                told[figure.name] += 1
    share = {name: held[name] / told[name] for name in TRUTH}
    assert all(count >= 0.9 * CALIBRATIONS for count in told.values()), told
    assert np.mean(list(share.values())) == pytest.approx(0.95, abs=0.02), share
    for name, count in told.items():
        least, most = binom.ppf(0.0005, count, 0.93), binom.ppf(0.9995, count, 0.97)
        assert least <= held[name] <= most, (name, share[name])


def test_draws_scatter_as_far_as_intervals_say_and_hang_together() -> None:
    found = calibrated(1, 50)
    for figure in found.uncertain:
        low, high = figure.ci95 or (0.0, 0.0)
        inside = found.draws[figure.name].between(low, high).mean()
        assert 0.93 <= inside <= (0.97 if low > 0 else 1.0), figure.name  # draws at 0 are all within
    reading, writing = (np.log(found.draws[name]) for name in list(TRUTH)[:2])
    assert np.corrcoef(reading, writing)[0, 1] < -0.2, "what reading takes, writing does not"


@pytest.mark.parametrize(("each", "most"), [(20, 15.0), (50, 13.5)])
def test_single_runs_of_stated_noise_are_predicted_about_as_well_as_noise_allows(
    each: int, most: float
) -> None:
    """Runs that the paper's third experiment measured are not to be had: these scatter by 15 %, of which a
    prediction that knows the law is off by 12 % in the mean."""
    errors = [
        calibrated(repetition, each).errors.loc["seconds at home", ["before", "error"]]
        for repetition in range(100)
    ]
    before, after = np.mean(errors, axis=0)
    assert before > 40
    assert 11 < after < most


def measured_settings() -> list[pd.DataFrame]:
    """The settings of the ML.ENERGY benchmark that were measured at six batch sizes at least, by rising
    batch."""
    if not SHARED.exists():
        pytest.skip("needs the real inputs in ../shared")
    table = pd.read_csv(SHARED / "data" / "mlenergy_llm_configs.csv").sort_values("max_num_seqs")
    return [points for _, points in table.groupby(SETTING) if len(points) >= 6]


def spread_out(points: int) -> np.ndarray:
    """Four of so many batch sizes, from the least to the greatest, evenly spread."""
    chosen = np.zeros(points, dtype=bool)
    chosen[np.linspace(0, points - 1, 4).round().astype(int)] = True
    return chosen


def server() -> Scenario:
    curve = {"base_ms_per_token": 20, "per_job_ms": 0, "max_jobs": 4096}
    hardware = {"profile": "h100_sxm", "basis": "owned", "prefill_tokens_per_s": 20000, "purchase_usd": 1}
    hardware |= {"electricity_usd_per_kwh": 0.1, "lifetime_h": 1000, "power_w": 700}
    clients = {"slots": None, "batch_curve": curve, "hardware": hardware}
    return coalesce_sim.load({"extends": "market", "title": "A server", "clients": clients})


def test_measured_settings_by_a_line_over_jobs_at_work() -> None:
    """Four points of each are fitted and all others held out, as runs of a thousand tokens: a constant speed
    is off by half, the curve by 9 % at most in the median."""
    settings, scenario = measured_settings(), server()
    assert len(settings) == 56
    errors: dict[str, list[float]] = {"curve": [], "constant": [], "power": [], "joules": []}
    for points in settings:
        chosen = spread_out(len(points))
        order = np.argsort(~chosen, kind="stable")
        jobs, ms = points["avg_batch_size"].to_numpy(float), points["median_itl_ms"].to_numpy(float)
        joules = points["energy_per_token_joules"].to_numpy(float)
        runs = pd.DataFrame({"where": "home", "output_tokens": 1000, "jobs": jobs, "s": ms})
        runs["energy_j"] = 1000 * joules / points["num_gpus"].to_numpy(float)
        runs = runs.iloc[order].assign(start_s=np.arange(len(runs)))
        found = coalesce_sim.calibrate(scenario, runs, hold_out=1 - 4 / len(runs)).errors
        assert found.loc["seconds at home", "runs"] == 4
        errors["curve"].append(float(found["error"]["seconds at home"]))
        errors["power"].append(float(found["error"]["energy at home"]))
        constant = fit_relative(np.ones((4, 1)), ms[chosen]).figures[0]
        errors["constant"].append(100 * np.abs(constant / ms[~chosen] - 1).mean())
        per_job = np.stack([np.ones(len(jobs)), 1 / jobs], axis=1)
        line = per_job @ fit_relative(per_job[chosen], joules[chosen]).figures
        errors["joules"].append(100 * np.abs(line[~chosen] / joules[~chosen] - 1).mean())
    median = {name: np.median(values) for name, values in errors.items()}
    assert median["curve"] <= 9, median
    assert np.mean(np.array(errors["curve"]) < 15) > 0.8, median
    assert median["joules"] <= 9, median
    assert median["constant"] > 40, median
    print(median, {name: np.mean(np.array(values) < 15) for name, values in errors.items()})
