"""Scenarios calibrated by runs whose law is known: what is found again, what is refused, what is told."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import beta

import coalesce_sim
from coalesce_sim.calibration.runs import read_runs
from coalesce_sim.calibration.splitting import split

PROMPT = np.array([800.0, 4000, 9000, 2000, 500, 6000, 3000, 700, 1500, 5000, 2500, 8000])
OUTPUT = np.array([200.0, 50, 400, 700, 100, 300, 250, 600, 80, 150, 500, 900])
N = len(PROMPT)
ABOUT = {"prompt_tokens": PROMPT, "output_tokens": OUTPUT}


def market(work: str = "tokens", **clients: Any) -> Any:
    """Two listed contractors, of whom nothing that is stated is right."""
    listed: list[dict[str, Any]] = [
        {"name": name, "skills": [], "reliability": 0.7, "decode_tokens_per_s": 40, "input_usd_per_mtok": 9}
        for name in ("ada", "bob")
    ]
    home = {"hardware": {"profile": "rtx_4090", "utilisation": 0.5}, "success": 0.5, **clients}
    costs = {"internal": {"work": work}}
    told = {
        "extends": "market",
        "title": "Wrong",
        "clients": home,
        "contractors": listed,
        "cost_model": costs,
    }
    return coalesce_sim.load(told)


@cache
def plain() -> Any:
    return market()


def runs(where: str = "home", **columns: Any) -> pd.DataFrame:
    return pd.DataFrame({"where": where, **ABOUT, **columns})


def calibrate(table: pd.DataFrame, scenario: Any = None, **options: Any) -> Any:
    return coalesce_sim.calibrate(scenario or plain(), table, **options)


def notes(found: Any) -> str:
    return "\n".join([*found.notes, *(note for each in found.components for note in each.notes)])


def test_reading_and_writing_at_home_are_found_again() -> None:
    found = calibrate(runs(s=PROMPT / 4000 + OUTPUT / 50))
    hardware = found.scenario.clients.hardware
    assert (hardware.prefill_tokens_per_s, hardware.decode_tokens_per_s) == (4000, 50)
    assert hardware.memory_gb == plain().clients.hardware.memory_gb
    error = found.errors.loc["seconds at home"]
    assert error["before"] > 50
    assert error["error"] == pytest.approx(0, abs=1e-3)
    assert error["runs"] + error["held_out"] == N
    assert not found.above


def test_by_flop_it_is_the_share_of_the_peak_that_is_reached() -> None:
    flop, scenario = 1e12 * OUTPUT, market("flop")
    found = calibrate(runs(flop=flop, s=flop / (0.2 * scenario.clients.hardware.peak_flop_s)), scenario)
    assert found.scenario.clients.hardware.utilisation == 0.2
    beyond = calibrate(runs(flop=flop, s=flop / 1e15), scenario)
    hardware = beyond.scenario.clients.hardware
    assert (hardware.utilisation, hardware.peak_flop_s) == (0.5, 2e15)
    assert "runs reach more than the stated peak" in notes(beyond)


def test_a_contractor_has_a_start_its_tokens_and_its_prices() -> None:
    cached = np.floor(PROMPT / np.tile([2, 3, 4], 4))
    usd = (3 * (PROMPT - cached) + 0.3 * cached + 15 * OUTPUT) / 1e6
    s = 0.4 + PROMPT / 5000 + OUTPUT / 70
    table = runs("bob", cached_tokens=cached, usd=usd, s=s, first_token_s=0.4 + PROMPT / 5000)
    found = calibrate(table)
    bob, ada = found.scenario.contractors[1], found.scenario.contractors[0]
    assert (bob.network_ms, bob.prefill_tokens_per_s, bob.decode_tokens_per_s) == (400, 5000, 70)
    assert (bob.input_usd_per_mtok, bob.cache_read_usd_per_mtok, bob.output_usd_per_mtok) == (3, 0.3, 15)
    assert ada == plain().contractors[0]
    assert found.errors["error"].max() < 1e-3
    assert "contractors[1].network_ms" in found.parameters.index


def test_what_is_measured_up_to_the_first_token_tells_reading_from_writing() -> None:
    """Where prompts and answers go together, only their sum is told by whole seconds."""
    together = {"prompt_tokens": 10 * OUTPUT, "output_tokens": OUTPUT}
    table = pd.DataFrame({"where": "home", **together, "s": OUTPUT / 500 + OUTPUT / 50})
    with pytest.raises(coalesce_sim.ScenarioError, match="reading and writing cannot be told apart"):
        calibrate(table)
    found = calibrate(table.assign(first_token_s=OUTPUT / 500))
    assert found.scenario.clients.hardware.prefill_tokens_per_s == 5000


def test_jobs_that_slow_each_other_make_a_batch_curve() -> None:
    jobs = np.tile([1.0, 2, 4], 4)
    scatter = np.tile([0.99, 1.01, 1.0, 0.99], 3)
    s = (PROMPT / 4000 + OUTPUT * (0.01 + 0.004 * jobs)) * scatter
    found = calibrate(runs(s=s, jobs=jobs, energy_j=400 * s / jobs), market(slots=4))
    curve = found.scenario.clients.batch_curve
    assert (curve.base_ms_per_token, curve.per_job_ms) == (pytest.approx(10, 0.1), pytest.approx(4, 0.1))
    assert (curve.max_jobs, found.scenario.clients.slots) == (4, 4)
    assert found.scenario.clients.hardware.power_w == 400
    assert "a batch_curve takes the place of slots of one speed" in notes(found)
    card = {"profile": "rtx_4090", "batch": 4, "prefill_tokens_per_s": 1, "decode_tokens_per_s": 1}
    batched = market(slots=4, hardware=card)
    home = calibrate(runs(s=s, jobs=jobs), batched).scenario.clients
    assert (home.batch_curve.max_jobs, home.hardware.batch) == (4, 1)
    alike = calibrate(runs(s=PROMPT / 4000 + OUTPUT / 50 * scatter, jobs=jobs), market(slots=4))
    assert alike.scenario.clients.batch_curve is None
    assert "is not told from 0: slots of one speed stay" in notes(alike)


def test_runs_that_waited_are_left_out_and_silence_about_jobs_is_told() -> None:
    s = PROMPT / 4000 + OUTPUT / 50
    found = calibrate(
        runs(s=np.where(OUTPUT > 600, 5 * s, s), jobs=np.where(OUTPUT > 600, 3.0, 1.0)), market(slots=1)
    )
    assert found.scenario.clients.hardware.decode_tokens_per_s == 50
    assert "left out: 2 runs at home with more jobs than 1 slot: they waited too" in notes(found)
    assert "12 runs at home do not say how many jobs were at work" in notes(calibrate(runs(s=s)))


def test_what_a_run_takes_beside_its_tokens_is_told_where_no_field_holds_it() -> None:
    found = calibrate(runs(s=2 + PROMPT / 4000 + OUTPUT / 50))
    assert "runs take 2.00 s [2.00, 2.00] beside their tokens, for which home has no field" in notes(found)


def test_a_rate_that_noise_hides_stays_where_runs_allow_it() -> None:
    scatter = np.tile([0.8, 1.2, 1.25, 0.75], 3)
    table = runs(prompt_tokens=np.tile([50.0, 40, 60], 4), s=OUTPUT / 50 * scatter)
    found = calibrate(table)
    assert found.scenario.clients.hardware.prefill_tokens_per_s == 6899
    assert "reading cannot be told from no time: stays at 6,899" in notes(found)


def test_success_is_a_beta_posterior_by_type() -> None:
    outcomes = {name: {"success": 0.5} for name in ("coding", "analysis", "research")}
    good = np.array([True] * 9 + [False] * 3)
    kinds = np.array(["coding"] * 6 + ["analysis"] * 6)
    found = calibrate(
        pd.DataFrame({"where": "home", "type": kinds, "good": good, "start_s": range(N)}),
        market(outcomes=outcomes),
        hold_out=1 / 4,
    )
    fitted = found.parameters.loc["clients.outcomes.analysis.success"]
    assert (fitted["runs"], fitted["value"]) == (3, pytest.approx(3.5 / 4))
    assert fitted[["low", "high"]].tolist() == pytest.approx(beta(3.5, 0.5).ppf([0.025, 0.975]).tolist())
    assert found.scenario.clients.outcomes["research"].success == 0.5
    assert found.errors.loc["success at home", "held_out"] == 3


def test_runs_of_a_session_that_are_alike_count_for_less() -> None:
    good = np.repeat([True, False, True, True, True, False], 4)
    table = pd.DataFrame({"where": "ada", "good": good})
    alone = calibrate(table.assign(start_s=range(24)), hold_out=0.01).parameters.iloc[0]
    sessions = calibrate(table.assign(session=np.arange(24) // 4), hold_out=0.01).parameters.iloc[0]
    assert alone["value"] == pytest.approx(16.5 / 25)
    assert sessions["high"] - sessions["low"] > 1.5 * (alone["high"] - alone["low"])


def test_gaps_are_those_of_all_runs_where_the_scenario_draws_them() -> None:
    starts = np.cumsum(np.tile([1.0, 3.0, 8.0], 20))
    found = calibrate(pd.DataFrame({"where": "ada", "start_s": starts, "good": True}))
    gap = found.scenario.workload.arrivals.gap_s.chosen
    assert gap.mean == pytest.approx(4, rel=0.02)
    assert "as if these 60 runs were all tasks that there were" in notes(found)
    assert gap.cv == pytest.approx(np.std([1, 3, 8]) / 4, rel=0.03)


def test_sessions_are_never_parted_and_time_is_cut_once() -> None:
    table = runs(s=1.0, session=[*"aaabbbcccddd"])
    held = split(read_runs(table), 0.3, seed=2).held
    assert [held[start : start + 3].all() or not held[start : start + 3].any() for start in (0, 3, 6, 9)]
    assert held.sum() == 3
    later = split(read_runs(runs(s=1.0, start_s=range(N, 0, -1))), 0.25, seed=2)
    assert np.flatnonzero(later.held).tolist() == [0, 1, 2]


def test_draws_are_joint_and_come_again_with_their_seed() -> None:
    scatter = np.tile([0.9, 1.1, 1.05, 0.95], 3)
    table = runs(s=(PROMPT / 4000 + OUTPUT / 50) * scatter)
    found, again = (calibrate(table, seed=5).draws for _ in range(2))
    pd.testing.assert_frame_equal(found, again)
    assert found.columns[:2].tolist() == [
        "clients.hardware.prefill_tokens_per_s",
        "clients.hardware.decode_tokens_per_s",
    ]
    assert (found > 0).all(axis=None)
    assert np.log(found).corr().iloc[0, 1] < -0.1


def test_what_nothing_is_held_out_for_has_no_figures_of_it() -> None:
    timed = runs(s=PROMPT / 4000 + OUTPUT / 50)
    held = split(read_runs(timed), 0.3, seed=1).held
    found = calibrate(
        timed.assign(good=pd.Series(data="true", index=timed.index).where(~held)), seed=1, hold_out=0.3
    )
    (told,) = (each for each in found.summary["components"] if each["component"] == "success at home")
    assert (told["held_out"], told["measured"], told["predicted"], told["error"]["mean"]) == (0, *[None] * 3)
    assert told["parameters"][0]["value"] > 0.9
    json.dumps(found.summary, allow_nan=False)


def test_a_spread_that_runs_leave_open_is_not_fitted() -> None:
    alike, one_apart = np.tile([0.9, 1.1], N // 2), np.array([0.4, 2.5, *np.tile([0.99, 1.01], N // 2 - 1)])
    sigma = "cost_model.realised.local_time_factor.lognormal.sigma"
    told, open_ = (
        calibrate(runs(s=(PROMPT / 4000 + OUTPUT / 50) * scatter, session=np.arange(N) // 2), hold_out=0.01)
        for scatter in (alike, one_apart)
    )
    assert told.draws[sigma].max() < 3
    assert sigma not in open_.draws.columns
    (spread,) = (each for each in open_.components if each.name == "spread at home")
    assert re.search(r"sessions are too few: sigma of times is 0\.\d+, but may be up to", spread.reason)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (
            runs(s=1.0).assign(prompt_tokens=8000, output_tokens=200),
            r"all \d+ runs are alike \(8,000 of reading, 200",
        ),
        (runs(s=1.0).head(1), r"seconds at home: not fitted: 1 run is too few for 2 figures"),
        (runs(s=OUTPUT).assign(prompt_tokens=3 * OUTPUT), r"reading and writing cannot be told apart"),
        (runs("cid", s=1.0), r"where: runs of another market: .*\(got 'cid'\); known: home, ada, bob"),
        (runs("bbo", s=1.0), r"did you mean 'bob'\?"),
        (runs(), r"no column that is read says anything of the scenario"),
        (
            runs(flop=1.0, s=1.0).drop(columns=["prompt_tokens", "output_tokens"]),
            r"says how much work it was; left out: 12 runs at home that do not say",
        ),
        (runs(s=-1.0), r"<runs>:1: s: must be >= 0 \(got '-1.0'\)"),
        (runs(s=1.0, first_token_s=2.0), r"first_token_s: later than the end of the run \(got 2.0\)"),
        (runs("ada", s=1.0, cached_tokens=1e6), r"cached_tokens: more than prompt_tokens \(got 1000000.0\)"),
        (runs(good="maybe"), r"good: must be true or false \(got 'maybe'\)"),
        (pd.DataFrame({"place": ["home"]}), r"where: no such column \(found: place\)"),
    ],
)
def test_runs_that_say_nothing_are_refused_with_the_reason(table: pd.DataFrame, message: str) -> None:
    with pytest.raises(coalesce_sim.ScenarioError, match=message):
        calibrate(table)


def test_strangers_among_runs_are_told_and_left_out() -> None:
    both = pd.concat([runs(s=PROMPT / 4000 + OUTPUT / 50), runs("cid", s=1.0, type="poetry", mood="good")])
    found = calibrate(both)
    assert found.scenario.clients.hardware.decode_tokens_per_s == 50
    assert "left out: 12 runs of 'cid', which the scenario does not have" in notes(found)
    assert "types that the scenario does not have tell nothing of success: 'poetry'" in notes(found)
    assert "columns that are not read: mood" in notes(found)
    assert "no runs, so that all stays as stated: ada, bob" in notes(found)


def test_homes_that_differ_are_not_fitted_by_runs_that_do_not_say_whose_they_are() -> None:
    groups = {
        "a": {"count": 1},
        "b": {"count": 1, "hardware": {"profile": "h100_sxm", "tokens": "roofline", "params_billions": 8}},
    }
    scenario = coalesce_sim.load(
        {"extends": "market", "title": "Two", "clients": {"groups": groups, "hardware": "rtx_4090"}}
    )
    with pytest.raises(coalesce_sim.ScenarioError, match=r"homes differ \(clients, clients.groups.b\)"):
        calibrate(runs(s=1.0), scenario)
    assert calibrate(runs(s=1.0, good=OUTPUT > 90), scenario).scenario.clients.success > 0.7


def test_what_is_written_extends_the_file_and_is_drawn(tmp_path: Path) -> None:
    market = tmp_path / "market.yaml"
    market.write_text("extends: market_day\ntitle: Ours\n", encoding="utf-8")
    runs = pd.DataFrame({"where": "home", "start_s": range(12), "good": 9 * [True] + 3 * [False]})
    found = coalesce_sim.calibrate(market, runs, hold_out=0.25)
    written = coalesce_sim.load(found.write(tmp_path / "fitted"))
    assert written.clients.success == pytest.approx(found.scenario.clients.success)
    assert written.uncertainty is not None
    with pytest.raises(ValueError, match=r"^scenario: must be a file or a name"):
        coalesce_sim.calibrate(coalesce_sim.load(market), runs, hold_out=0.25).write(tmp_path)
