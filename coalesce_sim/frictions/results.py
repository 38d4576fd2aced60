"""What a study of frictions came to: bars with intervals, the price of each rule, and who bears what."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from coalesce_sim.arrays import FloatArray
from coalesce_sim.columns import named, nullable, table_of
from coalesce_sim.frictions.bearing import PARTIES, borne
from coalesce_sim.frictions.switching import On, Step, switched
from coalesce_sim.frictions.waterfall import Bar, Pair, Units, bars_of, saved_units
from coalesce_sim.metrics import in_order
from coalesce_sim.metrics.of_settlement import COST_REDUCTION_NET
from coalesce_sim.numbers import plural
from coalesce_sim.rounding import differences
from coalesce_sim.scenario.schema import Scenario
from coalesce_sim.settlement.units import ONE
from coalesce_sim.statistics.contrasts import Contrast, contrasts
from coalesce_sim.statistics.intervals import Estimate, estimate

if TYPE_CHECKING:
    import pandas as pd

COST_POINTS = "compliance_cost_points"

GROSS, NET = "gross", "net"
ALL_RULES = "all rules"

Play = Mapping[str, float]


@dataclass(repr=False)
class FrictionStudy:
    """What is left of savings when payment is real; everything is derived from what was played.

    `plays` are the replications of the market with some of the `steps` on, by those; `pair` are the two whose
    order was turned round. `price_usd` is the median price of a contract without any friction, None where
    there was none.

    >>> import coalesce_sim
    >>> fee = "settlement={fee: [{kind: platform, share: 0.02}]}"
    >>> scenario = coalesce_sim.load("market_viable", ["workload.arrivals.limit=10", fee])
    >>> study = coalesce_sim.analyse_frictions(scenario, replications=2)
    >>> taken = study.waterfall.set_index("bar")["usd_per_task"]
    >>> bool(abs(taken["gross"] - taken["fee: platform"] - taken["net"]) < 1e-9)
    True
    """

    scenario: Scenario
    seed: int
    replications: int
    steps: Sequence[Step]
    plays: Mapping[On, Sequence[Play]]
    pair: Pair | None
    price_usd: float | None
    played: int = 0
    tasks: int = 0

    def __repr__(self) -> str:
        name, steps = self.scenario.name, plural(len(self.steps), "step")
        return f"FrictionStudy({name!r}, {steps}, seed={self.seed}, replications={self.replications})"

    @cached_property
    def saved(self) -> dict[On, Units]:
        """What was saved with some steps on, in units of 10⁻⁹ USD, by replication."""
        return {on: tuple(map(saved_units, plays)) for on, plays in self.plays.items()}

    @property
    def without(self) -> On:
        """No step."""
        return frozenset()

    @property
    def with_all(self) -> On:
        """All steps."""
        return frozenset(range(len(self.steps)))

    @cached_property
    def bars(self) -> list[Bar]:
        """A bar a friction or rule, and what the two largest do together."""
        labels, kinds = [each.label for each in self.steps], [each.kind for each in self.steps]
        return bars_of(self.saved, labels, kinds, self.pair)

    @cached_property
    def tested(self) -> list[Contrast]:
        """Each bar in USD a task, tested against 0; one family (Holm)."""
        return contrasts([self._a_task(each.units) for each in self.bars])

    @cached_property
    def gross(self) -> Estimate:
        """What is saved without any friction, in USD a task."""
        return estimate(self._a_task(self.saved[self.without]).tolist())

    @cached_property
    def net(self) -> Estimate:
        """What is saved with all of them, in USD a task."""
        return estimate(self._a_task(self.saved[self.with_all]).tolist())

    @cached_property
    def left(self) -> list[Estimate]:
        """What is left of what is saved after each bar, in USD a task."""
        found, left = [], self.saved[self.without]
        for bar in self.bars:
            left = tuple(before - taken for before, taken in zip(left, bar.units, strict=True))
            found.append(estimate(self._a_task(left).tolist()))
        return found

    @cached_property
    def reduction(self) -> dict[str, Estimate]:
        """Cost reduction in percent, gross and net."""
        return {
            GROSS: estimate(self._values(self.without, COST_REDUCTION_NET).tolist()),
            NET: estimate(self._values(self.with_all, COST_REDUCTION_NET).tolist()),
        }

    def outsourced(self, count: int) -> float:
        """The share of the tasks that contractors get with the first so many steps on, in percent."""
        return float(self._values(frozenset(range(count)), "outsourcing_rate").mean())

    @property
    def ruled_out(self) -> float:
        """The share of the offers that rules forbid, in percent."""
        return float(self._values(self.with_all, "not_allowed_rate").mean())

    @cached_property
    def prices(self) -> dict[str, Contrast]:
        """What each rule costs, and all of them where there are several: cost reduction, net, without less
        that with all, in points; one family."""
        rules = [place for place, each in enumerate(self.steps) if each.kind == "rule"]
        full = self._values(self.with_all, COST_REDUCTION_NET)
        priced = {self.steps[place].label: self.with_all - {place} for place in rules}
        if len(rules) > 1:
            priced[ALL_RULES] = self.with_all.difference(rules)
        without = [self._values(on, COST_REDUCTION_NET) for on in priced.values()]
        found = contrasts([differences(each, full) for each in without])
        return dict(zip(priced, found, strict=True))

    @cached_property
    def bearing(self) -> dict[str, dict[str, Estimate]]:
        """What each part of payment that costs anybody anything costs clients, contractors and the platform,
        in USD a task, with all frictions on; below 0 where one gains, undefined where no metric tells."""
        full = self.plays[self.with_all]
        settlement = switched(self.scenario, self.steps, self.with_all).settlement
        assert settlement is not None
        rows = [borne(settlement, play) for play in full]
        return {
            part: {
                party: estimate((np.array([row[part][place] for row in rows]) / self._tasks).tolist())
                for place, party in enumerate(PARTIES)
            }
            for part in rows[0]
            if any(any(row[part]) for row in rows)
        }

    def a_task(self, units: Units | None) -> Estimate | None:
        """An amount by replication as USD a task; None stays None."""
        return None if units is None else estimate(self._a_task(units).tolist())

    def _a_task(self, units: Units) -> FloatArray:
        return np.array(units) / ONE / self._tasks

    @cached_property
    def _tasks(self) -> FloatArray:
        """How many tasks each replication has; undefined where it has none."""
        tasks = self._values(self.without, "tasks")
        return np.where(tasks > 0, tasks, np.nan)

    def _values(self, on: On, metric: str) -> FloatArray:
        return np.array([play[metric] for play in self.plays[on]])

    @cached_property
    def waterfall(self) -> pd.DataFrame:
        """From gross to net, a row a bar: `usd_per_task` with the ends of its 95 % interval and, of bars, the
        p-value adjusted for all of them (`p_holm`); what is `left` after it; and of the two largest what they
        take `before_other` and `after_other`."""
        import pandas as pd

        return pd.DataFrame(self._rows())

    def _rows(self) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = [
            {"bar": GROSS, "kind": "saving", **_ends(self.gross), "left": self.gross.mean}
        ]
        for bar, test, left in zip(self.bars, self.tested, self.left, strict=True):
            before, after = self.a_task(bar.before_other), self.a_task(bar.after_other)
            rows.append(
                {
                    "bar": bar.label,
                    "kind": bar.kind,
                    **_ends(test.difference),
                    "p_holm": test.p_holm,
                    "shown": test.shown,
                    "left": left.mean,
                    "before_other": None if before is None else before.mean,
                    "after_other": None if after is None else after.mean,
                }
            )
        return [*rows, _of_saving(NET, self.net)]

    @cached_property
    def rules(self) -> pd.DataFrame:
        """What each rule costs by itself, all else being as stated: a row a rule."""
        import pandas as pd

        columns = ["rule", COST_POINTS, "low", "high", "p_holm", "shown"]
        rows = []
        for label, found in self.prices.items():
            low, high = found.difference.ci95 or (None, None)
            rows.append([label, found.difference.mean, low, high, found.p_holm, found.shown])
        return pd.DataFrame(rows, columns=columns)

    def label(self, on: On) -> str:
        """What a market is called in which some steps are on."""
        if on == self.without:
            return "none"
        return " + ".join(self.steps[place].label for place in sorted(on))

    def runs_table(self) -> pa.Table:
        """One row a market and replication: what is `on`, `saved_units` in 10⁻⁹ USD, and all metrics, null
        where they are undefined."""
        markets, count = list(self.plays), self.replications
        rows = [play for on in markets for play in self.plays[on]]
        saved = np.array([units for on in markets for units in self.saved[on]], dtype=np.int64)
        names = [name for name in in_order({name for row in rows for name in row}) if "[" not in name]
        return table_of(
            {
                "on": named(np.repeat(np.arange(len(markets)), count), [self.label(on) for on in markets]),
                "replication": np.tile(np.arange(count, dtype=np.int32), len(markets)),
                "saved_units": saved,
                **{name: nullable(np.array([row.get(name, math.nan) for row in rows])) for name in names},
            }
        )

    @property
    def summary(self) -> dict[str, Any]:
        """Everything but single plays, as in ``--json``."""
        return {
            "scenario": self.scenario.name,
            "seed": self.seed,
            "replications": self.replications,
            "gross_usd_per_task": self.gross.as_dict(),
            "net_usd_per_task": self.net.as_dict(),
            "cost_reduction": {name: each.as_dict() for name, each in self.reduction.items()},
            "bars": [self._told(*each) for each in zip(self.bars, self.tested, self.left, strict=True)],
            COST_POINTS: {label: each.as_dict() for label, each in self.prices.items()},
            "bearing_usd_per_task": {
                part: {party: value.as_dict() for party, value in each.items()}
                for part, each in self.bearing.items()
            },
            "median_price_usd": self.price_usd,
        }

    def _told(self, bar: Bar, test: Contrast, left: Estimate) -> dict[str, Any]:
        orders = {"before_other": self.a_task(bar.before_other), "after_other": self.a_task(bar.after_other)}
        told = {name: each.as_dict() for name, each in orders.items() if each is not None}
        return {"bar": bar.label, "kind": bar.kind, **test.as_dict(), "left": left.as_dict(), **told}


def _ends(value: Estimate) -> dict[str, float | None]:
    low, high = value.ci95 or (None, None)
    return {"usd_per_task": value.mean, "low": low, "high": high}


def _of_saving(name: str, value: Estimate) -> dict[str, Any]:
    return {"bar": name, "kind": "saving", **_ends(value), "left": value.mean}
