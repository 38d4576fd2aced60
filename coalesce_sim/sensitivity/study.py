"""From a sweep file to indices: the design played through the sweep's store and engines, then analysed."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from coalesce_sim.arrays import FloatArray
from coalesce_sim.errors import CoalesceError
from coalesce_sim.experiments.diagnosis.finding import Finding
from coalesce_sim.files import Folder, sealed_text, write_text
from coalesce_sim.metrics import describe
from coalesce_sim.numbers import level_text
from coalesce_sim.provenance import provenance
from coalesce_sim.scenario.problems import Mark
from coalesce_sim.sensitivity import morris, sobol
from coalesce_sim.sensitivity.noise import noise_share
from coalesce_sim.sweeps.design import Sampled
from coalesce_sim.sweeps.execution import Progress
from coalesce_sim.sweeps.plan import Plan
from coalesce_sim.sweeps.request import EngineName, Playing, Request
from coalesce_sim.sweeps.results import SweepResult
from coalesce_sim.sweeps.running import default_folder, perform, prepare
from coalesce_sim.sweeps.samples import check_morris, check_saltelli
from coalesce_sim.sweeps.specification import Morris, Precision, Saltelli

if TYPE_CHECKING:
    import pandas as pd

Method = Literal["sobol", "morris"]
SAMPLES: dict[Method, int] = {"sobol": 128, "morris": 20}
"""By default: what takes (factors + 2) or (factors + 1) times as many design points."""

FILE = "sensitivity.json"
_WIDE = 0.1
"""A half-width to be told of: of a Sobol index, or of μ* as a share of the largest."""


class NoIndices(CoalesceError, ValueError):
    """Raised for a design with a hole in it, or a metric that does not vary: there are no indices."""


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """What a metric depends on: a row of `indices` for each factor, in the order of the sweep file.

    The columns are those of `SobolIndex` or `MorrisIndex`. With common random numbers each replication is a
    function of the factors and nothing else; what is analysed is the mean of these functions, over the
    replications played. The half-widths are for the choice of design points and not for that of replications:
    with others of the same number the function is another one. `noise_share` says how much of the variance of
    its values that is, None where it cannot be told. This noise has no order, so it counts among the
    interactions: it is in every total index and in every sigma. It has no sign either, and so raises every
    mu_star: `indices` has beside it `mu_star_of_noise`, what it would be of a factor that does nothing, where
    there are two replications at least. More replications take it away.
    """

    method: Method
    metric: str
    samples: int
    points: int
    replications: int
    seed: int
    indices: pd.DataFrame
    noise_share: float | None
    sweep: SweepResult

    @property
    def samples_needed(self) -> int | None:
        """Samples that would bring half-widths to 0.1, or a tenth of the largest μ*; None if they are there.

        Half-widths shrink as the square root of the number of samples.
        """
        if self.method == "sobol":
            half_widths = self.indices[["first_half_width", "total_half_width"]].to_numpy(dtype=np.float64)
            widest = float(half_widths.max()) / _WIDE
        else:
            largest = float(self.indices["mu_star"].max())
            widest = float(self.indices["mu_star_half_width"].max()) / (_WIDE * largest) if largest else 0.0
        if widest <= 1:
            return None
        needed = math.ceil(self.samples * widest**2)
        return 1 << (needed - 1).bit_length() if self.method == "sobol" else needed

    @property
    def observed(self) -> list[Finding]:
        """What is known only now that it was played: at which design points queues grew to the end."""
        return self.sweep.observed

    @property
    def summary(self) -> dict[str, Any]:
        """Everything but the runs, as in ``--json`` and the file."""
        return {
            "method": self.method,
            "metric": self.metric,
            "samples": self.samples,
            "replications": self.replications,
            "points": self.points,
            "indices": self.indices.to_dict("records"),
            "noise_share": self.noise_share,
            "samples_needed": self.samples_needed,
            "observed": [each.as_dict() for each in self.observed],
        }


def analyse_sensitivity(
    source: str | Path | Mapping[str, Any],
    *,
    method: Method = "sobol",
    metric: str = "cost_reduction",
    samples: int | None = None,
    vary: Mapping[str, Any] | Sequence[str] = (),
    replications: int | None = None,
    seed: int | None = None,
    out: str | Path | None = None,
    jobs: int | None = None,
    engine: EngineName = "local",
    scheduler: str | None = None,
    extend: bool = False,
    retry_failed: bool = False,
    progress: Callable[[Progress], None] | None = None,
) -> Sensitivity:
    """Which factors of a sweep a metric depends on.

    `source` is a sweep file or its content; with `vary` (as in `sweep`) also a scenario. The levels of a
    factor are equally likely, and so are all numbers of a range. `samples` is the base of Saltelli's design,
    a power of 2 (128 by default), or the number of Morris's trajectories (20). The design goes through the
    store of a sweep in the folder `out`, ``results/NAME-METHOD`` by default: interrupted, it goes on, and
    with `extend` a folder of fewer samples or replications does.

    Raises what `sweep` raises; `UnknownMetric`; ValueError for a method or number of samples that cannot be;
    and `NoIndices` where runs failed, or the metric is undefined or does not vary.

    >>> import coalesce_sim
    >>> two = {"policy.epsilon": {"uniform": [0, 0.3]}, "skills.threshold": [0.5, 0.7]}
    >>> short = {"name": "two", "base": "dur_02", "set": {"clock.days": 1}, "factors": two}
    >>> found = coalesce_sim.analyse_sensitivity(short, method="morris", samples=4, replications=1, jobs=1)
    >>> found.indices[["factor", "mu_star"]].round()
                 factor  mu_star
    0    policy.epsilon      6.0
    1  skills.threshold     11.0
    """
    request = Request(source, vary, replications=replications, seed=seed)
    plan = prepare_study(request, method=method, metric=metric, samples=samples)
    return perform_study(plan, metric, Playing(out, jobs, engine, scheduler, extend, retry_failed), progress)


def prepare_study(request: Request, *, method: Method, metric: str, samples: int | None = None) -> Plan:
    """The plan of the design, checked; see `analyse_sensitivity`."""
    if method not in get_args(Method):
        raise ValueError(f"method: must be sobol or morris (got {method!r})")
    describe(metric)
    samples = SAMPLES[method] if samples is None else samples
    if method == "sobol":
        check_saltelli(samples)
    plan = prepare(replace(request, design={"saltelli" if method == "sobol" else "morris": samples}))
    if isinstance(plan.replications, Precision):
        message = (
            "must be a number here, that of the replications of every point; give one with --replications"
        )
        raise Mark(str(plan.specification.name), None).error(message, ("replications",))
    if method == "morris":
        check_morris(plan.design.factors)
    return plan


def perform_study(
    plan: Plan, metric: str, playing: Playing, progress: Callable[[Progress], None] | None = None
) -> Sensitivity:
    """Play what is missing of a design, analyse it, and leave sensitivity.json beside the sweep's files.

    ``results/NAME-METHOD`` is the folder by default.
    """
    settings = plan.specification.design
    assert isinstance(settings, Saltelli | Morris)
    method: Method = "sobol" if isinstance(settings, Saltelli) else "morris"
    folder = (
        default_folder(f"{plan.specification.name}-{method}") if playing.out is None else Path(playing.out)
    )
    command = playing.command or "coalesce_sim.analyse_sensitivity"
    result = perform(plan, replace(playing, out=folder, command=command), progress)
    study = analysed(result, plan, metric)
    swept = result.facts["provenance"]
    about = provenance(
        {"command": command, "coalesce_sim": swept["coalesce_sim"]},
        datetime.fromisoformat(swept["started_utc"]),
        packages=("SALib",),
    )
    with Folder(folder) as files, files.writing():
        write_text(files.aside / FILE, sealed_text({**study.summary, "provenance": about}))
        files.put_in_place([FILE])
    return study


def analysed(result: SweepResult, plan: Plan, metric: str) -> Sensitivity:
    """The indices of a metric from the results of a plan of a study.

    Raises `UnknownMetric` and `NoIndices`.
    """
    import pandas as pd

    describe(metric, result.metrics)
    settings, design = plan.specification.design, plan.design
    assert isinstance(design, Sampled)
    assert isinstance(settings, Saltelli | Morris)
    values = _values(result, plan, metric)
    means, names = values.mean(axis=1), list(plan.specification.factors)
    found: Sequence[sobol.SobolIndex | morris.MorrisIndex]
    if isinstance(settings, Saltelli):
        method: Method = "sobol"
        samples = settings.saltelli
        try:
            found = sobol.indices(means, names, plan.seed)
        except ValueError as error:
            raise NoIndices(f"{metric} {error}") from None
    else:
        method, samples = "morris", settings.morris
        found = morris.indices(design.shares, means, plan.design.factors, names)
    indices = pd.DataFrame([asdict(each) for each in found])
    if method == "morris" and values.shape[1] > 1:
        indices["mu_star_of_noise"] = morris.of_noise(design.shares, values, plan.design.factors)
    return Sensitivity(
        method,
        metric,
        samples,
        len(values),
        values.shape[1],
        plan.seed,
        indices,
        noise_share(values),
        result,
    )


def _values(result: SweepResult, plan: Plan, metric: str) -> FloatArray:
    """The metric, (points, replications). Raises `NoIndices`."""
    assert isinstance(plan.replications, int)
    failures = result.failures
    if len(failures):
        first = failures.iloc[0]
        message = f"replication {first['replication']} failed: {first['error']}"
        raise _incomplete(plan, int(first["point"]), message, more=len(failures) - 1)
    column = result.runs[metric].to_numpy(dtype=np.float64)
    if len(column) != len(plan.design) * plan.replications:
        raise NoIndices(
            f"{len(column):,} runs are there of {plan.runs_at_least:,}: the design is not complete"
        )
    values: FloatArray = column.reshape(len(plan.design), plan.replications)
    undefined = np.argwhere(np.isnan(values))
    if len(undefined):
        point, replication = undefined[0].tolist()
        message = f"{metric} is undefined in replication {replication}"
        raise _incomplete(plan, point, message, more=len(undefined) - 1)
    return values


def _incomplete(plan: Plan, point: int, message: str, more: int) -> NoIndices:
    levels = [level.cell for chosen in plan.design.levels(point) for level in chosen]
    cells = ", ".join(f"{name} = {level_text(cell)}" for name, cell in zip(plan.columns, levels, strict=True))
    others = f" (and {more:,} more)" if more else ""
    return NoIndices(f"point {point}, {cells}: {message}{others}; indices cannot be had with holes")
