"""Prices by bargaining and by load."""

from __future__ import annotations

import numpy as np
import pytest

from coalesce_sim.economics.bargaining import bargained_price_usd
from coalesce_sim.economics.pricing import load_price_usd


def price_of(weight: float, contractor: float, internal: float, surcharges: float) -> float:
    price_usd = bargained_price_usd(
        np.array([contractor]), np.array([internal]), np.array([surcharges]), client_weight=weight
    )
    return float(price_usd[0])


def test_equal_weights_split_what_hiring_saves_in_half() -> None:
    price = price_of(0.5, contractor=4, internal=20, surcharges=6)
    assert price == 9
    assert 20 - 6 - price == price - 4


def test_who_has_all_the_weight_keeps_all_that_is_saved() -> None:
    assert price_of(1, contractor=4, internal=20, surcharges=6) == 4
    assert price_of(0, contractor=4, internal=20, surcharges=6) == 14


@pytest.mark.parametrize("weight", [0.1, 0.3, 0.5, 0.8])
def test_the_price_maximises_the_nash_product(weight: float) -> None:
    prices = np.linspace(4, 14, 10_001)
    product = (20 - 6 - prices) ** weight * (prices - 4) ** (1 - weight)
    assert price_of(weight, 4, 20, 6) == pytest.approx(prices[product.argmax()], abs=0.001)


def test_there_is_no_price_where_hiring_saves_nothing() -> None:
    assert price_of(0.5, contractor=15, internal=20, surcharges=6) == np.inf
    assert price_of(0.5, contractor=14, internal=20, surcharges=6) == 14


def test_tasks_bargain_with_every_contractor() -> None:
    price = bargained_price_usd(
        np.array([2.0, 8]), np.array([[10.0], [6]]), np.array([[0.0, 1]]), client_weight=0.5
    )
    assert price.tolist() == [[6, 8.5], [4, np.inf]]


def test_a_price_rises_with_the_jobs_per_slot_up_to_the_highest_load() -> None:
    jobs, slots = np.array([0.0, 2, 4, 8, 9]), np.array([4.0, 4, 4, 4, 4])
    price = load_price_usd(np.array([10.0]), jobs, slots, slope=0.5, max_load=2)
    assert price.tolist() == [10, 12.5, 15, 20, 20]


def test_unlimited_capacity_has_no_load_and_none_at_all_the_highest() -> None:
    jobs, slots = np.array([7.0, 7, 0]), np.array([np.inf, 0, 0])
    price = load_price_usd(np.array([[10.0, 10, 10]]), jobs, slots, slope=0.5, max_load=2)
    assert price.tolist() == [[10, 20, 20]]
