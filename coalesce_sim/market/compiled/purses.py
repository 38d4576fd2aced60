"""What groups of clients may still commit today, compiled, in the words of `market.contracts.budgets`."""

from __future__ import annotations

from typing import Final

from coalesce_sim.market.compiled.building import part
from coalesce_sim.market.compiled.market_tables import Purse, Rules
from coalesce_sim.market.compiled.topsis import exceeds

_DAY_S: Final = 86_400.0


@part
def left_usd(purse: Purse, now_s: float, rules: Rules) -> float:
    """`Budgets.left_usd`."""
    if purse.day != _day_of(now_s, rules):
        return purse.budget_usd
    left = purse.budget_usd - purse.committed_usd
    return left if exceeds(purse.committed_usd, purse.budget_usd) else max(0.0, left)


@part
def commit(purse: Purse, usd: float, now_s: float, rules: Rules) -> None:
    """`Budgets.commit`."""
    day = _day_of(now_s, rules)
    if purse.day != day:
        purse.day, purse.committed_usd = day, 0.0
    purse.committed_usd += usd


@part
def settle(purse: Purse, more_usd: float, made_s: float, now_s: float, rules: Rules) -> None:
    """`Budgets.settle`."""
    if more_usd > 0 or _day_of(made_s, rules) == _day_of(now_s, rules):
        commit(purse, more_usd, now_s, rules)


@part
def _day_of(at_s: float, rules: Rules) -> int:
    return int((rules.after_midnight_s + at_s) // _DAY_S)
