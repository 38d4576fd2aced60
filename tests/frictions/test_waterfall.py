"""Bars from gross to net, in units: they add up, in whichever order the two largest are taken."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from coalesce_sim.frictions.waterfall import Pair, bars_of, largest_two, saved_units


def saved(*rows: tuple[set[int], int]) -> dict[frozenset[int], tuple[int, ...]]:
    return {frozenset(on): (units,) for on, units in rows}


def test_bars_are_what_is_lost_step_by_step():
    found = bars_of(saved((set(), 100), ({0}, 70), ({0, 1}, 75)), ["escrow", "pay"], ["friction"] * 2, None)
    assert [(bar.label, bar.units) for bar in found] == [("escrow", (30,)), ("pay", (-5,))]


def test_the_two_largest_are_taken_in_both_orders_and_what_they_do_together_is_a_bar():
    # A fixed fee takes 90 of each contract paid by itself; netting costs 1, and makes that 10.
    played = saved((set(), 100), ({0}, 10), ({0, 1}, 8), ({0, 1, 2}, 87), ({2}, 99), ({0, 2}, 89))
    pair = largest_two(played, 3)
    assert pair == Pair(0, 2)
    assert pair.turned == (frozenset({2}), frozenset({0, 2}))
    fee, tax, netting, together = bars_of(played, ["fee", "tax", "netting"], ["friction"] * 3, pair)
    assert (fee.units, fee.before_other, fee.after_other) == ((90,), (90,), (10,))
    assert (netting.units, netting.before_other, netting.after_other) == ((1,), (1,), (-79,))
    assert (tax.units, tax.before_other, tax.after_other) == ((2,), None, None)
    assert (together.label, together.kind, together.units) == ("fee × netting", "interaction", (-80,))


def test_one_friction_has_no_other_to_be_turned_round_with():
    assert largest_two(saved((set(), 3), ({0}, 1)), 1) is None


def test_frictions_and_costs_become_units_each_by_itself_half_to_even():
    play = {"all_local_usd": 1.0, "realised_usd": 0.25, "frictions_usd": 0.5}
    assert saved_units(play) == 250_000_000
    half = {"all_local_usd": 1 / 1024, "realised_usd": 0.0, "frictions_usd": 3 / 1024}
    assert saved_units(half) == 976_562 - 2_929_688  # of 976,562.5 and 2,929,687.5 units


@settings(max_examples=40)
@given(st.data())
def test_net_is_gross_less_all_bars_to_the_unit(data: st.DataObject):
    steps, runs = data.draw(st.integers(1, 6)), data.draw(st.integers(1, 3))
    amounts = st.tuples(*[st.integers(-(10**18), 10**18)] * runs)
    chain = [frozenset(range(count)) for count in range(steps + 1)]
    played = {on: data.draw(amounts) for on in chain}
    pair = largest_two(played, steps)
    for on in () if pair is None else pair.turned:
        played.setdefault(on, data.draw(amounts))
    bars = bars_of(played, [str(place) for place in range(steps)], ["friction"] * steps, pair)
    for run in range(runs):
        assert played[chain[0]][run] - sum(bar.units[run] for bar in bars) == played[chain[-1]][run]
    assert len(bars) == steps + (steps > 1)
