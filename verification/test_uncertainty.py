"""What intervals and splits promise where more than luck is uncertain, on markets whose truth is known.

A share or a variance that is estimated here is held against what is true by its own 99 % interval.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

import coalesce_sim
from coalesce_sim import Scenario
from coalesce_sim.experiments.uncertainty import Market, Twins
from coalesce_sim.inputs.uncertain import drawn
from coalesce_sim.market import market
from coalesce_sim.market.observer import Observer
from coalesce_sim.policies.registry import create
from coalesce_sim.statistics.components import Split, split_of
from coalesce_sim.statistics.intervals import Estimate, estimate
from tests.markets import queueing

DAY_S = 86_400.0
PRICE = "contractors[0].input_usd_per_mtok"


def hired(arrivals: dict[str, Any], price: Any, cost_factor: Any = 1.0) -> dict[str, Any]:
    """All tasks go to one contractor, who takes so much a million tokens; what it comes to is as lucky as the
    factor says, and nothing else costs."""
    data = queueing(arrivals, slots="unlimited", policy={"kind": "fixed", "contractor": "only"})
    prices = {"input_usd_per_mtok": price, "output_usd_per_mtok": 0.0}
    data["contractors"] = [
        {name: v for name, v in data["contractors"][0].items() if name != "price_usd"} | prices
    ]
    data["workload"]["attributes"]["prompt_tokens"] = 1e6
    data["cost_model"] |= {
        "internal": data["cost_model"]["internal"] | {"opportunity": "none"},
        "external": {"pricing": {"kind": "per_token"}},
        "late_usd_per_min": 0.0,
        "realised": {"basis": "physical", "external_cost_factor": cost_factor},
    }
    return data


def costs_usd(markets: Sequence[Market]) -> list[dict[str, float]]:
    """What markets come to, of which nothing is uncertain."""
    found = []
    for scenario, seed, number in markets:
        policy, one = create(scenario.policy), Observer()
        played = market.Market(scenario, policy, one, seed=seed, replication=number, core="compiled")
        played.run()
        found.append({"usd": played.accounts.realised_usd})
    return found


def played(scenario: Scenario, replications: int) -> tuple[NDArray[np.float64], Twins]:
    """What replications cost, and what their twins do."""
    seed = scenario.seed
    own = [Market(drawn(scenario, seed, n), seed, n) for n in range(replications)]
    values = np.array([each["usd"] for each in costs_usd(own)])
    return values, Twins.played(scenario, seed, replications, costs_usd)


def split(scenario: Scenario, replications: int) -> Split:
    values, twins = played(scenario, replications)
    found = split_of(values, twins.of("usd"))
    assert found is not None
    return found


def covers(found: Estimate, true: float) -> bool:
    assert found.ci95 is not None
    return found.ci95[0] <= true <= found.ci95[1]


def as_true(found: float | None, true: float, degrees: int) -> bool:
    """Whether an estimate of a variance is one that its truth gives, at 99 %."""
    assert found is not None
    low, high = stats.chi2(degrees).ppf([0.005, 0.995]) / degrees
    return bool(low < found / true < high)


def test_the_split_of_a_price_times_a_number_of_tasks() -> None:
    """USD = p·N of a price p, normal, and a number of tasks N, Poisson: the price does σ²·E[N²], as far as it
    takes luck too, and the rest, μ²·λ, is luck."""
    rate, mean, sd = 30, 2.0, 0.2
    gaps = {"exponential": {"mean": DAY_S / rate}}
    price = {"uncertain": {"normal": {"mean": mean, "sd": sd}}}
    found = split(coalesce_sim.load(hired({"kind": "renewal", "gap_s": gaps}, price)), 800)
    of_price = sd**2 * (rate**2 + rate)
    assert as_true(found.inputs, of_price, found.pairs)
    assert as_true(found.total, of_price + mean**2 * rate, found.n - 1)
    assert found.log is None
    assert not found.hidden


def log(
    folder: Path, rng: np.random.Generator, sessions: float
) -> tuple[dict[str, Any], NDArray[np.float64]]:
    """A day's log of a Poisson number of sessions of one to three tasks; and millions of tokens of each."""
    count = rng.poisson(sessions)
    tasks_of = rng.integers(1, 4, count)
    session = np.repeat(np.arange(count), tasks_of)
    arrival_s = np.repeat(rng.random(count) * 0.95 * DAY_S, tasks_of) + rng.exponential(60.0, len(session))
    tokens = np.round(1e6 * rng.exponential(1.0, len(session)))
    order = np.argsort(arrival_s)
    rows = zip(arrival_s[order].tolist(), session[order].tolist(), tokens[order].tolist(), strict=True)
    path = folder / "log.csv"
    lines = "".join(f"{at:.3f},{whose},{count:.0f}\n" for at, whose, count in rows)
    path.write_text(f"arrival_s,session,prompt_tokens\n{lines}", encoding="utf-8")
    columns = {name: name for name in ("arrival_s", "session", "prompt_tokens")}
    arrivals: dict[str, Any] = {"kind": "csv", "path": str(path), "type": "job", "columns": columns}
    of_sessions = np.bincount(session, tokens / 1e6, count).astype(np.float64)
    return arrivals, of_sessions


