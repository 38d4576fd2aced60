"""The sweep file: what a user asks for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import numpy as np
from pydantic import Discriminator, Field, Tag, model_validator

from coalesce_sim import bundled
from coalesce_sim.experiments.words import split
from coalesce_sim.metrics import UnknownMetric, describe
from coalesce_sim.scenario.base import Model
from coalesce_sim.scenario.document import Document, read_plain
from coalesce_sim.scenario.problems import Mark, Problem, ScenarioError, shortened
from coalesce_sim.scenario.validation import validate
from coalesce_sim.scenario.yamltext import Builder, Node
from coalesce_sim.sweeps.factors import (
    NOT_PLAYED,
    SCENARIO,
    Factor,
    FactorSettings,
    Paired,
    factor_of,
    field_steps,
)
from coalesce_sim.sweeps.request import Request

MAX_SAMPLED = 1_000_000

_NOT_IN_SCENARIOS = frozenset({"base", "factors"})
"""Fields by which a sweep file is told from a scenario."""


class LatinHypercube(Model):
    """Points that meet each level or part of a range equally often (`scipy.stats.qmc`)."""

    latin_hypercube: Annotated[int, Field(ge=1, le=MAX_SAMPLED)]
    """How many points are drawn, whatever the number of factors."""


class Sobol(Model):
    """Points of a scrambled Sobol sequence."""

    sobol: Annotated[int, Field(ge=1, le=MAX_SAMPLED)]
    """How many points are taken of the sequence; powers of 2 are best balanced."""


class Saltelli(Model):
    """The points of which Sobol indices are had."""

    saltelli: Annotated[int, Field(ge=2, le=MAX_SAMPLED)]
    """Samples, a power of 2; times the number of factors and two, they are the points played."""


class Morris(Model):
    """The points of Morris screening."""

    morris: Annotated[int, Field(ge=2, le=MAX_SAMPLED)]
    """Trajectories; times a point more than there are factors, they are the points played."""


_DESIGNS = ("latin_hypercube", "sobol", "saltelli", "morris")


def _design_tag(data: Any) -> str | None:
    if isinstance(data, str):
        return "grid"
    held = data if isinstance(data, dict) else getattr(type(data), "model_fields", ())
    return next((key for key in _DESIGNS if key in held), None)


DesignSettings = Annotated[
    Annotated[Literal["grid"], Tag("grid")]
    | Annotated[LatinHypercube, Tag("latin_hypercube")]
    | Annotated[Sobol, Tag("sobol")]
    | Annotated[Saltelli, Tag("saltelli")]
    | Annotated[Morris, Tag("morris")],
    Discriminator(_design_tag),
]


class Precision(Model):
    """Replications until the 95 % t interval of a metric is narrow enough, at each design point by itself.

    Source: Hoad, Robinson & Davies (2010). A point whose first values are all undefined is given up.
    """

    metric: str
    """Metric whose interval is watched, by its name in `summary.json`."""
    half_width: Annotated[float, Field(gt=0)]
    """What the interval may reach to either side of the mean, in the metric's unit: percentage points for
    rates."""
    look_ahead: Annotated[int, Field(ge=0, le=1_000)] = 5
    """Further replications for which the interval must stay as narrow, beyond 100 replications in percent of
    them; 0 stops at the first narrow one, which may be so by chance."""
    minimum: Annotated[int, Field(ge=2)] = 10
    """Replications that each point gets before the interval is looked at."""
    cap: Annotated[int, Field(ge=2, le=1_000_000)] = 1_000
    """Replications after which a point is left as it is, however wide its interval."""

    @property
    def fewest(self) -> int:
        """The replications that any point gets."""
        return min(self.cap, self.minimum + self.look_ahead)

    @model_validator(mode="after")
    def _possible(self) -> Self:
        try:
            describe(self.metric)
        except UnknownMetric as error:
            raise ValueError(f"metric: {error}") from None
        if self.cap < self.minimum:
            raise ValueError(f"cap: must be >= minimum, {self.minimum} (got {self.cap})")
        return self


class Specification(Model):
    """A sweep: a base scenario, what varies, and how often each design point is played."""

    name: Annotated[str, Field(min_length=1)]
    """What results are filed under; left out of a file, the file's own name."""
    title: str = ""
    """One line that says what is asked; left out, that of the base scenario."""
    base: str | dict[str, Any] | None = None
    """Scenario that is varied: a bundled name, a path, or its content. May be left out where a factor
    ``scenario`` names the bases."""
    set: dict[str, Any] = Field(default_factory=dict)
    """Fixed changes to the base, by path, as in ``clock.days``; the same at every design point."""
    seed: Annotated[int, Field(ge=0, lt=2**63)] | None = None
    """What all random numbers follow from, those of a sampled design, too; left out, that of the base
    scenario."""
    factors: Annotated[dict[str, FactorSettings], Field(min_length=1)]
    """What varies, by path, as in ``policy.epsilon``. ``scenario`` varies the base itself, ``policy`` takes
    policies as `compare` does, and a name of your own may stand for ``paired`` fields."""
    design: DesignSettings = "grid"
    """Which combinations of levels are played: all of them (``grid``), or the points of a sample."""
    replications: Annotated[int, Field(ge=1, le=1_000_000)] | Precision | None = None
    """How often each point is played: a number, or until a metric's interval is narrow enough. Left out, as
    the base scenario says."""
    common_random_numbers: bool = True
    """Whether replication r meets the same luck at every design point, which makes differences between points
    sharper; otherwise each point has luck of its own."""
    steady_state: Literal["realised_usd", "turnaround_s"] | None = None
    """Series of tasks by which the warm-up is found (MSER-5) and cut off before metrics are computed; left
    out, all tasks count."""

    @model_validator(mode="after")
    def _factors_make_sense(self) -> Self:
        if self.base is None and SCENARIO not in self.columns:
            raise ValueError("base: missing; name the scenario that is varied")
        columns: list[str] = []
        for name, settings in self.factors.items():
            paths = list(settings.paired) if isinstance(settings, Paired) else [name]
            for path in paths:
                try:
                    steps = field_steps(path)
                except ValueError as error:
                    raise ValueError(f"factors.{error}") from None
                if steps[0] in NOT_PLAYED:
                    raise ValueError(f"factors.{path}: changes nothing of what is played")
                if path in columns:
                    raise ValueError(f"factors: {path} varies twice")
                columns.append(path)
            try:
                factor = factor_of(name, settings)
            except ValueError as error:
                raise ValueError(f"factors.{error}") from None
            if factor.levels is None and self.design == "grid":
                raise ValueError(
                    f"factors.{name}: a range has no grid: give levels, as in {{linspace: [0, 1, 5]}}, "
                    "or a design that samples, as in {latin_hypercube: 64}"
                )
            if SCENARIO in factor.columns and not all(isinstance(v, str) for v in _values(factor, SCENARIO)):
                raise ValueError(f"factors.{SCENARIO}: must be names or paths of scenarios")
        for path in self.set:
            try:
                field_steps(path)
            except ValueError as error:
                raise ValueError(f"set.{error}") from None
        return self

    def as_json(self, exclude: AbstractSet[str] = frozenset()) -> dict[str, Any]:
        """The specification as JSON; `Specification.model_validate` of it gives an equal one."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True, exclude=set(exclude))

    @property
    def dimensions(self) -> tuple[Factor, ...]:
        """The factors, in the order in which they are written."""
        return tuple(factor_of(name, settings) for name, settings in self.factors.items())

    @property
    def columns(self) -> tuple[str, ...]:
        """The fields that vary, each a column of the tables."""
        return tuple(column for factor in self.dimensions for column in factor.columns)


def _values(factor: Factor, column: str) -> list[Any]:
    position = factor.columns.index(column)
    return [level[position].value for level in factor.levels or ()]


def read_specification(request: Request) -> tuple[Specification, Document]:
    """The sweep that is asked for, and where each of its values was written.

    Raises `ScenarioError` with all problems.
    """
    vary = request.vary
    document = _read(request.source, bool(vary))
    problems: list[Problem] = []
    for each in vary.items() if isinstance(vary, Mapping) else vary:
        try:
            path, settings = factor_of_text(each) if isinstance(each, str) else each
            _put(document, "factors", path, settings, Mark(f"--vary {shortened(path)}", None))
        except ScenarioError as error:
            problems.extend(error.problems)
    for text in request.overrides:
        path, equals, value = text.partition("=")
        mark = Mark(f"--set {shortened(text)}", None)
        if not equals:
            problems.append(mark.problem((), "must look like path.to.field=value"))
            continue
        _put(document, "set", path.strip(), read_value(value, mark), mark)
    if problems:
        raise ScenarioError(problems)
    for field in ("replications", "design", "seed"):
        value = getattr(request, field)
        if value is not None:
            document.data[field] = value
            option = "until" if field == "replications" and isinstance(value, Mapping) else field
            document.marks[(field,)] = Mark(f"--{option}", None)
    factors = document.data.get("factors")
    if isinstance(factors, dict):
        document.data["factors"] = {name: _listed(settings) for name, settings in factors.items()}
    document.data.setdefault("name", document.name)
    return validate(document, Specification), document


def _listed(settings: Any) -> Any:
    """The settings of a factor with an array, a range or the like from Python as the list it stands for."""
    if isinstance(settings, str | Mapping) or not isinstance(settings, Iterable):
        return settings
    return [each.item() if isinstance(each, np.generic) else each for each in settings]


def is_sweep(source: str) -> bool:
    """Whether a file, or bundled name, is of a sweep and not of a scenario. Raises `ScenarioError`."""
    if source in bundled.sweeps():
        return True
    return Path(source).is_file() and not _NOT_IN_SCENARIOS.isdisjoint(read_plain(Path(source)).data)


def _put(document: Document, section: str, path: str, value: Any, mark: Mark) -> None:
    """Add a factor or a fixed change to what the file says; what is no mapping there is told later."""
    holder = document.data.setdefault(section, {})
    if isinstance(holder, dict):
        holder[path] = value
        document.marks[section, path] = mark


def _read(source: str | Path | Mapping[str, Any], may_be_scenario: bool) -> Document:
    if not isinstance(source, str | Path | Mapping):
        raise TypeError(
            f"source: must be a name, a path or the content of a file (got {shortened(repr(source))})"
        )
    # Path("") would be the working directory.
    if isinstance(source, str) and not (source and (Path(source).suffix or Path(source).exists())):
        if source in bundled.sweeps():
            return read_plain(bundled.sweeps()[source])
        document = Document(Node({}, Mark(source, None)), {}, source, ())  # a bundled scenario
    else:
        document = read_plain(source if isinstance(source, Mapping) else Path(source))
    if not _NOT_IN_SCENARIOS.isdisjoint(document.data):
        return document
    if not may_be_scenario:
        raise document.root.mark.error("is no sweep: it has no `factors`; give some with --vary")
    base = dict(source) if isinstance(source, Mapping) else str(source)
    name, mark = f"{document.name}-sweep", document.root.mark
    return Document(Node({}, mark), {"base": base, "name": name}, name, document.sources)


def factor_of_text(text: str) -> tuple[str, Any]:
    """The field and the settings of ``path=0:0.3:13`` (levels), ``path=0:0.3`` (a range) or ``path=a,b,c``.

    ``path={logspace: [1, 100, 3]}`` and other YAML work as in a file. Raises `ScenarioError`.
    """
    path, equals, value = text.partition("=")
    mark, path, value = Mark(f"--vary {shortened(text)}", None), path.strip(), value.strip()
    if not equals or not path:
        raise mark.error("must look like policy.epsilon=0:0.3:13 or policy.epsilon=0,0.1")
    if not value:
        raise mark.error("has no levels")
    if value[0] in "{[":
        return path, read_value(value, mark)
    parts = value.split(":")
    numbers = [read_value(part, mark) for part in parts] if len(parts) in (2, 3) else []
    if numbers and all(isinstance(number, int | float) for number in numbers):
        if len(numbers) == 3:
            return path, {"linspace": numbers}
        return path, {"uniform": [float(number) for number in numbers]}
    listed = split(value)
    if not all(listed):
        raise mark.error("has an empty level; write null for none")
    if path in ("policy", SCENARIO):
        return path, listed
    return path, [read_value(part, mark) for part in listed]


def read_value(text: str, mark: Mark) -> Any:
    """A value written as YAML; None for nothing. Raises `ScenarioError`, at the mark."""
    node = Builder(mark.file, numbered=False).build(text)
    return None if node is None else node.plain()
