"""What a policy's object says, as the kernels read it."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from coalesce_sim.arrays import IntArray
from coalesce_sim.market.compiled import published_choices as choices
from coalesce_sim.market.compiled.coverage import is_changed, learns
from coalesce_sim.market.compiled.learner_settings import learner_of, state_of
from coalesce_sim.market.compiled.policy_memory import OfferPolicy
from coalesce_sim.market.compiled.published_choices import Yardstick
from coalesce_sim.market.compiled.rows import Rows, filled
from coalesce_sim.market.compiled.topsis import Memory
from coalesce_sim.market.compiled.topsis import Topsis as TopsisRow
from coalesce_sim.market.observer import Observer
from coalesce_sim.market.trade import Venue
from coalesce_sim.policies import yardsticks
from coalesce_sim.policies.mcdm import CRITERIA, normalised
from coalesce_sim.policies.protocol import LOCAL, OracleView, Policy, Tasks
from coalesce_sim.policies.routes import Routes
from coalesce_sim.policies.topsis import Topsis
from coalesce_sim.scenario import policy as settings

_KINDS: Final[dict[type[Policy], int]] = {
    Topsis: choices.TOPSIS,
    yardsticks.AlwaysLocal: choices.FIXED,
    yardsticks.Fixed: choices.FIXED,
    yardsticks.BestFixed: choices.FIXED,
    yardsticks.FixedChoice: choices.FIXED,
    Routes: choices.ROUTES,
    yardsticks.AsLogged: choices.ROUTES,
    yardsticks.Cheapest: choices.CHEAPEST,
    yardsticks.AlwaysOutsource: choices.ALWAYS_OUTSOURCE,
    yardsticks.Random: choices.RANDOM,
    yardsticks.Oracle: choices.ORACLE,
    yardsticks.Tally: choices.TALLY,
}


class Choosing(NamedTuple):
    """A policy for a kernel: a row of `Yardstick`, one of `topsis.Topsis`, and what TOPSIS remembers."""

    yardstick: Rows
    topsis: Rows
    memory: Memory


def choosing(policy: Policy, venue: Venue) -> Choosing:
    """A policy that has been started, before its first decision."""
    rules = policy.rules if isinstance(policy, Topsis) else settings.Topsis(kind="topsis")
    fixed = policy.contractor if isinstance(policy, yardsticks.FixedChoice) else LOCAL
    random = state_of(venue, "random")
    kept = filled(Yardstick, 1, kind=_KINDS[type(policy)], fixed=fixed, random=random)
    return Choosing(kept, _topsis(rules, venue), _memory(rules, venue))


def choosing_offers(policy: Policy, venue: Venue) -> OfferPolicy:
    """A policy that has been started and decides on offers, before its first decision; of one that is played
    in Python a kernel reads nothing."""
    apart = is_interpreted(policy, venue.observer) or learns(type(policy))
    chosen = yardsticks.AlwaysLocal() if apart else policy
    learner, arms, ridge, states = learner_of(policy, venue)
    return OfferPolicy(*choosing(chosen, venue), learner, arms, ridge, states)


def routes_of(policy: Policy, tasks: Tasks) -> dict[str, IntArray | int]:
    """Whom a static routing, or a log, names for each task, and after that one, as a kernel reads it by the
    names of its columns; of other policies it reads nothing."""
    if isinstance(policy, yardsticks.AsLogged):
        return {"route": np.maximum(tasks.logged_to, LOCAL), "route_else": LOCAL}
    first, second = policy.choices(tasks) if isinstance(policy, Routes) else (LOCAL, LOCAL)
    return {"route": first, "route_else": second}


def asks(policy: Policy, observer: Observer) -> bool:
    """Whether the market with contracts stops where a policy decides: TOPSIS, as far as that is compiled, and
    yardsticks that are not told the truth are part of its kernel."""
    sees_truth = issubclass(policy.view_type, OracleView)
    return is_interpreted(policy, observer) or learns(type(policy)) or sees_truth


def is_interpreted(policy: Policy, observer: Observer) -> bool:
    """Whether a policy is played as it is written, in Python: also where each decision is told."""
    if is_changed(policy) or observer.sees_decisions:
        return True
    if type(policy) is Topsis:
        return policy.rules.normalisation != "min_max" or policy.rules.weighting != "fixed"
    return type(policy) not in _KINDS and not learns(type(policy))


def _topsis(rules: settings.Topsis, venue: Venue) -> Rows:
    half_life, percent, boosts = rules.epsilon_half_life_tasks, rules.only_if_cheaper_percent, rules.boosts
    return filled(
        TopsisRow,
        1,
        epsilon=rules.epsilon,
        decay=1.0 if half_life is None else 0.5 ** (1 / half_life),
        above_score=rules.outsource_above_score,
        above_confidence=rules.outsource_above_confidence,
        cheaper_factor=np.nan if percent is None else 1 - percent / 100,
        within_budget=rules.within_budget,
        explored_too=rules.explored_too,
        explored_score=rules.explored_score,
        explored_confidence=rules.explored_confidence,
        boost_cost=boosts.cost,
        boost_cost_below=boosts.cost_if_budget_share_below,
        boost_latency=boosts.latency,
        boost_latency_below_s=boosts.latency_if_max_min_below * 60,
        boost_security=boosts.security_if_sensitive,
        initial_confidence=rules.confidence.initial,
        warm_up=rules.confidence.warm_up,
        window=rules.confidence.window,
        good_score=rules.confidence.good_score,
        drifts=rules.drift.step > 0,
        drift=rules.drift.step * rules.drift.sd,
        drift_up_to_score=rules.drift.up_to_score,
        exploration=state_of(venue, "exploration"),
        pick=state_of(venue, "exploration.pick"),
        **{f"drift_{name}": state_of(venue, f"weight drift.{name}") for name in CRITERIA},
    )


def _memory(rules: settings.Topsis, venue: Venue) -> Memory:
    memories = 1 if rules.memory == "shared" else venue.scenario.clients.total
    return Memory(
        weights=np.tile(normalised(rules.weights.as_tuple()), (memories, 1)),
        scores=np.zeros((memories, rules.confidence.window)),
        counts=np.zeros((memories, 2), dtype=np.int64),
    )
