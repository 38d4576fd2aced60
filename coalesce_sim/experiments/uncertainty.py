"""Twins of replications: how much of what comes out is luck, and how much hangs on inputs and on the log.

A twin has the luck of its replication and, of the inputs or of the log, another draw. What the two differ by
is what that source has to do with a figure, whatever the figure is (`statistics.components`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from coalesce_sim.arrays import FloatArray
from coalesce_sim.inputs.uncertain import drawn
from coalesce_sim.scenario.schema import Scenario
from coalesce_sim.statistics.components import Source

MOST_PAIRS: Final = 10
"""So many replications, the first, get a twin for each source."""

_OTHERS: Final = 1_000_000
"""Numbers from here on are those of no replication: what twins draw is met by nobody else."""

Figures = Mapping[str, float]
"""Figures of one play, by name."""


def sources_of(scenario: Scenario) -> tuple[Source, ...]:
    """What is uncertain of a scenario: its log, its inputs, both or neither."""
    rules = scenario.uncertainty
    if rules is None:
        return ()
    there: dict[Source, bool] = {"log": rules.log is not None, "inputs": bool(rules.inputs or rules.sample)}
    return tuple(source for source, uncertain in there.items() if uncertain)


def twin(scenario: Scenario, seed: int, replication: int, source: Source) -> Scenario:
    """The market that the twin of a replication is, to be played on the seed and number of the replication.

    Raises `ScenarioError` where a number is drawn that cannot be.
    """
    if source == "inputs":
        return drawn(scenario, seed, replication, inputs=_OTHERS + replication)
    return drawn(scenario, seed, replication, log=_OTHERS + replication)


@dataclass(frozen=True, slots=True)
class Twins:
    """What twins of the first replications came to, by source; none where nothing is uncertain."""

    figures: Mapping[Source, Sequence[Figures]] = field(default_factory=dict)

    @classmethod
    def played(
        cls,
        scenario: Scenario,
        seed: int,
        replications: int,
        play: Callable[[list[tuple[Scenario, int, int]]], Iterable[Figures]],
    ) -> Twins:
        """The twins of so many replications; `play` gives figures of markets, each with seed and number."""
        count, sources = min(replications, MOST_PAIRS), sources_of(scenario)
        plays = [(source, number) for source in sources for number in range(count)]
        if not plays or replications < 2:
            return cls()
        markets = [(twin(scenario, seed, number, source), seed, number) for source, number in plays]
        figures = list(play(markets))
        return cls({s: figures[place * count : (place + 1) * count] for place, s in enumerate(sources)})

    def of(self, name: str) -> dict[Source, FloatArray]:
        """A figure of the twins, as `estimate` takes it; NaN where it is undefined."""
        return {
            source: np.array([each.get(name, math.nan) for each in figures])
            for source, figures in self.figures.items()
        }


NO_TWINS: Final = Twins()
