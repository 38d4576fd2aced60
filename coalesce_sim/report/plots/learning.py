"""What policies save as a run goes on: a line a policy over the number of the task."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from coalesce_sim.arrays import FloatArray
from coalesce_sim.experiments.contenders import YARDSTICKS
from coalesce_sim.metrics import METRICS, Metric
from coalesce_sim.numbers import plural
from coalesce_sim.report.look import (
    COLUMN_IN,
    MOST_LINES,
    fit_height,
    label_ends,
    looks,
    mean_shown,
    value_axis,
)
from coalesce_sim.report.opening import ResultsError
from coalesce_sim.report.plots.plot import plotted
from coalesce_sim.report.plots.points import told
from coalesce_sim.report.plots.series import columns
from coalesce_sim.statistics.shares import share_interval

_FEW = 3
"""The bands of more lines than these are fainter."""

COURSES = {
    "cost_usd": Metric(
        "cost_usd", "Cost of a task", "USD", "Mean realised cost of a task of the bin", "lower"
    ),
    "all_local_usd": Metric(
        "all_local_usd", "Cost of a task all-local", "USD", "The same, kept at home", None
    ),
    "exploration_rate": METRICS["exploration_rate"],
    "cost_reduction": METRICS["cost_reduction"],
    "spent_usd": Metric(
        "spent_usd", "Cost so far", "USD", "Σ realised cost up to the end of the bin", "lower"
    ),
    "saved_usd": Metric(
        "saved_usd", "Saved so far", "USD", "Σ (all-local − realised cost) up to there", "higher"
    ),
}
"""What there are curves of."""


def plot_learning(
    learning: pd.DataFrame,
    y: str = "cost_reduction",
    *,
    ax: Axes | None = None,
    policies: Sequence[str] | None = None,
) -> Axes:
    """Draw what the policies of a comparison save, or another course, over the number of the task.

    `learning` is `Comparison.learning`, or learning.parquet: a row a policy and bin of tasks. `y` is
    cost_reduction, cost_usd, all_local_usd, exploration_rate, spent_usd or saved_usd. `policies` are those
    drawn, all by default. Raises `ResultsError` for what is not in the table, and for too many policies.
    """
    return plotted(LearningCurves.of(learning, y, policies=policies), ax)


@dataclass(frozen=True)
class LearningCurves:
    """`table` has a row a policy and bin: policy, first and last task, replications, mean, half_width."""

    metric: Metric
    table: pd.DataFrame
    tested: str | None = None

    @classmethod
    def of(
        cls,
        learning: pd.DataFrame,
        y: str = "cost_reduction",
        *,
        policies: Sequence[str] | None = None,
        title: str | None = None,
    ) -> LearningCurves:
        """As `plot_learning`; `title` is what tests have shown, in place of what the last intervals tell."""
        if y not in COURSES:
            raise ResultsError(f"{y}: has no learning curve. There are: {', '.join(COURSES)}")
        if learning.empty:
            raise ResultsError("learning: the runs have too few tasks for a curve")
        labels = learning["policy"].astype(str)
        there = labels.drop_duplicates().tolist()
        for name in policies or ():
            if name not in there:
                raise ResultsError(f"policy = {name}: has not been played. There are: {', '.join(there)}")
        kept = list(policies or there)
        count = sum(label not in YARDSTICKS for label in kept)
        if count > MOST_LINES:
            raise ResultsError(
                f"policy: has {count} values, and no more than {MOST_LINES} lines can be told apart; choose "
                f"some with policies (--where policy={there[0]}, repeated)"
            )
        table = learning.assign(policy=labels, mean=learning[y], half_width=learning[f"{y}_half_width"])
        columns = ["policy", "first_task", "last_task", "replications", "mean", "half_width"]
        return cls(COURSES[y], table.loc[labels.isin(kept), columns], title)

    @cached_property
    def title(self) -> str:
        """What was tested, or who is best at the end, as far as the intervals there tell."""
        if self.tested is not None:
            return self.tested
        end = self.table.groupby("policy", sort=False).last()
        asked = end[~end.index.isin(YARDSTICKS)].dropna(subset="mean")
        metric, tasks = self.metric, plural(int(end["last_task"].max()), "task")
        if asked.empty:
            return f"{metric.label} over {tasks}"
        sign = -1 if metric.better == "lower" else 1
        low, high = sign * asked["mean"] - asked["half_width"], sign * asked["mean"] + asked["half_width"]
        best = str((sign * asked["mean"]).idxmax())
        value = told(float(asked["mean"][best]), metric)
        if len(asked) == 1:
            return f"{metric.label} comes to {value} after {tasks} with {best}"
        if metric.better is None or not (high.drop(best) < low[best]).all():
            return f"{metric.label} after {tasks}: no difference shown between the best"
        word = "lowest" if sign < 0 else "highest"
        return f"After {tasks} {metric.label[:1].lower()}{metric.label[1:]} is {word}, {value}, with {best}"

    @property
    def note(self) -> str:
        """Replications and intervals."""
        return mean_shown(int(self.table["replications"].max()), "band")

    @property
    def caption(self) -> list[str]:
        """The metric, the bins, replications and intervals."""
        first = self.table.iloc[0]
        width = int(first["last_task"] - first["first_task"] + 1)
        runs = int(first["replications"])
        return [
            f"{self.metric.label}: {self.metric.definition}.",
            f"Each point tells of {plural(width, 'task')} in order of arrival; n = {runs:,} replications, "
            "which had so many tasks.",
            "Bands: 95 % t intervals over replications." if runs > 1 else "No intervals: one replication.",
            "The title tells of t tests paired by replication (5 % over all policies, Holm)."
            if self.tested
            else "The title says who is best at the end where the interval there is apart from all others.",
        ]

    @property
    def size_in(self) -> tuple[float, float]:
        """A column wide."""
        return COLUMN_IN, 2.4

    def draw(self, axes: Axes) -> None:
        """A line with its band a policy, each with its name at the end."""
        names = self.table["policy"].drop_duplicates().tolist()
        found = looks(names)
        ends, alpha = [], 0.15 if len(names) <= _FEW else 0.08
        for name, (colour, _, style) in zip(names, found, strict=True):
            series = self.table[self.table["policy"] == name]
            middle = ((series["first_task"] + series["last_task"]) / 2).to_numpy(dtype=np.float64)
            mean, low, high = self._with_ends(series)
            axes.fill_between(middle, low, high, color=colour, alpha=alpha, linewidth=0)
            axes.plot(middle, mean, color=colour, linestyle=style, linewidth=1.2)
            ends.append(float(mean[-1]))
        fit_height(axes, *self._with_ends(self.table))
        axes.set_xlim(0, float(self.table["last_task"].max()))
        axes.set_xlabel("Number of the task")
        value_axis(axes, self.metric.axis, along="y")
        label_ends(axes, "policy", names, ends, [colour for colour, *_ in found])

    def _with_ends(self, table: pd.DataFrame) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Means and the ends of their intervals."""
        mean, half_width = columns(table, "mean", "half_width")
        if self.metric.share:
            return mean, *share_interval(mean, half_width)
        return mean, mean - half_width, mean + half_width
