"""What a study of attacks came to: estimates with intervals, and what the matrix as a family shows."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa

from coalesce_sim.arrays import FloatArray
from coalesce_sim.attacks.asked import Asked
from coalesce_sim.attacks.levers import Even
from coalesce_sim.attacks.varied import Varied
from coalesce_sim.columns import named, nullable, table_of
from coalesce_sim.experiments.attacks.cells import NOBODY, Cell
from coalesce_sim.experiments.attacks.measures import profits_usd
from coalesce_sim.experiments.attacks.playing import Play
from coalesce_sim.experiments.attacks.written import NONE
from coalesce_sim.experiments.cores import ChosenCore
from coalesce_sim.metrics import COST_REDUCTION, in_order, is_share
from coalesce_sim.rounding import differences
from coalesce_sim.statistics.changepoints import Changepoint, changepoint
from coalesce_sim.statistics.contrasts import Contrast, contrasts
from coalesce_sim.statistics.intervals import Estimate, estimate
from coalesce_sim.statistics.medians import median

TESTED = (
    "attack_gain_usd",
    "attack_gain_per_identity_usd",
    "direct_harm_usd",
    "market_harm_usd",
    "market_harm_usd_per_task",
    "honest_clients_harm_usd",
    "market_harm_against_absent_usd",
    "honest_sellers_loss_usd",
    "cost_reduction_change",
    "success_rate_change",
)
"""Metrics of an attack that are tested against 0, each over all cells as one family (Holm)."""

CENSORED = ("detection_time_s", "jobs_to_detection")
"""Of these a value may be infinite: told are medians over the replications."""

DRAWN = ("attack_gain_usd", "market_harm_usd")
"""What figures show, and what is told of curves."""

DEFENCE_COST = "defence_cost_points"
SELLERS_COST = "defence_cost_sellers_usd"

REMOVED = "gain_removed_usd"

Place = tuple[str, str, str]
"""Policy, attack and defence."""


@dataclass(frozen=True)
class Outcome:
    """What a cell came to, by replication: its metrics, and the play of the honest twin."""

    cell: Cell
    rows: Sequence[Mapping[str, float]]
    honest: Sequence[Play]

    @property
    def place(self) -> Place:
        """Where it stands."""
        return self.cell.policy, self.cell.attack, self.cell.defence

    def values(self, metric: str) -> FloatArray:
        """One value a replication, NaN where there is none."""
        return np.array([row.get(metric, math.nan) for row in self.rows])

    def in_honest_twin(self, metric: str) -> FloatArray:
        """The same of a metric of the honest twin."""
        return np.array([row.get(metric, math.nan) for row in self.honest])

    @cached_property
    def estimates(self) -> dict[str, Estimate]:
        """Every metric's mean, or median of those that may be censored, with its 95 % interval."""
        return {name: of_metric(name, self.values(name)) for name in in_order(self.rows[0])}


def _bend(along: Sequence[Outcome], metric: str) -> Changepoint | None:
    """Where a metric changes its slope; replications without it left out."""
    levels = np.array([each.cell.level for each in along], dtype=np.float64)
    rows = np.stack([each.values(metric) for each in along], axis=1)
    return changepoint(levels, rows[~np.isnan(rows).any(axis=1)])


def of_metric(name: str, values: FloatArray) -> Estimate:
    """The estimate of a metric of attacks from its values by replication."""
    if name in CENSORED:
        return median(values)
    return estimate(values.tolist(), share=is_share(name))


