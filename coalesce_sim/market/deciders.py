"""Who is asked for which client: one policy for all, and those of groups that have one of their own."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from coalesce_sim.market.deciding import Decider
from coalesce_sim.policies.protocol import Policy, Surroundings
from coalesce_sim.policies.registry import create
from coalesce_sim.scenario.policy import PolicySettings
from coalesce_sim.scenario.schema import Scenario

Make = Callable[[PolicySettings], Policy]
"""What makes a policy of its settings."""


class Deciders:
    """The policies of a market, each of which is asked about, and told of, its own clients' tasks alone.

    A `policy` is shared by all clients whose group has none. `make` makes those of groups. `all` are those
    that are asked; `listens` says whether any wants to be told of outcomes, `wants_bids` and `wants_truth`
    whether any wants to see sealed bids, or what every choice would really cost.
    """

    def __init__(
        self, scenario: Scenario, policy: Policy, *, seed: int, replication: int, make: Make = create
    ) -> None:
        shared = Decider(policy, seed=seed, replication=replication)
        self._apart: dict[str, Decider] = {}
        for name, group in (scenario.clients.groups or {}).items():
            if group.policy is not None:
                self._apart[name] = Decider(make(group.policy), seed=seed, replication=replication)
        names = list(scenario.clients.groups or ())
        self._of_group = [self._apart.get(name, shared) for name in names] or [shared]
        self.all = list(dict.fromkeys(self._of_group))
        self._shared = shared if shared in self.all else None
        self._group_of: list[int] | None = None
        if len(self.all) > 1:
            self._group_of = scenario.clients.group_of.tolist()
        self.listens = any(each.listens for each in self.all)
        self.wants_bids = any(each.wants_bids for each in self.all)
        self.wants_truth = any(each.wants_truth for each in self.all)

    @property
    def only(self) -> Decider | None:
        """The one that is asked for every client, if there is one."""
        return self.all[0] if self._group_of is None else None

    def of(self, client: int) -> Decider:
        """Who decides for a client."""
        return self._of_group[0 if self._group_of is None else self._group_of[client]]

    def start(self, surroundings: Callable[[str], Surroundings]) -> None:
        """Tell all what they are told before the first task; `surroundings` are given what to put before the
        names of their random streams.

        That is nothing for the policy that is shared or, where every group has its own, for the first.
        """
        named: Mapping[Decider, str] = {decider: f"{name}." for name, decider in self._apart.items()}
        for place, decider in enumerate(self.all):
            first = decider is self._shared or (self._shared is None and place == 0)
            decider.start(surroundings("" if first else named[decider]))
