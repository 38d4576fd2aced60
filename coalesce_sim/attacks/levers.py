"""Defences that have a level, which can be raised until an attack does not pay."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from coalesce_sim.experiments.breaking_even import BreakEven
from coalesce_sim.scenario.problems import Problem, ScenarioError, closest


@dataclass(frozen=True, slots=True)
class Lever:
    """A defence that has a level: the field that it is, what its break-even level is called among the
    metrics, the first level that is tried, and the last."""

    field: str
    metric: str
    first: float
    most: float


LEVERS: Final[Mapping[str, Lever]] = {
    "entry_fee": Lever("defences.entry_fee_usd", "break_even_entry_fee_usd", 0.25, 1024.0),
    "stake": Lever("defences.stake_usd", "break_even_stake_usd", 0.25, 1024.0),
    "dues": Lever("defences.dues_usd", "break_even_dues_usd", 0.25, 1024.0),
    "audit": Lever("defences.audit.share", "break_even_audit_share", 0.125, 1.0),
}
"""What can be raised until an attack does not pay, by the names that defences have."""


@dataclass(frozen=True, slots=True)
class Even:
    """The break-even level of one defence against one attack, under one policy."""

    policy: str
    attack: str
    lever: str
    found: BreakEven

    def as_dict(self) -> dict[str, Any]:
        """The form in which it appears in JSON."""
        place = {"policy": self.policy, "attack": self.attack, "defence": self.lever}
        return place | {"metric": LEVERS[self.lever].metric} | self.found.as_dict()


def checked(names: Sequence[str]) -> list[str]:
    """The names, checked. Raises `ScenarioError` with those that have no level to raise."""
    problems = []
    for name in names:
        if name not in LEVERS:
            near = closest(name, LEVERS)
            hint = "" if near is None else f"; did you mean {near!r}?"
            message = f"has no level that can be raised{hint} (known: {', '.join(LEVERS)})"
            problems.append(Problem(f"--break-even {name}", None, "", message))
    if problems:
        raise ScenarioError(problems)
    return list(dict.fromkeys(names))