def test_the_split_of_a_log_that_is_resampled_by_sessions(tmp_path: Path) -> None:
    """USD = Σ of sessions' tokens at a price: the bootstrap's variance of a Poisson number of sessions is the
    sum of their squares; where the price varies too, both take what they only do together."""
    arrivals, tokens = log(tmp_path, np.random.default_rng(8), 40)
    mean, sd = 2.0, 0.1
    data = hired(arrivals, {"uncertain": {"normal": {"mean": mean, "sd": sd}}})
    found = split(coalesce_sim.load(data | {"uncertainty": {"log": {"blocks": "session"}}}), 600)
    squares, total = float((tokens**2).sum()), float(tokens.sum())
    assert as_true(found.log, (mean**2 + sd**2) * squares, found.pairs)
    assert as_true(found.inputs, sd**2 * (total**2 + squares), found.pairs)
    assert found.luck < 0.1 * found.total


@pytest.mark.parametrize(
    ("sigma", "luck"), [(0.0, 0.5), (0.15, 0.5), (0.6, 0.0)], ids=["log", "log and inputs", "inputs"]
)
def test_intervals_cover_what_is_true_in_95_percent_of_logs_and_measurements(
    sigma: float, luck: float, tmp_path: Path
) -> None:
    """Of markets whose price and rate are known a day's log is drawn, and the price is measured; from both an
    interval of what a day costs is made, of ten replications. One over replications alone is far too narrow.
    """
    rng, price, sessions, logs = np.random.default_rng(2), 2.0, 150.0, 90
    true_usd = price * sessions * 2.0
    with_twins, without = [], []
    for seed in range(logs):
        arrivals, _ = log(tmp_path, rng, sessions)
        measured = price * float(np.exp(sigma * rng.normal()))
        stated = {"uncertain": {"lognormal": {"median": measured, "sigma": sigma}}} if sigma else measured
        spread = {"lognormal": {"median": float(np.exp(-(luck**2) / 2)), "sigma": luck}} if luck else 1.0
        data = hired(arrivals, stated, spread) | {"uncertainty": {"log": {"blocks": "session"}}}
        values, twins = played(coalesce_sim.load(data | {"seed": seed}), 10)
        with_twins.append(covers(estimate(values.tolist(), twins=twins.of("usd")), true_usd))
        without.append(covers(estimate(values.tolist()), true_usd))
    counted = stats.binomtest(sum(with_twins), logs)
    low, high = counted.proportion_ci(0.99, method="exact")
    assert low < 0.95 < high, counted.statistic
    assert stats.binomtest(sum(without), logs).proportion_ci(0.99, method="exact").high < 0.85
