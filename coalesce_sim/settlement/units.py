"""Amounts of money as integers of 10⁻⁹ of a currency: in some markets the median contract is 0.000032 USD."""

from __future__ import annotations

from decimal import Decimal
from typing import Final, NamedTuple

DECIMALS: Final = 9
ONE: Final[int] = 10**DECIMALS
"""Units of one of a currency."""


class Ratio(NamedTuple):
    """A share as it was written, exactly: 0.029 is 29 / 1000."""

    above: int
    below: int


def ratio_of(share: float) -> Ratio:
    """The decimal fraction that a float was written as, the shortest that reads as the same float."""
    return Ratio(*Decimal(repr(float(share))).as_integer_ratio())


def divided(above: int, below: int) -> int:
    """The quotient, half to even; `below` is positive."""
    whole, rest = divmod(above, below)
    return whole + (2 * rest > below or (2 * rest == below and whole % 2 == 1))


def units_of(amount: float) -> int:
    """An amount of a currency in units, half to even: the one place where floats become money."""
    above, below = amount.as_integer_ratio()
    return divided(above * ONE, below)


def part_of(units: int, share: Ratio) -> int:
    """A share of an amount that is not negative, rounded down: the remainder stays where the rest stays."""
    return units * share.above // share.below


def amount_of(units: int) -> float:
    """Units as an amount of the currency, for figures that people read."""
    return units / ONE
