"""Floats become money once, half to even; shares are taken in integers, and what is left over has a home."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coalesce_sim.settlement.units import amount_of, divided, part_of, ratio_of, units_of
from tests.market.trading import contractor, market
from tests.settlement.played import Kept


@given(st.floats(-9e9, 9e9))
def test_an_amount_is_rounded_half_to_even(amount: float) -> None:
    exact = Decimal(amount).scaleb(9)
    assert units_of(amount) == int(exact.quantize(Decimal(1), ROUND_HALF_EVEN))


@pytest.mark.parametrize(("quarters", "units"), [(1, 976_562), (3, 2_929_688), (5, 4_882_812)])
def test_just_between_two_units_the_even_one_is_taken(quarters: int, units: int) -> None:
    """k/1024 USD are k · 976,562.5 units, and a float has them exactly."""
    assert units_of(quarters / 1024) == units
    assert units_of(-quarters / 1024) == -units


@given(st.integers(0, 10**19), st.sampled_from([0.0, 0.029, 0.1, 0.3333, 1 / 3, 0.7, 1.0]))
def test_a_share_is_what_was_written_and_never_too_much(units: int, share: float) -> None:
    part = part_of(units, ratio_of(share))
    exact = Decimal(repr(share)) * units
    assert part <= exact < part + 1


@given(st.integers(-(10**30), 10**30), st.integers(1, 10**12))
def test_a_quotient_is_off_by_half_at_most_and_even_there(above: int, below: int) -> None:
    off = 2 * abs(divided(above, below) * below - above)
    assert off < below or (off == below and divided(above, below) % 2 == 0)


def test_people_read_units_as_an_amount() -> None:
    assert amount_of(1_500_000_000) == 1.5


@pytest.mark.parametrize(
    ("units", "captured"),
    [
        (1, [1]),  # 0.3333 of 1 unit is none
        (3, [3]),  # 0.9999 of one, rounded down
        (7, [5, 2]),  # 2.3331, and what is over goes with the first part
        (10**9, [666_700_000, 333_300_000]),
        (9 * 10**18, [6_000_300_000 * 10**9, 2_999_700_000 * 10**9]),
    ],
)
def test_what_a_holdback_leaves_over_is_paid_first(units: int, captured: list[int]) -> None:
    stated: dict[str, Any] = {"escrow": {"holdback": 0.3333, "until": "verified"}}
    book = Kept(market([0], contractor("a", price_usd=units / 1e9), settlement=stated), "a")
    assert [each.legs for each in book.of("capture", "release")] == [
        {"Escrow:C000 USD": -part, "Contractor:K000 USD": part} for part in captured
    ]
