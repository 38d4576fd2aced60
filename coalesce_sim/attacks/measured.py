"""What cells came to, from the plays of their markets."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from coalesce_sim.attacks.results import Outcome
from coalesce_sim.experiments.attacks.cells import Cell
from coalesce_sim.experiments.attacks.measures import measures
from coalesce_sim.sweeps.plays import Plays

Tell = Callable[[float], None]


def outcomes(
    plays: Plays, cells: Sequence[Cell], replications: int, progress: Tell = lambda _: None
) -> list[Outcome]:
    """What a list of cells came to, replication by replication; markets that cells share are played once."""
    markets = [market for cell in cells for market in cell.markets]
    played = iter(plays.play(markets, replications, progress))
    found = []
    for cell in cells:
        by_market = [next(played) for _ in cell.markets]
        rows = [measures(*each) for each in zip(*by_market, strict=True)]
        found.append(Outcome(cell, rows, by_market[1]))
    return found
