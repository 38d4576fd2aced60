"""The level of a defence at which each attack stops paying, found by playing it."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

from coalesce_sim.arrays import FloatArray
from coalesce_sim.attacks.asked import Asked
from coalesce_sim.attacks.levers import LEVERS, Even
from coalesce_sim.attacks.measured import outcomes
from coalesce_sim.experiments.attacks.cells import NOBODY, cells
from coalesce_sim.experiments.attacks.written import Defence, defences
from coalesce_sim.experiments.breaking_even import break_even
from coalesce_sim.sweeps.plays import Plays


def break_evens(
    asked: Asked,
    plays: Plays,
    replications: int,
    progress: Callable[[float], None] = lambda _: None,
) -> list[Even]:
    """Raise each of the defences from the market as stated until each attack gains nothing in the mean."""
    places = list(product(asked.policies, asked.attacks, asked.levers))
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
