"""What groups of clients may still commit today, compiled, in the words of `market.contracts.budgets`."""

from __future__ import annotations

from typing import Final

from coalesce_sim.market.compiled.building import part
from coalesce_sim.market.compiled.market_tables import Purse, Rules

_DAY_S: Final = 86_400.0


@part
def left_usd(purse: Purse, now_s: float, rules: Rules) -> float:
    """`Budgets.left_usd`."""
    if purse.day != _day_of(now_s, rules):
        return purse.budget_usd
    return max(0.0, purse.budget_usd - purse.committed_usd)


@part
def commit(purse: Purse, usd: float, now_s: float, rules: Rules) -> None:
    """`Budgets.commit`."""
    day = _day_of(now_s, rules)
    if purse.day != day:
        purse.day, purse.committed_usd = day, 0.0
    purse.committed_usd += usd


@part
def give_back(purse: Purse, usd: float, made_s: float, now_s: float, rules: Rules) -> None:
    """`Budgets.give_back`."""
    day = _day_of(now_s, rules)
    if usd > 0 and purse.day == day and _day_of(made_s, rules) == day:
        purse.committed_usd -= usd


@part
def _day_of(at_s: float, rules: Rules) -> int:
    return int((rules.after_midnight_s + at_s) // _DAY_S)