@dataclass(repr=False)
class AttackStudy:
    """What attacks came to under each policy and defence; everything is derived from what was played.

    `outcomes` are by policy, defence and attack; in the first of each defence nobody cheats. `played` says
    how many plays were made for it, `tasks` of how many tasks: what was kept of others is not among them.
    `evens` are the break-even levels that were asked for.

    >>> import coalesce_sim
    >>> scenario = coalesce_sim.load("market_viable", ["workload.arrivals.limit=30"])
    >>> study = coalesce_sim.attack(scenario, ["cartel(who.share=1)"], ["platform_fee=1"], replications=2)
    >>> left = study.at["topsis", "cartel(who.share=1)", "platform_fee=1"]
    >>> abs(left.estimates["attack_gain_usd"].mean) < 0.01  # the market keeps all that they are paid
    True
    """

    asked: Asked
    seed: int
    replications: int
    outcomes: Sequence[Outcome]
    core: ChosenCore
    played: int
    tasks: int
    evens: Sequence[Even] = ()

    def __repr__(self) -> str:
        name, cells = self.asked.scenario.name, len(self.of_attacks)
        return f"AttackStudy({name!r}, {cells} cells, seed={self.seed}, replications={self.replications})"

    @cached_property
    def at(self) -> dict[Place, Outcome]:
        """Outcomes by policy, attack and defence."""
        return {each.place: each for each in self.matrix}

    @cached_property
    def of_attacks(self) -> list[Outcome]:
        """The cells of the matrix in which somebody cheats."""
        return [each for each in self.matrix if each.cell.attack != NOBODY]

    @property
    def matrix(self) -> list[Outcome]:
        """All cells but those at levels of what is varied."""
        return [each for each in self.outcomes if each.cell.level is None]

    @cached_property
    def contrasts(self) -> dict[str, dict[Place, Contrast]]:
        """Each metric of `TESTED`, cell by cell, tested against 0 as one family."""
        return {name: self._family([each.values(name) for each in self.of_attacks]) for name in TESTED}

    @cached_property
    def removed(self) -> dict[Place, Contrast]:
        """How much less an attack gains under a defence than without, paired; one family."""
        places = [each.place for each in self.of_attacks if each.cell.defence != NONE]
        gains = {each.place: each.values("attack_gain_usd") for each in self.of_attacks}
        found = contrasts([differences(gains[p, a, NONE], gains[p, a, d]) for p, a, d in places])
        return dict(zip(places, found, strict=True))

    @cached_property
    def defence_costs(self) -> dict[tuple[str, str], Contrast]:
        """By policy and defence: how many points of cost reduction less where nobody cheats; one family."""
        return self._taken(lambda play: play.get(COST_REDUCTION, math.nan))

    @cached_property
    def sellers_costs(self) -> dict[tuple[str, str], Contrast]:
        """By policy and defence: how much less contractors earn in all where nobody cheats; one family."""
        return self._taken(profits_usd)

    def _taken(self, of: Callable[[Play], float]) -> dict[tuple[str, str], Contrast]:
        """What each defence takes from a figure of the market in which nobody cheats."""
        places = [(p, d.label) for p in self.asked.policies for d in self.asked.defences if d.label != NONE]

        def values(policy: str, defence: str) -> FloatArray:
            return np.array([of(play) for play in self.at[policy, NOBODY, defence].honest])

        found = contrasts([differences(values(p, NONE), values(p, d)) for p, d in places])
        return dict(zip(places, found, strict=True))

    def _family(self, samples: Sequence[FloatArray]) -> dict[Place, Contrast]:
        places = [each.place for each in self.of_attacks]
        return dict(zip(places, contrasts(samples), strict=True))

    @cached_property
    def curves(self) -> dict[Place, list[Outcome]]:
        """What each attack came to at the levels of what is varied, which rise."""
        found: dict[Place, list[Outcome]] = {}
        for each in self.outcomes:
            if each.cell.level is not None:
                found.setdefault(each.place, []).append(each)
        return found

    @cached_property
    def bends(self) -> dict[tuple[Place, str], Changepoint | None]:
        """Where gain and harm change their slope over what is varied, where that is shown."""
        return {(place, name): _bend(each, name) for place, each in self.curves.items() for name in DRAWN}

    def runs_table(self) -> pa.Table:
        """One row a cell and replication, with all metrics; null for those that are undefined.

        `level` is that of the field that is varied, null in the matrix.
        """
        cells, count = [each for each in self.outcomes if each.cell.attack != NOBODY], self.replications
        names = list(cells[0].estimates)
        keys = zip(*(each.place for each in cells), strict=True)
        levels = [math.nan if each.cell.level is None else each.cell.level for each in cells]
        return table_of(
            {
                **{
                    name: named(np.repeat(np.arange(len(cells)), count), labels)
                    for name, labels in zip(("policy", "attack", "defence"), keys, strict=True)
                },
                **({} if self.asked.varied is None else {"level": nullable(np.repeat(levels, count))}),
                "replication": np.tile(np.arange(count, dtype=np.int32), len(cells)),
                **{name: nullable(np.concatenate([each.values(name) for each in cells])) for name in names},
            }
        )

    def matrix_csv(self) -> str:
        """One row a cell: the mean of each metric with the ends of its 95 % interval, and of those that are
        tested the p-value adjusted for the matrix."""
        import pandas as pd

        rows = []
        for each in self.of_attacks:
            row: dict[str, Any] = dict(zip(("policy", "attack", "defence"), each.place, strict=True))
            for name, value in each.estimates.items():
                low, high = (None, None) if value.ci95 is None else value.ci95
                row |= {name: value.mean, f"{name}_low": low, f"{name}_high": high}
                if name in TESTED:
                    row[f"{name}_p_holm"] = self.contrasts[name][each.place].p_holm
            rows.append(row)
        return str(pd.DataFrame(rows).to_csv(index=False, lineterminator="\n"))

    @property
    def summary(self) -> dict[str, Any]:
        """Everything but single plays, as in ``--json``."""
        return {
            "scenario": self.asked.scenario.name,
            "seed": self.seed,
            "replications": self.replications,
            "core": self.core.as_dict(),
            "defences": {each.label: list(each.sets) for each in self.asked.defences},
            "policies": {policy: self._of_policy(policy) for policy in self.asked.policies},
            **({} if self.asked.varied is None else {"varied": self._varied(self.asked.varied)}),
            **({"break_even": [each.as_dict() for each in self.evens]} if self.evens else {}),
        }

    def _varied(self, varied: Varied) -> dict[str, Any]:
        """The curves over what is varied."""
        curves = [
            {
                **dict(zip(("policy", "attack", "defence"), place, strict=True)),
                "metrics": {
                    name: [each.estimates[name].as_dict() for each in along] for name in along[0].estimates
                },
                "changepoints": {
                    name: None if (bend := self.bends[place, name]) is None else bend.as_dict()
                    for name in DRAWN
                },
            }
            for place, along in self.curves.items()
        ]
        return {"field": varied.path, "levels": list(varied.levels), "curves": curves}

    def _of_policy(self, policy: str) -> dict[str, Any]:
        attacks, labels = self.asked.attacks, [each.label for each in self.asked.defences]
        return {
            "nobody_cheats": {label: self._honest(policy, label) for label in labels},
            "attacks": {
                attack.label: {label: self._cell((policy, attack.label, label)) for label in labels}
                for attack in attacks
            },
        }

    def _honest(self, policy: str, defence: str) -> dict[str, Any]:
        """The market in which nobody cheats."""
        outcome = self.at[policy, NOBODY, defence]
        costs = {DEFENCE_COST: self.defence_costs, SELLERS_COST: self.sellers_costs}
        metrics = {
            name: estimate(outcome.in_honest_twin(name).tolist(), share=is_share(name)).as_dict()
            for name in (COST_REDUCTION, "success_rate", "false_alarms")
        }
        taken = {name: each[policy, defence] for name, each in costs.items() if defence != NONE}
        return metrics | {name: each.as_dict() for name, each in taken.items()}

    def _cell(self, place: Place) -> dict[str, Any]:
        tested = {name: each[place] for name, each in self.contrasts.items()}
        return {
            name: tested[name].as_dict() if name in tested else value.as_dict()
            for name, value in self.at[place].estimates.items()
        } | ({REMOVED: self.removed[place].as_dict()} if place in self.removed else {})
