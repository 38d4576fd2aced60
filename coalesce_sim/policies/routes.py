"""Static routing: rules say whom a task goes to, whatever is offered and expected."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from coalesce_sim.arrays import BoolArray, IntArray
from coalesce_sim.policies.errors import place_of
from coalesce_sim.policies.protocol import LOCAL, Decision, Policy, Surroundings, Tasks, View
from coalesce_sim.policies.yardsticks import position_of, splits_at_home
from coalesce_sim.scenario import routes as settings


@dataclass(frozen=True, slots=True)
class Route:
    """A rule whose names have been looked up: `types` and `clients` say which it is for, `to` is a
    contractor's index in the pool, or `LOCAL`, and `otherwise` who comes after that one."""

    types: BoolArray
    clients: BoolArray
    prompt_tokens: float
    output_tokens: float
    to: int
    otherwise: int

    def fits(self, type_id: Any, client: Any, prompt_tokens: Any, expected_output_tokens: Any) -> Any:
        """Whether it is for a task, or for each of many, of these facts."""
        named = self.types[type_id] & self.clients[client]
        return named & (prompt_tokens <= self.prompt_tokens) & (expected_output_tokens <= self.output_tokens)


class Routes(Policy):
    """The first rule that fits a task says who does it, and who does it where that one makes no offer;
    `otherwise` is both where no rule fits, and the latter where the rule does not say; home does the rest.

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

        self.otherwise = who(self._rules.otherwise, "otherwise")
        self.routes = [
            _route(rule, place, who, self.otherwise, surroundings)
            for place, rule in enumerate(self._rules.rules)
        ]

    def splits(self, view: View) -> bool:
        return splits_at_home(view)

    def decide(self, view: View) -> Decision:
        prompt_tokens, output_tokens = view.fact("prompt_tokens"), view.fact("expected_output_tokens")
        facts = view.type_id, view.client, prompt_tokens, output_tokens
        rule = next((route for route in self.routes if route.fits(*facts)), None)
        first, second = (self.otherwise,) * 2 if rule is None else (rule.to, rule.otherwise)
        offered = first == LOCAL or first in view.ids
        return Decision(position_of(view, first if offered else second))

    def choices(self, tasks: Tasks) -> tuple[IntArray, IntArray]:
        """Whom the rules name for each of these tasks, and whom where that one makes no offer: contractors by
        their index in the pool, or `LOCAL`."""
        first = np.full(len(tasks.type_id), self.otherwise, dtype=np.int64)
        second = first.copy()
        facts = tasks.type_id, tasks.client, tasks.prompt_tokens, tasks.expected_output_tokens
        for route in reversed(self.routes):
            fits = route.fits(*facts)
            first[fits], second[fits] = route.to, route.otherwise
        return first, second


def _route(
    rule: settings.Route,
    place: int,
    who: Callable[[str, str], int],
    otherwise: int,
    surroundings: Surroundings,
) -> Route:
    field = f"rules[{place}]"
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
        to=who(rule.to, f"{field}.to"),
        otherwise=otherwise if rule.otherwise is None else who(rule.otherwise, f"{field}.otherwise"),
    )
