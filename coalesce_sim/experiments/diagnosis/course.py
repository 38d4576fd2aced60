"""What happens over time: the cold start, and exploration as it was meant to be."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from scipy.special import betaincinv

from coalesce_sim.experiments.diagnosis.evidence import Evidence
from coalesce_sim.experiments.diagnosis.finding import Finding, epsilon_of, percent
from coalesce_sim.experiments.published.cold_start import BEGUN_ABOVE, steady_day
from coalesce_sim.scenario.policy import Topsis
from coalesce_sim.scenario.schema import Scenario

CONFIDENCE = 0.999
"""Of the interval about the exploration share: a healthy market must not be found wanting by chance."""


def found(scenario: Scenario, evidence: Evidence) -> Iterator[Finding]:
    """A first day without outsourcing, and an exploration share that is not ε."""
    yield from _cold_start(scenario, evidence)
    yield from _exploration(scenario, evidence)


def _cold_start(scenario: Scenario, evidence: Evidence) -> Iterator[Finding]:
    days = evidence.days
    with np.errstate(invalid="ignore", divide="ignore"):  # a day without tasks has no rate
        rate = 100 * days.outsourced / days.tasks
        decided = 100 * (days.outsourced - days.explored) / days.tasks
    begun = np.flatnonzero(decided > BEGUN_ABOVE)
    if not len(begun) or begun[0] == 0:
        return
    busy = np.flatnonzero(days.tasks)
    steady = steady_day(rate[busy])
    ends = None if steady is None else int(busy[steady - 1]) + 1
    begins = int(begun[0]) + 1
    sentence = (
        f"Cold start: on day 1 {decided[0]:.1f} % of tasks are outsourced by decision and {rate[0]:.1f} % in "
        f"all. Outsourcing by decision begins on day {begins} and "
        + (
            f"is steady from day {ends} on."
            if ends is not None
            else f"is not steady within the {len(rate)} days."
        )
    )
    numbers = {
        "begins_day": begins,
        "steady_day": ends,
        "rate_by_day": rate.tolist(),
        "decided_rate_by_day": decided.tolist(),
    }
    settings = []
    if epsilon_of(scenario) == 0:
        settings.append("policy.epsilon=0.1")
    if getattr(scenario.policy, "memory", None) == "per_client":
        settings.append("policy.memory=shared")
    if scenario.reputation is not None and scenario.reputation.start == "cold":
        settings.append("reputation.start=warm")
    yield Finding("cold_start", "problem", sentence, numbers, tuple(settings) or ("clock.days",))


def _exploration(scenario: Scenario, evidence: Evidence) -> Iterator[Finding]:
    choices, rules = evidence.choices, scenario.policy
    epsilon = epsilon_of(scenario)
    if not epsilon or not choices.decisions:
        return
    low, high = (100 * end for end in share_interval(choices.explored, choices.decisions))
    if low <= 100 * epsilon <= high:
        return
    share = percent(choices.explored, choices.decisions)
    expected = percent(choices.expected_explored, choices.decisions)
    numbers = {
        "exploration_rate": share,
        "interval": [low, high],
        "epsilon": epsilon,
        "expected_rate": expected,
        "decisions": choices.decisions,
    }
    sentence = (
        f"{share:.1f} % of {choices.decisions:,} decisions explored ({100 * CONFIDENCE:g} % interval "
        f"{low:.1f} to {high:.1f} %), against ε = {100 * epsilon:g} %"
    )
    half_life = getattr(rules, "epsilon_half_life_tasks", None)
    if half_life is not None and low <= expected <= high:
        sentence += f": ε halves every {half_life:g} decisions, which makes {expected:.1f} % over the run."
        yield Finding("exploration_decays", "note", sentence, numbers, ("policy.epsilon_half_life_tasks",))
        return
    kept = choices.not_explored
    low, high = (100 * end for end in share_interval(choices.explored + kept, choices.decisions))
    if kept and low <= 100 * epsilon <= high:
        numbers["not_explored"] = kept
        sentence += (
            f": in {percent(kept, choices.decisions):.1f} % the random choice was kept at home, since "
            "policy.explored_too asks of it what is asked of others."
        )
        yield Finding("exploration_kept_home", "note", sentence, numbers, ("policy.explored_too=false",))
        return
    of_all = isinstance(rules, Topsis)  # TOPSIS explores whatever the skills
    nobody = choices.decisions - (choices.with_offers if of_all else choices.with_eligible)
    numbers["nobody_to_explore"] = nobody
    sentence += (
        f": in {percent(nobody, choices.decisions):.0f} % of decisions there was nobody "
        f"{'who offered' if of_all else 'eligible'} to explore."
    )
    yield Finding(
        "exploration_share",
        "problem",
        sentence,
        numbers,
        ("policy.epsilon", "discovery" if of_all else "skills.threshold"),
    )


def share_interval(count: int, of: int) -> tuple[float, float]:
    """The exact (Clopper–Pearson) interval of a share at `CONFIDENCE`."""
    tail = (1 - CONFIDENCE) / 2
    low = float(betaincinv(count, of - count + 1, tail)) if count else 0.0
    high = float(betaincinv(count + 1, of - count, 1 - tail)) if count < of else 1.0
    return (low, high) if math.isfinite(low + high) else (0.0, 1.0)
