"""``calibrate``: what a scenario assumes, fitted to measured runs, and what is left of its errors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from coalesce_sim.calibration import sellers
from coalesce_sim.calibration.components import Component, Parameter
from coalesce_sim.calibration.draws import correlation, joint_draws
from coalesce_sim.calibration.findings import remarks, verdict
from coalesce_sim.calibration.fitting import Fitting
from coalesce_sim.calibration.options import HOLD_OUT, LIMIT
from coalesce_sim.calibration.runs import HOME, Runs, read_runs
from coalesce_sim.calibration.splitting import split
from coalesce_sim.loading import load
from coalesce_sim.numbers import plural
from coalesce_sim.scenario.document import Change, read_base
from coalesce_sim.scenario.problems import Mark, Problem, ScenarioError, Steps, closest
from coalesce_sim.scenario.schema import Scenario
from coalesce_sim.scenario.validation import validate

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_NAMES_TOLD: Final = 5


@dataclass(frozen=True)
class Calibration:
    """What `calibrate` found. `parted` says how runs were held out, `notes` what else is to be known.

    `limit` is in percent; `changes` are the fields of the scenario that are other now, by path. `source` is
    the file or the name that was calibrated, None of a scenario that was loaded before.

    >>> import coalesce_sim, pandas as pd
    >>> runs = pd.DataFrame({"where": "home", "start_s": range(12), "good": 9 * [True] + 3 * [False]})
    >>> found = coalesce_sim.calibrate("market_day", runs, hold_out=0.25)
    >>> found.parameters.loc["clients.success", ["stated", "value", "low", "high"]].round(2).tolist()
    [0.5, 0.95, 0.76, 1.0]
    >>> [each.name for each in found.above]
    ['success at home']
    """

    before: Scenario
    runs: Runs
    components: tuple[Component, ...]
    changes: Mapping[Steps, Any]
    parted: str
    notes: tuple[str, ...]
    hold_out: float
    limit: float
    seed: int
    source: str | None = None

    @property
    def errors(self) -> pd.DataFrame:
        """A row a component: runs fitted and held out, the error in percent of the scenario as it stood and
        as fitted, with its 95 % interval, on what was held out; whether it stays above the limit; and why it
        was not fitted, if it was not."""
        rows = [
            {
                "component": each.name,
                "runs": each.runs,
                "held_out": each.held_out.runs,
                "before": _percent(each.before.mean),
                "error": _percent(each.after.mean),
                "low": _percent(None if each.after.ci95 is None else each.after.ci95[0]),
                "high": _percent(None if each.after.ci95 is None else each.after.ci95[1]),
                "above": each.above(self.limit / 100),
                "not_fitted": each.reason,
            }
            for each in self.components
        ]
        return pd.DataFrame(rows).set_index("component")

    @property
    def fitted(self) -> tuple[Parameter, ...]:
        """All figures that were fitted."""
        return tuple(each for component in self.components for each in component.parameters)

    @property
    def parameters(self) -> pd.DataFrame:
        """A row a figure, by its path: what the scenario stated, the fitted value with its 95 % interval, the
        runs behind it and what it was fitted to."""
        told = [each.as_dict() for each in self.fitted]
        rows = [
            {
                "path": each["path"],
                "stated": each["stated"],
                "value": each["value"],
                "low": (each["ci95"] or [np.nan])[0],
                "high": (each["ci95"] or [np.nan])[-1],
                "runs": each["runs"],
                "source": each["source"],
            }
            for each in told
        ]
        return pd.DataFrame(rows).set_index("path")

    @cached_property
    def scenario(self) -> Scenario:
        """The scenario with what was fitted in place of what it stated; what is drawn of it is in `draws`."""
        title = f"{self.before.title}, calibrated"
        return _built(self.before, {("title",): title, **self.cleared, **self.changes})

    @property
    def cleared(self) -> dict[Steps, None]:
        """Draws that the scenario names, which are of what it stated."""
        stated = self.before.uncertainty
        return {} if stated is None or stated.sample is None else {("uncertainty", "sample"): None}

    @property
    def above(self) -> tuple[Component, ...]:
        """The components whose error stays above the limit."""
        return tuple(each for each in self.components if each.above(self.limit / 100))

    @property
    def uncertain(self) -> tuple[Parameter, ...]:
        """The figures that are drawn: those whose intervals are more than rounding."""
        return tuple(each for each in self.fitted if each.varies)

    @cached_property
    def draws(self) -> pd.DataFrame:
        """Joint draws of what was fitted, a column a path and a row a draw."""
        return joint_draws(self.uncertain, self.seed)

    @property
    def summary(self) -> dict[str, Any]:
        """The object that ``--json`` prints."""
        return {
            "scenario": self.before.name,
            "runs_file": self.runs.file,
            "runs": len(self.runs),
            "hold_out": self.hold_out,
            "held_out": self.parted,
            "limit": self.limit,
            "seed": self.seed,
            "components": [each.as_dict() for each in self.components],
            "above": [each.name for each in self.above],
            "correlation": {
                "paths": [each.name for each in self.uncertain],
                "matrix": correlation(self.uncertain).round(4).tolist(),
            },
            "notes": list(self.notes),
            "findings": [verdict(self)],
            "remarks": list(remarks(self)),
        }

    def plot(self) -> Figure:
        """Errors by component, before and after, and predicted against measured seconds and USD."""
        from coalesce_sim.calibration.figures import draw

        return draw(self)

    def write(self, folder: str | Path) -> Path:
        """Leave in a folder what the command does, and return its ``calibrated.yaml``, for `load`: it extends
        the file or the name that was calibrated, and draws anew for each replication what was fitted.

        Raises `FolderError` and `WriteError`; ValueError where `calibrate` was given a scenario that was
        loaded before, for nobody says which file that extends.
        """
        from coalesce_sim.calibration.writing import SCENARIO_FILE, write_calibration

        if self.source is None:
            raise ValueError("scenario: must be a file or a name for what extends it to be written")
        options = f"hold_out={self.hold_out}, limit={self.limit}, seed={self.seed}"
        command = f"coalesce_sim.calibrate({self.source!r}, {self.runs.file!r}, {options})"
        write_calibration(self, self.source, Path(folder), command=command)
        return Path(folder) / SCENARIO_FILE


def calibrate(
    scenario: Scenario | str | Path,
    runs: str | Path | pd.DataFrame,
    *,
    hold_out: float = HOLD_OUT,
    limit: float = LIMIT,
    seed: int | None = None,
) -> Calibration:
    """Fit what a scenario assumes to measured runs, on a part of them, and tell the errors on the rest.

    `scenario` is one that was loaded, a file or a name; `runs` a CSV file or a table with a row a run and the
    columns of the command's ``runs.csv``. `hold_out` is the share of the runs
    that is held out, whole sessions or the last in time; `limit` the error in percent that none should
    exceed; `seed` draws sessions and joint draws, by default the scenario's own.

    This is not the section `calibration` of a scenario, by which clients correct estimates while a market is
    played (eq. 10).

    Raises `ScenarioError` for runs that cannot be read, are of another market, or allow nothing to be fitted;
    ValueError for other arguments, with the argument and its value.

    >>> import coalesce_sim, pandas as pd
    >>> prompt = [800, 4000, 9000, 2000, 500, 6000, 3000, 700, 1500, 5000]
    >>> output = [200, 50, 400, 700, 100, 300, 250, 600, 80, 150]
    >>> runs = pd.DataFrame({"where": "home", "prompt_tokens": prompt, "output_tokens": output})
    >>> runs["s"] = runs["prompt_tokens"] / 5000 + runs["output_tokens"] / 90
    >>> found = coalesce_sim.calibrate("market_day", runs)
    >>> found.errors.loc["seconds at home", ["before", "error"]].round(1).tolist()
    [29.4, 0.0]
    >>> found.scenario.clients.hardware.decode_tokens_per_s
    90.0
    """
    if not 0 < hold_out < 1:
        raise ValueError(f"hold_out: must be between 0 and 1 (got {hold_out!r})")
    if not limit > 0:
        raise ValueError(f"limit: must be > 0 (got {limit!r})")
    stated = scenario if isinstance(scenario, Scenario) else load(scenario)
    measured = read_runs(runs)
    theirs = sellers.sellers_of(stated)
    notes = list(_strange(stated, theirs, measured))
    drawn = stated.seed if seed is None else seed
    parts = split(measured, hold_out, drawn)
    fitting = Fitting(stated, parts, hold_out, lambda changes: _objection(stated, changes))
    components = tuple(fitting.components())
    if not any(each.parameters for each in components):
        reasons = [f"{each.name}: not fitted: {'; '.join([each.reason, *each.notes])}" for each in components]
        told = reasons or ["no column that is read says anything of the scenario"]
        raise ScenarioError([Problem(measured.file, None, "", each) for each in told])
    found = {each.path: each.value for component in components for each in component.parameters}
    return Calibration(
        stated,
        measured,
        components,
        fitting.settings | found,
        parts.told,
        tuple(notes),
        hold_out,
        limit,
        drawn,
        None if isinstance(scenario, Scenario) else str(scenario),
    )


def _strange(scenario: Scenario, theirs: Sequence[sellers.Seller], runs: Runs) -> list[str]:
    """What of the runs is not this market's, in words. Raises `ScenarioError` where nothing is."""
    notes = []
    names = list(sellers.strangers(list(theirs), runs))
    known = [HOME, *(each.name for each in theirs)]
    theirs_rows = np.isin(runs.where, names)
    if theirs_rows.all():
        raise ScenarioError([_other_market(runs, name, known) for name in names[:_NAMES_TOLD]])
    if names:
        told = ", ".join(map(repr, names[:_NAMES_TOLD])) + (", …" if len(names) > _NAMES_TOLD else "")
        notes.append(
            f"left out: {plural(int(theirs_rows.sum()), 'run')} of {told}, which the scenario does not have"
        )
    without = [name for name, rows in sellers.whose(list(theirs), runs).items() if not rows.any()]
    if without:
        told = ", ".join(without[:_NAMES_TOLD]) + (", …" if len(without) > _NAMES_TOLD else "")
        notes.append(f"no runs, so that all stays as stated: {told}")
    types = [each for each in dict.fromkeys(runs.type.tolist()) if each]
    unknown = [each for each in types if each not in scenario.workload.types]
    if unknown:
        told = ", ".join(map(repr, unknown[:_NAMES_TOLD])) + (", …" if len(unknown) > _NAMES_TOLD else "")
        notes.append(f"types that the scenario does not have tell nothing of success: {told}")
    if runs.unread:
        notes.append(f"columns that are not read: {', '.join(runs.unread)}")
    return notes


def _other_market(runs: Runs, name: str, known: Sequence[str]) -> Problem:
    near = closest(name, known)
    hint = f"did you mean {near!r}?" if near else f"known: {', '.join(known[:_NAMES_TOLD])}"
    message = f"runs of another market: the scenario has nobody of that name (got {name!r}); {hint}"
    return Problem(runs.file, None, "where", message)


def _objection(scenario: Scenario, changes: Mapping[Steps, Any]) -> str:
    """Why a scenario cannot have changes; an empty text where it can."""
    try:
        _built(scenario, changes)
    except ScenarioError as error:
        return f"{error.problems[0].path}: {error.problems[0].message}"
    return ""


def _built(scenario: Scenario, changes: Mapping[Steps, Any]) -> Scenario:
    """The scenario with changes. Raises `ScenarioError` where it cannot have them."""
    made = [Change.of_value(path, value, Mark("<calibration>", None)) for path, value in changes.items()]
    return validate(read_base({**scenario.resolved(), "published": {}}).document(made), Scenario)


def _percent(share: float | None) -> float:
    return np.nan if share is None else 100 * share
