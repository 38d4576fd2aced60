"""Contractors that enter a drawn pool do so as a Poisson process, and leave at a constant hazard; queues at
those who come and go wait as they should.

In two days as many enter as a Poisson law of the stated rate says: the interval of the mean holds the rate,
and the counts vary as much as their mean. The first gap, and how long contractors stay, are exponential by a
test of Kolmogorov and Smirnov at 0.1 %. All is laid out before the run, so that only rosters are made.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import stats

import coalesce_sim
from coalesce_sim.market.presence import Presence
from coalesce_sim.market.roster import roster_of
from coalesce_sim.streams import Streams
from tests.markets import queueing
from verification.test_market import erlang_c
from verification.test_queueing import interval

PER_DAY, LEAVE_PER_DAY, DAYS, REPLICATIONS = 40.0, 0.5, 2, 300


def presences() -> list[Presence]:
    turnover = f"turnover={{entry: {{per_day: {PER_DAY}}}, exit: {{per_day: {LEAVE_PER_DAY}}}}}"
    scenario = coalesce_sim.load("market_day", [f"clock.days={DAYS}", turnover])
    return [roster_of(scenario, Streams(7, replication)).presence for replication in range(REPLICATIONS)]


def test_entry_is_a_poisson_process_and_stays_are_exponential() -> None:
    made = presences()
    entries_s = [each.enter_s[each.enter_s > 0] for each in made]
    counts = np.array([len(each) for each in entries_s], dtype=float)
    low, high = interval(counts.tolist())
    assert low <= PER_DAY * DAYS <= high
    # (n − 1) s² / mean of Poisson counts is χ² with n − 1 degrees of freedom.
    dispersion = (len(counts) - 1) * counts.var(ddof=1) / counts.mean()
    assert 0.0005 < stats.chi2.cdf(dispersion, len(counts) - 1) < 0.9995
    # A Poisson process has uniform entries, whatever their number, and the first after an exponential gap.
    everybody_s = np.concatenate(entries_s)
    assert stats.kstest(everybody_s / (86_400 * DAYS), "uniform").pvalue > 0.001
    first_s = np.array([each[0] for each in entries_s])
    assert stats.kstest(first_s, "expon", args=(0, 86_400 / PER_DAY)).pvalue > 0.001
    stays_s = np.concatenate([each.leave_s - each.enter_s for each in made])
    assert stats.kstest(stays_s, "expon", args=(0, 86_400 / LEAVE_PER_DAY)).pvalue > 0.001


def test_waiting_and_littles_law_hold_where_one_takes_the_place_of_another() -> None:
    """The first leaves when the second enters, at noon; ten more lie dormant until all is nearly over. Both
    are M/M/1 queues of their own, and the capacity that is used is that of one contractor."""
    load, noon_s, warm_up_s = 0.6, 43_200.0, 7_200.0
    scenario = queueing(
        {"kind": "renewal", "gap_s": {"exponential": {"mean": 60 / load}}},
        service_factor={"exponential": {"mean": 1}},
        policy={"kind": "always_outsource"},
        contracts={},
    )
    only: dict[str, Any] = scenario["contractors"][0]
    dormant = [only | {"name": f"dormant_{k}", "enter_h": 23.999} for k in range(10)]
    scenario["contractors"] = [only | {"leave_h": 12}, only | {"name": "second", "enter_h": 12}, *dormant]
    result = coalesce_sim.run(coalesce_sim.load(scenario), replications=10)
    little, waits_s = [], []
    for (_, tasks), (_, levels) in zip(
        result.decisions.groupby("replication"), result.timeline.groupby("replication"), strict=True
    ):
        wait_s = tasks["started_s"] - tasks["arrival_s"]
        little.append(float(levels["contractor_queue"].mean()) - float(wait_s.sum()) / 86_400)
        waits_s.append(float(wait_s[tasks["arrival_s"] % noon_s >= warm_up_s].mean()))
    low, high = interval(little)
    assert low < 0 < high or max(map(abs, little)) < 0.02
    low, high = interval(waits_s)
    assert low < erlang_c(1, load) * 60 / (1 - load) < high
    low, high = interval([each["contractor_utilisation"] for each in result.replications])
    assert low < 100 * load < high
