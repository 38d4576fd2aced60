"""What a user writes about static routing: whom which tasks go to, whatever is offered."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from coalesce_sim.scenario.base import Model
from coalesce_sim.scenario.distributions import NonNegative

HOME = "home"
"""What a rule calls the client's own agent."""

Name = tuple[str, str, str]
"""A name that settings call somebody by: the field, what is called by it (a contractor, say), and the name.
"""

_Stated = Annotated[str, Field(min_length=1)]


class Route(Model):
    """Where a task goes of which all is true that is stated here; without a condition, every task."""

    type: _Stated | Annotated[list[_Stated], Field(min_length=1)] | None = None
    """Only tasks of this type of `workload.types`, or of these; left out, of all."""
    group: _Stated | None = None
    """Only tasks of clients of this group of `clients.groups`; left out, of all."""
    prompt_tokens_up_to: NonNegative | None = None
    """Only tasks whose prompt has at most so many tokens."""
    expected_output_tokens_up_to: NonNegative | None = None
    """Only tasks of which at most so many tokens of output are expected."""
    to: _Stated
    """Who does them: a contractor by its name, or ``home``."""
    otherwise: _Stated | None = None
    """Who does those of them that this contractor does not offer to do; left out, as the policy's `otherwise`
    says."""

    @property
    def types(self) -> list[str] | None:
        """The types of task it is stated for; None for all."""
        return [self.type] if isinstance(self.type, str) else self.type


class Routes(Model):
    """Static routing: the first rule that fits a task says who does it, whatever is offered and expected."""

    kind: Literal["routes"]
    rules: list[Route]
    """Looked at in this order; the first that fits a task decides."""
    otherwise: _Stated = HOME
    """Who does tasks that no rule fits, or that their contractor does not offer to do: a contractor by its
    name, or ``home``, where everything stays that this contractor does not offer to do either."""

    @property
    def names(self) -> Iterator[Name]:
        """The names that it goes by."""
        for place, rule in enumerate(self.rules):
            for name in rule.types or ():
                yield f"rules[{place}].type", "task type", name
            if rule.group is not None:
                yield f"rules[{place}].group", "group of clients", rule.group
            for field in ("to", "otherwise"):
                name = getattr(rule, field)
                if name not in (HOME, None):
                    yield f"rules[{place}].{field}", "contractor", name
        if self.otherwise != HOME:
            yield "otherwise", "contractor", self.otherwise
