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
"""The policies that it plays in the published trade, by their settings."""

_TOLD: Final = "runs of which every decision or contract is told"
_PLAYED: Final = frozenset((*POLICIES.values(), yardsticks.FixedChoice, yardsticks.Tally))


def uncovered(
    scenario: Scenario, policy: type[Policy] | None, rules: settings.Topsis | None, *, watched: bool
) -> str | None:
    """Why the compiled core does not play this, in words that complete "it does not play …"; None if it does.

    `policy` is the class of the policy that plays, None where it is not built in; `rules` are its
    settings where it is TOPSIS. `watched` says whether somebody is to be told of every decision.
    """
    if scenario.learning:
        reasons = of_contracts(scenario, watched=watched)
    else:
        reasons = of_published(policy, rules, watched=watched)
    for reason, applies in reasons.items():
        if applies:
            return reason
    return None if importlib.util.find_spec("numba") else "anything without numba"


def of_published(
    policy: type[Policy] | None, rules: settings.Topsis | None, *, watched: bool
) -> dict[str, bool]:
    """All reasons there are in the published trade, and which apply."""
    return {
        "policies other than topsis, greedy and its kin, and the yardsticks": policy not in _PLAYED,
        "policy.normalisation vector": rules is not None and rules.normalisation != "min_max",
        "policy.weighting critic and entropy": rules is not None and rules.weighting != "fixed",
        _TOLD: watched,
    }


def of_contracts(scenario: Scenario, *, watched: bool) -> dict[str, bool]:
    """All reasons there are where markets have contracts or learn, and which apply: any policy plays."""
    found, public = scenario.discovery, scenario.reputation
    return {
        "discovery by gossip or broadcast": isinstance(found, GossipDiscovery | BroadcastDiscovery),
        "outages of the registry": isinstance(found, RegistryDiscovery) and bool(found.outages),
        "reputation by eigentrust": public is not None and isinstance(public.model, EigenTrustReputation),
        "incidents (contracts.security.incidents)": scenario.incidents is not None,
        _TOLD: watched,
    }


def plays_events(scenario: Scenario, policy: type[Policy]) -> bool:
    """Whether the published trade has to be played event by event: where the end of a task hangs on others,
    an offer on when it is made, or the policy listens to what comes of tasks."""
    facts, cost_model = [each for _, each in scenario.facts], scenario.cost_model
    return (
        scenario.clients.slots != "unlimited"
        or any(each.slots != "unlimited" or each.network_ms for each in facts)
        or any(each.prefill_tokens_per_s or each.decode_tokens_per_s or each.hardware for each in facts)
        or isinstance(cost_model.external.pricing, TokenPrice)
        or cost_model.internal.expects_delay
        or issubclass(policy, greedy.Greedy)
    )
