"""Static routing: rules say whom a task goes to, whatever is offered and expected."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from coalesce_sim.arrays import BoolArray, IntArray
from coalesce_sim.policies.errors import place_of
from coalesce_sim.policies.protocol import LOCAL, Decision, Policy, Surroundings, Tasks, View
from coalesce_sim.policies.yardsticks import splits_at_home
from coalesce_sim.scenario import routes as settings


@dataclass(frozen=True, slots=True)
class Route:
    """A rule whose names have been looked up: `types` and `clients` say which it is for, `to` is a
    contractor's index in the pool, or `LOCAL`."""

    types: BoolArray
    clients: BoolArray
    prompt_tokens: float
    output_tokens: float
    to: int

    def fits(self, type_id: Any, client: Any, prompt_tokens: Any, expected_output_tokens: Any) -> Any:
        """Whether it is for a task, or for each of many, of these facts."""
        named = self.types[type_id] & self.clients[client]
        return named & (prompt_tokens <= self.prompt_tokens) & (expected_output_tokens <= self.output_tokens)


class Routes(Policy):
    """The first rule that fits a task says who does it; `otherwise` does what no rule fits, or what its
    contractor makes no offer for, and home the rest.

    Skills, costs and queues do not matter. What may be split is done in the way that is expected to cost less
    at home, as `fixed` has it.
    """

    def __init__(self, rules: settings.Routes) -> None:
        self._rules = rules
        self.routes: list[Route] = []
        self.otherwise = LOCAL

    @property
    def searches(self) -> bool:
        return any(what == "contractor" for _, what, _ in self._rules.names)

    def start(self, surroundings: Surroundings) -> None:
        """Look up all names. Raises `PolicyError` where there is none of some name."""
        names = surroundings.contractor_names

        def who(name: str, field: str) -> int:
            return LOCAL if name == settings.HOME else place_of(name, names, field, "contractor")

        self.routes = [
            _route(rule, f"rules[{place}]", who(rule.to, f"rules[{place}].to"), surroundings)
            for place, rule in enumerate(self._rules.rules)
        ]
        self.otherwise = who(self._rules.otherwise, "otherwise")

    def splits(self, view: View) -> bool:
        return splits_at_home(view)

    def decide(self, view: View) -> Decision:
        prompt_tokens, output_tokens = view.fact("prompt_tokens"), view.fact("expected_output_tokens")
        facts = view.type_id, view.client, prompt_tokens, output_tokens
        first = next((route.to for route in self.routes if route.fits(*facts)), self.otherwise)
        offered = first == LOCAL or first in view.ids
        return Decision(_position(view, first if offered else self.otherwise))

    def first_choices(self, tasks: Tasks) -> IntArray:
        """Whom the rules name for each of these tasks: a contractor by its index in the pool, or `LOCAL`."""
        chosen = np.full(len(tasks.type_id), self.otherwise, dtype=np.int64)
        facts = tasks.type_id, tasks.client, tasks.prompt_tokens, tasks.expected_output_tokens
        for route in reversed(self.routes):
            chosen[route.fits(*facts)] = route.to
        return chosen


def _route(rule: settings.Route, field: str, to: int, surroundings: Surroundings) -> Route:
    types, clients = np.ones(len(surroundings.type_names), bool), np.ones(surroundings.clients, bool)
    if rule.types is not None:
        known = surroundings.type_names
        chosen = [place_of(name, known, f"{field}.type", "task type") for name in rule.types]
        types = np.isin(np.arange(len(known)), chosen)
    if rule.group is not None:
        groups = surroundings.client_groups
        place_of(rule.group, tuple(dict.fromkeys(groups)), f"{field}.group", "group of clients")
        clients = np.array(groups) == rule.group
    prompt_tokens, output_tokens = rule.prompt_tokens_up_to, rule.expected_output_tokens_up_to
    return Route(
        types,
        clients,
        prompt_tokens=np.inf if prompt_tokens is None else prompt_tokens,
        output_tokens=np.inf if output_tokens is None else output_tokens,
        to=to,
    )


def _position(view: View, contractor: int) -> int:
    """The place of the contractor's offer; `LOCAL` where there is none."""
    found = np.flatnonzero(view.ids == contractor)
    return int(found[0]) if len(found) else LOCAL
