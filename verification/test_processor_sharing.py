"""Machines that serve all their jobs at once, against the M/G/1 queue under processor sharing.

Where a token takes ``per_job_ms · n`` and no base, n jobs share one speed. Then the mean time in the system
is E[S] / (1 − ρ), whatever the law of the service time (Kleinrock 1967; Sakata, Noguchi and Oizumi 1971), and
that of the jobs of length x is x / (1 − ρ). First come, first served it hangs on the law (Pollaczek and
Khinchine).

Each figure is the mean of independent replications with its 99.9 % t interval, and the closed form must lie
in it. Runs start empty, so a warm-up is cut off.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import coalesce_sim
from tests.markets import queueing
from verification.test_queueing import interval

MEAN_S = 60.0
WARM_UP_S = 4 * 3600.0
REPLICATIONS = 10

LAWS: dict[str, tuple[Any, float]] = {
    "deterministic": (60_000.0, 0.0),
    "exponential": ({"exponential": {"mean": 60_000}}, 1.0),
    # E[S²] / E[S]² = 2 · (0.8 · 0.625² + 0.2 · 2.5²) = 3.125
    "hyperexponential": (
        {
            "mixture": {
                "components": [
                    {"weight": 0.8, "exponential": {"mean": 37_500}},
                    {"weight": 0.2, "exponential": {"mean": 150_000}},
                ]
            }
        },
        2.125,
    ),
}
"""Tokens at a millisecond each, a minute in the mean, and the squared coefficient of variation."""


def crowded(load: float, tokens: object) -> coalesce_sim.Scenario:
    fields = queueing(
        {"kind": "renewal", "gap_s": {"exponential": {"mean": MEAN_S / load}}},
        policy={"kind": "always_outsource"},
        contracts={},
    )
    fields["clock"]["days"] = 3
    fields["workload"]["attributes"] |= {"output_tokens": tokens, "expected_output_tokens": 60_000}
    only = fields["contractors"][0]
    del only["slots"]
    curve = {"base_ms_per_token": 0, "per_job_ms": 1, "max_jobs": 10_000}
    only |= {"latency_min": 0.0, "batch_curve": curve}
    return coalesce_sim.load(fields)


def settled(scenario: coalesce_sim.Scenario) -> list[pd.DataFrame]:
    """Decisions of each replication after the warm-up."""
    decisions = coalesce_sim.run(scenario, replications=REPLICATIONS).decisions
    return [run[run["arrival_s"] >= WARM_UP_S] for _, run in decisions.groupby("replication")]


@pytest.mark.parametrize(("law", "load"), [*((law, 0.8) for law in LAWS), ("hyperexponential", 0.5)])
def test_the_mean_time_in_the_system_hangs_on_the_mean_service_only(law: str, load: float) -> None:
    tokens, squared_variation = LAWS[law]
    runs = settled(crowded(load, tokens))
    low, high = interval([float(run["turnaround_s"].mean()) for run in runs])
    assert low < MEAN_S / (1 - load) < high
    if law != "exponential" and load == 0.8:
        first_come_s = MEAN_S * (1 + load / (1 - load) * (1 + squared_variation) / 2)
        assert not low < first_come_s < high


def test_a_job_takes_time_in_proportion_to_its_length() -> None:
    """Long and short wait alike for each of their tokens; first come, first served all wait the same."""
    load, lengths = 0.7, (20_000.0, 60_000.0, 100_000.0)
    scenario = crowded(load, {"choice": {"values": list(lengths)}})
    runs = settled(scenario)
    drawn = [
        np.array(
            [task["output_tokens"] for task in coalesce_sim.stage(scenario, replication=k).facts()["tasks"]]
        )
        for k in range(REPLICATIONS)
    ]
    for tokens in lengths:
        means = [
            float(run["turnaround_s"][written[run["task"]] == tokens].mean())
            for run, written in zip(runs, drawn, strict=True)
        ]
        low, high = interval(means)
        assert low < tokens / 1000 / (1 - load) < high
