"""What an attack came to: the play in which somebody cheats, against its twins on the same random numbers."""

from __future__ import annotations

import math
from collections.abc import Iterable

from coalesce_sim.experiments.attacks.playing import Play
from coalesce_sim.metrics import COST_REDUCTION

AS_PLAYED = (
    "direct_harm_usd",
    "manipulated",
    "detected_share",
    "detection_time_s",
    "jobs_to_detection",
    "false_alarms",
)
"""What the play with the attack says by itself."""


def measures(attack: Play, honest: Play, absent: Play | None = None) -> dict[str, float]:
    """The metrics of an attack in one replication, by name; NaN for what is undefined."""
    cheats = {*_marked(attack, "cheats"), *_marked(attack, "gains")}
    liars = list(_marked(attack, "lies"))
    sellers_usd = sum(_of(attack, "profit_usd", each) for each in cheats)
    firsts = {each for each in cheats if f"profit_usd[{each}]" in honest}
    sellers_usd -= sum(_of(honest, "profit_usd", each) for each in firsts)
    liars_usd = sum(_of(honest, "cost_usd", each) - _of(attack, "cost_usd", each) for each in liars)
    names = list(_marked(attack, "cheats"))
    others = [each for each in _all(honest, "profit_usd") if each not in cheats]
    tasks = attack["tasks"]
    harm_usd = attack["realised_usd"] - honest["realised_usd"]
    found = {
        "attack_gain_usd": sellers_usd + liars_usd,
        "attack_gain_per_identity_usd": sellers_usd / len(names) if names else math.nan,
        "identities": float(len(names)),
        "market_harm_usd": harm_usd,
        "market_harm_usd_per_task": harm_usd / tasks if tasks else math.nan,
        "honest_clients_harm_usd": harm_usd + liars_usd,
        "market_harm_against_absent_usd": math.nan
        if absent is None
        else attack["realised_usd"] - absent["realised_usd"],
        "honest_sellers_loss_usd": sum_of_known(
            _of(honest, "profit_usd", each) - _of(attack, "profit_usd", each) for each in others
        ),
        "cost_reduction_change": attack.get(COST_REDUCTION, math.nan) - honest.get(COST_REDUCTION, math.nan),
        "success_rate_change": attack.get("success_rate", math.nan) - honest.get("success_rate", math.nan),
    }
    return found | {name: attack[name] for name in AS_PLAYED}


def profits_usd(play: Play) -> float:
    """What all contractors earned together, of those whose own costs are stated."""
    return sum_of_known(play[f"profit_usd[{each}]"] for each in _all(play, "profit_usd"))


def sum_of_known(values: Iterable[float]) -> float:
    """The sum of the values but NaN; NaN where there is none."""
    known = [each for each in values if not math.isnan(each)]
    return sum(known) if known else math.nan


def _all(play: Play, name: str) -> Iterable[str]:
    """Those of whom a figure is told."""
    start = f"{name}["
    return (key[len(start) : -1] for key in play if key.startswith(start))


def _marked(play: Play, name: str) -> Iterable[str]:
    return (each for each in _all(play, name) if play[f"{name}[{each}]"] == 1)


def _of(play: Play, name: str, whose: str) -> float:
    return play.get(f"{name}[{whose}]", 0.0)
