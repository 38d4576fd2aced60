"""The level of a defence at which each attack stops paying, found by playing it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, Final

from coalesce_sim.arrays import FloatArray
from coalesce_sim.attacks.asked import Asked
from coalesce_sim.attacks.study import outcomes
from coalesce_sim.experiments.attacks.breaking_even import BreakEven, break_even
from coalesce_sim.experiments.attacks.cells import NOBODY, cells
from coalesce_sim.experiments.attacks.written import Defence, defences
from coalesce_sim.scenario.problems import Problem, ScenarioError, closest
from coalesce_sim.sweeps.plays import Plays


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


def levers(names: Sequence[str]) -> list[str]:
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


def break_evens(
    asked: Asked,
    names: Sequence[str],
    plays: Plays,
    replications: int,
    progress: Callable[[float], None] = lambda _: None,
) -> list[Even]:
    """Raise each of the defences from the market as stated until each attack gains nothing in the mean."""
    places = list(product(asked.policies, asked.attacks, names))
    found = []
    for done, (policy, attack, name) in enumerate(places):
        chosen = {policy: asked.policies[policy]}

        def gains(level: float, name: str = name, attack: Any = attack, chosen: Any = chosen) -> FloatArray:
            made = cells(asked.scenario, chosen, [attack], [_at(name, level)])
            cell = next(each for each in made if each.attack != NOBODY)
            return outcomes(plays, [cell], replications)[0].values("attack_gain_usd")

        lever = LEVERS[name]
        found.append(Even(policy, attack.label, name, break_even(gains, first=lever.first, most=lever.most)))
        progress((done + 1) / len(places))
    return found


def _at(name: str, level: float) -> Defence:
    """A defence at a level; at 0 it is not there."""
    lever = LEVERS[name]
    if level == 0:
        off = lever.field.removesuffix(".share") + "=null" if name == "audit" else f"{lever.field}=0"
        return defences([off])[-1]
    return defences([f"{lever.field}={level!r}"])[-1]
