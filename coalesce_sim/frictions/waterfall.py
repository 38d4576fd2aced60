"""From what was saved with more and more frictions to bars that add up to the unit, a replication at a time.

A unit is 10⁻⁹ USD. Nothing in here is rounded but what comes in, once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from coalesce_sim.frictions.switching import On
from coalesce_sim.settlement.units import units_of

Units = tuple[int, ...]
"""An amount a replication."""


@dataclass(frozen=True, slots=True)
class Bar:
    """What a friction takes from what is saved, in the order in which it was switched on.

    Of the two largest, `before_other` and `after_other` are what each takes before and after the other one is
    on, `units` the first of these; None of the rest.
    """

    label: str
    kind: Literal["friction", "rule", "interaction"]
    units: Units
    before_other: Units | None = None
    after_other: Units | None = None


@dataclass(frozen=True, slots=True)
class Pair:
    """The two bars whose order was turned round, by their places; the first comes first in the order."""

    first: int
    second: int

    @property
    def turned(self) -> tuple[On, On]:
        """What is to be played besides: the second where the first stood, and then both."""
        before = frozenset(range(self.first))
        return before | {self.second}, before | {self.first, self.second}


def saved_units(play: Mapping[str, float]) -> int:
    """What a replication saved against all-local, in units, what payment cost taken off."""
    return units_of(play["all_local_usd"] - play["realised_usd"]) - units_of(play["frictions_usd"])


def largest_two(saved: Mapping[On, Units], steps: int) -> Pair | None:
    """The two bars that are largest over all replications, as frictions come one after another."""
    if steps < 2:
        return None
    sizes = [abs(sum(_taken(saved, _first(place), _first(place + 1)))) for place in range(steps)]
    first, second = sorted(sorted(range(steps), key=lambda place: -sizes[place])[:2])
    return Pair(first, second)


def bars_of(
    saved: Mapping[On, Units],
    labels: Sequence[str],
    kinds: Sequence[Literal["friction", "rule"]],
    pair: Pair | None,
) -> list[Bar]:
    """A bar a friction and, of the two whose order was turned round, what they do together.

    What is saved without any less all the bars is what is saved with all of them, to the unit.
    """
    bars = [
        Bar(label, kind, _taken(saved, _first(place), _first(place + 1)))
        for place, (label, kind) in enumerate(zip(labels, kinds, strict=True))
    ]
    if pair is not None:
        first, second = bars[pair.first], bars[pair.second]
        alone, both = pair.turned
        early = _taken(saved, _first(pair.first), alone)
        bars[pair.first] = Bar(first.label, first.kind, first.units, first.units, _taken(saved, alone, both))
        bars[pair.second] = Bar(second.label, second.kind, early, early, second.units)
        together = _less(second.units, early)
        bars.append(Bar(f"{first.label} × {second.label}", "interaction", together))
    net = saved[_first(0)]
    for bar in bars:
        net = _less(net, bar.units)
    assert net == saved[_first(len(labels))], "the bars do not add up to what payment costs"
    return bars


def _first(count: int) -> On:
    """The first so many steps."""
    return frozenset(range(count))


def _taken(saved: Mapping[On, Units], without: On, with_it: On) -> Units:
    return _less(saved[without], saved[with_it])


def _less(one: Units, other: Units) -> Units:
    return tuple(a - b for a, b in zip(one, other, strict=True))
