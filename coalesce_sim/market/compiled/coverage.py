"""What the compiled core plays; the rest is played by SimPy, and says so by name."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from typing import Final, Literal

from coalesce_sim.errors import CoalesceError
from coalesce_sim.policies import yardsticks
from coalesce_sim.policies.bandits import greedy
from coalesce_sim.policies.protocol import Policy
from coalesce_sim.policies.topsis import Topsis
from coalesce_sim.scenario import learners
from coalesce_sim.scenario import policy as settings
from coalesce_sim.scenario.costs import TokenPrice
from coalesce_sim.scenario.discovery import BroadcastDiscovery, GossipDiscovery, RegistryDiscovery
from coalesce_sim.scenario.reputation import EigenTrustReputation
from coalesce_sim.scenario.schema import Scenario

Core = Literal["simpy", "compiled"]
"""What can play a market."""


class CoreError(CoalesceError, ValueError):
    """Raised where the compiled core is asked for and does not play a scenario; the text says why."""


POLICIES: Final[Mapping[type, type[Policy]]] = {
    settings.Topsis: Topsis,
    settings.AlwaysLocal: yardsticks.AlwaysLocal,
    settings.AlwaysOutsource: yardsticks.AlwaysOutsource,
    settings.Cheapest: yardsticks.Cheapest,
    settings.Random: yardsticks.Random,
    settings.Fixed: yardsticks.Fixed,
    settings.BestFixed: yardsticks.BestFixed,
    settings.Oracle: yardsticks.Oracle,
    learners.Greedy: greedy.Greedy,
    learners.EpsilonGreedy: greedy.EpsilonGreedy,
    learners.OptimisticGreedy: greedy.OptimisticGreedy,
    learners.AdaptiveThreshold: greedy.AdaptiveThreshold,
}
"""The policies that it plays, by their settings."""

_LEARNERS: Final = frozenset(each for each in POLICIES.values() if issubclass(each, greedy.Greedy))
_PLAYED: Final = frozenset((*POLICIES.values(), yardsticks.FixedChoice, yardsticks.Tally))


def uncovered(
    scenario: Scenario, policy: type[Policy] | None, rules: settings.Topsis | None, *, watched: bool
) -> str | None:
    """Why the compiled core does not play this, in words that complete "it does not play …"; None if it does.

    `policy` is the class of the policy that plays, None where it is not built in; `rules` are its
    settings where it is TOPSIS. `watched` says whether somebody is to be told of every decision.
    """
    of = of_contracts if scenario.learning else of_published
    for reason, applies in of(scenario, policy, rules, watched=watched).items():
        if applies:
            return reason
    return None if importlib.util.find_spec("numba") else "anything without numba"


def of_published(
    scenario: Scenario, policy: type[Policy] | None, rules: settings.Topsis | None, *, watched: bool
) -> dict[str, bool]:
    """All reasons there are in the published trade, and which apply."""
    facts = [each for _, each in scenario.facts]
    cost_model = scenario.cost_model
    return {
        "contractors with finite slots": any(each.slots != "unlimited" for each in facts),
        "clients with finite slots": scenario.clients.slots != "unlimited",
        "networks that take time (network_ms)": any(each.network_ms for each in facts),
        "work whose time goes by tokens": any(
            each.prefill_tokens_per_s or each.decode_tokens_per_s or each.hardware for each in facts
        ),
        "prices per token": isinstance(cost_model.external.pricing, TokenPrice),
        "delay expected at home (cost_model.internal.opportunity)": cost_model.internal.expects_delay,
        "policies other than topsis and the yardsticks": policy not in _PLAYED - _LEARNERS,
        **_of_every_market(rules, watched=watched),
    }


def of_contracts(
    scenario: Scenario, policy: type[Policy] | None, rules: settings.Topsis | None, *, watched: bool
) -> dict[str, bool]:
    """All reasons there are where markets have contracts or learn, and which apply."""
    found, public = scenario.discovery, scenario.reputation
    types = scenario.workload.types.values()
    return {
        "composite tasks (steps)": any(kind.in_steps or kind.may_split for kind in types),
        "discovery by gossip or broadcast": isinstance(found, GossipDiscovery | BroadcastDiscovery),
        "outages of the registry": isinstance(found, RegistryDiscovery) and bool(found.outages),
        "reputation by eigentrust": public is not None and isinstance(public.model, EigenTrustReputation),
        "incidents (contracts.security.incidents)": scenario.incidents is not None,
        "policies other than topsis, greedy and its kin, and the yardsticks": policy not in _PLAYED,
        **_of_every_market(rules, watched=watched),
    }


def _of_every_market(rules: settings.Topsis | None, *, watched: bool) -> dict[str, bool]:
    return {
        "policy.normalisation vector": rules is not None and rules.normalisation != "min_max",
        "policy.weighting critic and entropy": rules is not None and rules.weighting != "fixed",
        "runs of which every decision or contract is told": watched,
    }
