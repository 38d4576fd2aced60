"""What is left of savings when payment is real: frictions and rules switched on one after another."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
import pyarrow as pa

from coalesce_sim.columns import numbers
from coalesce_sim.experiments.parallel import refuse_unguarded_script
from coalesce_sim.experiments.replication import TableName, Wanted, play
from coalesce_sim.frictions.results import FrictionStudy, Play
from coalesce_sim.frictions.switching import On, Step, steps_of, switched
from coalesce_sim.frictions.waterfall import largest_two, saved_units
from coalesce_sim.scenario.schema import Scenario
from coalesce_sim.sweeps.plays import Plays

Tell = Callable[[float], None]

_CHAIN = 0.9
"""The share of the work, about, that comes before it is known which two bars are largest."""


class Player(Protocol):
    """What plays markets on the same random numbers, such as `Plays`; `seed` is what they follow from."""

    seed: int
    played: int
    tasks: int

    def play(
        self, markets: Sequence[Scenario], replications: int, progress: Tell = ...
    ) -> Sequence[Sequence[Play]]: ...


def analyse_frictions(
    scenario: Scenario,
    *,
    seed: int | None = None,
    replications: int | None = None,
    jobs: int = 1,
    progress: Tell = lambda _: None,
) -> FrictionStudy:
    """Switch what `settlement` and `compliance` state on one after another, on the same random numbers.

    A bar is what a friction or rule takes from what is saved against all-local, in the order escrow, fees,
    pay, fx, disputes, charge-backs, failures, funds, and then the rules. The two largest bars are played in
    the reverse order too: what they do together is a bar of its own. Each rule is priced once more by leaving
    it out.
    `seed` and `replications` default to the scenario's; `progress` is told the share that is done.

    Raises `ScenarioError` where neither section states anything, before anything runs.

    >>> import coalesce_sim
    >>> fee = "settlement={fee: [{kind: card, fixed_usd: 0.3}]}"
    >>> scenario = coalesce_sim.load("market_viable", ["workload.arrivals.limit=10", fee])
    >>> study = coalesce_sim.analyse_frictions(scenario, replications=2)
    >>> study
    FrictionStudy('market_viable', 1 step, seed=1, replications=2)
    >>> study.waterfall["bar"].tolist()
    ['gross', 'fee: card', 'net']
    """
    if not isinstance(scenario, Scenario):
        raise TypeError(f"scenario: must be what coalesce_sim.load() gives (got {scenario!r})")
    count = scenario.replications if replications is None else replications
    if count < 1 or jobs < 1:
        raise ValueError(f"replications and jobs must be >= 1 (got {count}, {jobs})")
    refuse_unguarded_script()
    steps = steps_of(scenario)
    with Plays(None, seed=scenario.seed if seed is None else seed, jobs=jobs) as plays:
        return perform(scenario, steps, plays, count, progress)


def perform(
    scenario: Scenario,
    steps: Sequence[Step],
    player: Player,
    replications: int,
    progress: Tell = lambda _: None,
) -> FrictionStudy:
    """Play the steps one after another, each rule left out, and the two largest the other way round."""
    every = frozenset(range(len(steps)))
    chain = [frozenset(range(count)) for count in range(len(steps) + 1)]
    left_out = [every - {place} for place, each in enumerate(steps) if each.kind == "rule"]

    def played(wanted: Sequence[On], tell: Tell) -> dict[On, Sequence[Play]]:
        wanted = list(dict.fromkeys(wanted))
        markets = [switched(scenario, steps, on) for on in wanted]
        return dict(zip(wanted, player.play(markets, replications, tell), strict=True))

    plays = played([*chain, *left_out], lambda done: progress(_CHAIN * done))
    pair = largest_two({on: tuple(map(saved_units, each)) for on, each in plays.items()}, len(steps))
    if pair is not None:
        turned = [on for on in pair.turned if on not in plays]
        plays |= played(turned, lambda done: progress(_CHAIN + (1 - _CHAIN) * done)) if turned else {}
    price_usd = median_price_usd(switched(scenario, steps, ()), player.seed)
    progress(1.0)
    return FrictionStudy(
        scenario, player.seed, replications, steps, plays, pair, price_usd, player.played, player.tasks
    )


def median_price_usd(market: Scenario, seed: int) -> float | None:
    """The median price that contracts of the first replication were agreed on; None where there was none."""
    agreed_usd: list[float] = []

    def keep(name: TableName, table: pa.Table) -> None:
        if name == "contracts":
            agreed_usd.extend(numbers(table, "agreed_usd").tolist())

    play(market, seed, 0, keep, Wanted(experience=True))
    return float(np.median(agreed_usd)) if agreed_usd else None
