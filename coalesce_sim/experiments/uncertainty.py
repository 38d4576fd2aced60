"""Twins of replications: how much of what comes out is luck, and how much hangs on inputs and on the log.

A twin shares all with its replication but one thing that is drawn anew: its luck, its log or its inputs. From
what the two differ by follows what that has to do with a figure, whatever the figure is
(`statistics.components`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import numpy as np

from coalesce_sim.arrays import FloatArray
from coalesce_sim.inputs.uncertain import TWINS, drawn
from coalesce_sim.scenario.schema import Scenario
from coalesce_sim.statistics.components import Source

_LEAST_PAIRS: Final = 10
_OF_REPLICATIONS: Final = 4

_MOST_PAIRS: Final = 250
_MOST_CHECKED: Final = 1_000
"""So many replications are looked at before any is played."""

AVERAGED: Final = (
    "something is uncertain (uncertainty), and each replication draws it anew; intervals here are of means "
    "over the draws, which more replications narrow, though not what is uncertain: run and compare tell that"
)
"""What commands say whose intervals do not cover what is uncertain besides luck."""

Figures = Mapping[str, float]
"""Figures of one play, by name."""


class Market(NamedTuple):
    """A market to be played: of which nothing is uncertain, its seed, and the number of its luck."""

    scenario: Scenario
    seed: int
    replication: int


def sources_of(scenario: Scenario) -> tuple[Source, ...]:
    """What is drawn of a scenario in each replication: luck, and its log and its inputs as far as they are
    uncertain; nothing where only luck is."""
    rules = scenario.uncertainty
    if rules is None:
        return ()
    there: dict[Source, bool] = {"log": rules.log is not None, "inputs": bool(rules.inputs or rules.sample)}
    uncertain: list[Source] = [source for source, is_there in there.items() if is_there]
    return ("luck", *uncertain) if uncertain else ()


def pairs_of(replications: int) -> int:
    """How many replications, the first, get a twin for each source: a quarter of them, ten at least."""
    quarter = min(_MOST_PAIRS, max(_LEAST_PAIRS, replications // _OF_REPLICATIONS))
    return 0 if replications < 2 else min(replications, quarter)


def twin(scenario: Scenario, seed: int, replication: int, source: Source) -> Market:
    """The twin of a replication that draws one thing anew.

    Raises `ScenarioError` where a number is drawn that cannot be.
    """
    other = TWINS + replication
    match source:
        case "luck":
            return Market(drawn(scenario, seed, replication), seed, other)
        case "log":
            return Market(drawn(scenario, seed, replication, log=other), seed, replication)
        case "inputs":
            return Market(drawn(scenario, seed, replication, inputs=other), seed, replication)


def twins_of(scenario: Scenario, seed: int, replications: int) -> list[Market]:
    """All twins of so many replications, source by source; none where only luck is uncertain."""
    count = range(pairs_of(replications))
    return [twin(scenario, seed, number, source) for source in sources_of(scenario) for number in count]


def check_draws(scenario: Scenario, seed: int, replications: int) -> None:
    """Raises `ScenarioError`, before anything is played, where one of the first thousand replications, or a
    twin, draws a number that cannot be."""
    if sources_of(scenario):
        for number in range(min(replications, _MOST_CHECKED)):
            drawn(scenario, seed, number)
        twins_of(scenario, seed, replications)


@dataclass(frozen=True, slots=True)
class Twins:
    """What twins of the first replications came to, by source; none where only luck is uncertain."""

    figures: Mapping[Source, Sequence[Figures]] = field(default_factory=dict)

    @classmethod
    def played(
        cls,
        scenario: Scenario,
        seed: int,
        replications: int,
        play: Callable[[list[Market]], Iterable[Figures]],
    ) -> Twins:
        """The twins of so many replications; `play` gives the figures of markets, in their order."""
        markets = twins_of(scenario, seed, replications)
        if not markets:
            return cls()
        figures, sources = list(play(markets)), sources_of(scenario)
        count = len(markets) // len(sources)
        return cls({source: figures[k * count : (k + 1) * count] for k, source in enumerate(sources)})

    def of(self, name: str) -> dict[Source, FloatArray]:
        """A figure of the twins, as `estimate` takes it; NaN where it is undefined."""
        return {
            source: np.array([each.get(name, math.nan) for each in figures])
            for source, figures in self.figures.items()
        }


NO_TWINS: Final = Twins()
