"""What a user writes about tasks: when they arrive, of which type, with which attributes."""

from __future__ import annotations

from typing import Annotated, Final, Literal, Self, get_args

import numpy as np
from pydantic import AfterValidator, Field, model_validator

from coalesce_sim.arrays import FloatArray
from coalesce_sim.scenario.base import Model, Text
from coalesce_sim.scenario.distributions import (
    Distribution,
    NonNegative,
    Positive,
    Real,
    support,
)
from coalesce_sim.scenario.draws import NonNegativeDistribution, PositiveDistribution
from coalesce_sim.scenario.moving import Moving
from coalesce_sim.scenario.uncertainty import Resample

Level = Literal["low", "medium", "high"]
LEVELS: Final[tuple[Level, ...]] = get_args(Level)
"""From the least to the most; tables hold a level by its place here."""

Dealing = Literal["round_robin", "round_robin_by_arrival", "random"]
Decompose = Literal["always", "never", "policy"]
Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


class MarketDemand(Model):
    """Hourly market demand ``D = clip(base·m + N(0, noise_sd), min, max)``, m being `busy_factor` in busy
    hours, else 1."""

    base: NonNegative
    """Level of demand in an ordinary hour before noise, without a unit: what it means `tasks_per_hour` and
    `demand_gain` say."""
    noise_sd: NonNegative = 0.0
    """Standard deviation of what is added in every hour, in the unit of demand; 0 adds nothing."""
    min: NonNegative = 0.0
    """What demand does not fall below, whatever the noise."""
    max: Positive = 1e9
    """What demand does not rise above, whatever the noise."""
    busy_factor: NonNegative = 1.0
    """Multiplies `base` in busy hours; 1 makes all hours alike."""
    busy_weekdays: list[Weekday] = Field(default_factory=list)
    """Days that have busy hours; by default none."""
    busy_first_hour: Annotated[int, Field(ge=0, le=23)] = 0
    """Hour of the day, by `clock.start`, with which busy hours begin."""
    busy_last_hour: Annotated[int, Field(ge=0, le=23)] = 23
    """Hour of the day that is the last busy one, itself included; none is busy where it is before
    `busy_first_hour`."""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.max < self.min:
            raise ValueError(f"max must be >= min (got min {self.min}, max {self.max})")
        return self


class DemandDriven(Model):
    """``Poisson(tasks_per_hour · D)`` tasks at the start of every hour; needs `market_demand`."""

    kind: Literal["demand_driven"]
    tasks_per_hour: Annotated[float, Field(ge=0, le=1_000_000)]
    """Expected tasks an hour for each unit of demand, of all clients together or, `per` client, of each; all
    come at the start of the hour."""
    per: Literal["client"] | None = None
    """``client`` has each client bring its own tasks, when and what being luck of its own, so that more
    clients bring more; left out, tasks come to all clients together, and are dealt among them."""


def _lets_time_pass(gap_s: Distribution) -> Distribution:
    """Gaps may be 0, but time must not stand still for ever."""
    if support(gap_s)[1] == 0:
        raise ValueError("must not always be 0 (got 0)")
    return gap_s


class Renewal(Model):
    """Independent gaps between single arrivals."""

    kind: Literal["renewal"]
    gap_s: Annotated[NonNegativeDistribution, AfterValidator(_lets_time_pass)]
    """Seconds from one task to the next, of all clients together or, `per` client, of each."""
    limit: Annotated[int, Field(gt=0)] | None = None
    """Number of tasks after which no more come, `per` client of each; left out, they come until the clock
    ends, a thousand million at most."""
    per: Literal["client"] | None = None
    """``client`` has each client bring its own tasks, when and what being luck of its own, so that more
    clients bring more; left out, tasks come to all clients together, and are dealt among them."""


class LoggedTask(Model):
    """What a log says of a task: where it went, and what came of it."""

    to: Annotated[str, Field(min_length=1)]
    """Name of the contractor that did it, or ``home``."""
    usd: NonNegative | None = None
    """USD that were billed for it, all attempts together. Left out it is not known: at home the task then
    costs what the hardware does for so long, and at a contractor there is no bill to compare with."""
    s: NonNegative
    """Seconds from its arrival to the end of its last attempt."""
    good: bool
    """Whether it ended well."""
    attempts: Annotated[int, Field(ge=1, le=1_000_000)] = 1
    """How many calls it took; no effect but on `attempts_per_task` where the log itself is played."""


HOME: Final = "home"
"""What `logged.to` says of tasks that were done at home."""


class ListedTask(Model):
    """One explicit task; what is left out is taken from its type and the workload's attributes."""

    type: str
    """Name of one of `workload.types`, whose skills and target it has."""
    arrival_s: NonNegative | None = None
    """Seconds from the start of the run, not before the task above; stated of all tasks or of none."""
    client: Annotated[int, Field(ge=0, lt=1_000_000)] | None = None
    """Number of the client that has it, from 0; left out, as `dealing` says."""
    group: str | None = None
    """One of `clients.groups` that it comes to: its `client`, if stated, must be one of these, and else is
    dealt among them. Left out, as the `client` or the groups' shares say."""
    session: Annotated[str, Field(min_length=1)] | Annotated[int, Field(ge=0)] | None = None
    """What it was a part of, as tasks of one conversation are: those of a session depend on each other, and
    stay together where a log is sampled (`uncertainty.log`). Changes nothing else of what is played."""
    logged: LoggedTask | None = None
    """What a log says came of it, to compare with; stated of all tasks or of none."""
    documents: NonNegative | None = None
    """How many documents it works on; left out, as many as its type says."""
    complexity: Positive | None = None
    """Without a unit, 1 being ordinary; left out, drawn."""
    value_usd: NonNegative | None = None
    """USD that good work on it is worth; left out, drawn."""
    budget_usd: NonNegative | None = None
    """USD that its client would spend; left out, its value times the drawn `budget_share`."""
    data_gb: NonNegative | None = None
    """GB that work on it needs; left out, drawn."""
    output_gb: NonNegative | None = None
    """GB that come back; left out, drawn."""
    model_size: NonNegative | None = None
    """In the unit of `gb_per_model_size`; left out, drawn."""
    duration_h: NonNegative | None = None
    """Hours that its value is earned in; left out, drawn."""
    prompt_tokens: NonNegative | None = None
    """Tokens that are read; left out, drawn."""
    cached_tokens: NonNegative | None = None
    """Tokens of the prompt, not more than it has, that a contractor reads from its cache; left out, drawn."""
    output_tokens: NonNegative | None = None
    """Tokens that are really written; left out, drawn."""
    data_sensitivity: Level | None = None
    """How sensitive its data are, and those of all its steps; left out, as its type or else `attributes` say.
    """


_APART = ("type", "arrival_s", "client", "group", "session", "logged", "data_sensitivity")

ATTRIBUTES = tuple(name for name in ListedTask.model_fields if name not in _APART)
"""What a listed task can state of itself in numbers, besides its client and when it comes."""

OF_LOG = tuple(f"logged.{name}" for name in LoggedTask.model_fields)
"""What a log says of a task, as columns of a file are named."""

LOG_NEEDS = tuple(f"logged.{name}" for name, field in LoggedTask.model_fields.items() if field.is_required())
"""What it must say if it says anything."""

COLUMNS = (*(name for name in ListedTask.model_fields if name != "logged"), *OF_LOG)
"""What a column of a file can hold of a task."""

ABOVE_ZERO = frozenset({"complexity"})
"""Attributes that must not be 0."""

MOST_IN_SERIES = 10_000_000


class Listed(Model):
    """Explicit tasks in the order of arrival."""

    kind: Literal["listed"]
    tasks: Annotated[list[ListedTask], Field(min_length=1)]
    """One entry a task, in the order of arrival."""
    gap_s: NonNegative = 0.0
    """Seconds from one task to the next; no effect where `arrival_s` is stated."""


class Csv(Model):
    """Explicit tasks from a CSV file with a header."""

    kind: Literal["csv"]
    path: str
    """Where the file is: beside the scenario's own, or from the working directory."""
    columns: Annotated[dict[str, str], Field(min_length=1)]
    """By field of a listed task, the name of the column that holds it. An arrival column holds seconds
    from the start of the run, or timestamps, which are counted from the earliest; a file written newest first
    is turned round."""
    type: str | None = None
    """Which of `workload.types` all tasks are of; stated where, and only where, no column says it."""
    gap_s: NonNegative = 0.0
    """Seconds from one task to the next; no effect where a column says when they arrive."""
    limit: Annotated[int, Field(gt=0)] | None = None
    """Rows after which no more are read; left out, all are."""
    start: Literal["log"] | None = None
    """``log`` starts the clock at the file's earliest timestamp, in place of `clock.start`. Left out, the run
    begins at `clock.start` whatever the file says."""
    resample: Resample | None = None
    """A bootstrap sample of the tasks that is played in their place, as `uncertainty.log` draws one for each
    replication. Left out, the tasks themselves are."""

    @model_validator(mode="after")
    def _starts_with_an_arrival(self) -> Self:
        if self.start is not None and "arrival_s" not in self.columns:
            raise ValueError(f"start: needs a column for arrival_s, of timestamps (got {self.start!r})")
        return self

    @model_validator(mode="after")
    def _known_columns(self) -> Self:
        for field in self.columns:
            if field not in COLUMNS:
                known = ", ".join(COLUMNS)
                raise ValueError(f"columns: {field!r} is not a field of a task (known: {known})")
        if (self.type is None) == ("type" not in self.columns):
            raise ValueError("needs either `type` or a column for it")
        missing = [field for field in LOG_NEEDS if field not in self.columns]
        if missing and any(field in self.columns for field in OF_LOG):
            raise ValueError(f"columns: {', '.join(missing)} missing, though others of the log are there")
        return self


class Table(Model):
    """Explicit tasks from a CSV or Parquet file whose columns are named as the fields of a task."""

    kind: Literal["table"]
    path: str
    """Where the file is: beside the scenario's own, or from the working directory. It needs the columns
    `type` and `arrival_s`, the latter seconds from the start of the run, or timestamps, which are counted
    from the earliest; a file written newest first is turned round. What the log says stands in ``logged.to``,
    ``logged.usd`` and so on. Columns of other names are not read."""
    limit: Annotated[int, Field(gt=0)] | None = None
    """Rows after which no more are read; left out, all are."""
    start: Literal["log"] | None = None
    """``log`` starts the clock at the file's earliest timestamp, in place of `clock.start`. Left out, the run
    begins at `clock.start` whatever the file says."""
    pace: Positive = 1.0
    """How many times as fast tasks come as the file says: at 2 twice as many in an hour, each with as much
    work as before. What is logged of them stays as it was."""
    resample: Resample | None = None
    """A bootstrap sample of the tasks that is played in their place, as `uncertainty.log` draws one for each
    replication. Left out, the tasks themselves are."""


class Progression(Model):
    """``start, start + step, start + 2·step, …``"""

    start: Real
    """What the first task has, in the attribute's unit."""
    step: Real = 0.0
    """What each task has more than the one before; 0 makes all alike."""


class SeriesPart(Model):
    """Tasks of one type whose attributes grow in equal steps."""

    type: str
    """Which of `workload.types` its tasks are of."""
    count: Annotated[int, Field(gt=0)]
    """How many tasks it has, each `gap_s` after the one before."""
    attributes: dict[str, Progression]
    """How the attributes of a listed task grow, by name; those that are not named are drawn."""

    @model_validator(mode="after")
    def _known_attributes(self) -> Self:
        for field in self.attributes:
            if field not in ATTRIBUTES:
                known = ", ".join(ATTRIBUTES)
                raise ValueError(f"attributes: {field!r} is not an attribute (known: {known})")
        return self


class Series(Model):
    """Tasks generated by arithmetic progressions, part after part."""

    kind: Literal["series"]
    parts: Annotated[list[SeriesPart], Field(min_length=1)]
    """Runs of tasks of one type, one after the other."""
    gap_s: NonNegative = 0.0
    """Seconds from one task to the next, across parts."""

    @model_validator(mode="after")
    def _can_be_laid_out(self) -> Self:
        if (tasks := sum(part.count for part in self.parts)) > MOST_IN_SERIES:
            raise ValueError(f"parts: must not have more than {MOST_IN_SERIES:,} tasks (got {tasks:,})")
        return self


class Recorded(Model):
    """Tasks of the scenario's `records`, in random order, with independent gaps between them."""

    kind: Literal["recorded"]
    gap_s: Annotated[NonNegativeDistribution, AfterValidator(_lets_time_pass)]
    """Seconds from one task to the next, of all clients together."""
    limit: Annotated[int, Field(gt=0)] | None = None
    """Number of tasks after which no more come; left out, as many as were recorded."""
    drawing: Literal["each_once", "with_replacement"] = "each_once"
    """``each_once`` takes no task twice, and ends with the records; ``with_replacement`` takes any task every
    time, and needs a `limit`."""

    @model_validator(mode="after")
    def _ends(self) -> Self:
        if self.drawing == "with_replacement" and self.limit is None:
            raise ValueError("limit: missing, but drawing is with_replacement")
        return self


FromFile = Csv | Table
"""Tasks that a file of the user's own lists."""

Explicit = Listed | Csv | Table | Series
"""Tasks that are stated one by one, and not drawn."""

Arrivals = Annotated[
    DemandDriven | Renewal | Listed | Csv | Table | Series | Recorded,
    Field(discriminator="kind"),
]


class Step(Model):
    """One subtask of a composite task: a task of its own, decided on by itself."""

    type: str
    """Which of `workload.types` the step is done as; not a composite one."""
    after: list[str] = Field(default_factory=list)
    """Steps, of those above this one, that must be done before it begins; none by default."""
    work: Positive = 1.0
    """The step's part of the whole's tokens, documents, data, value and budget, 1 being all of it; parts need
    not sum to 1."""


class TaskType(Model):
    """A kind of task.

    A type with `steps` is composite: its tasks are not done themselves, their steps are. The whole is done
    when all steps are, and late by its own target; if one step comes to nothing, so does the whole. Whether
    a task falls into its steps is a matter of `decompose`.
    """

    share: NonNegative = 1.0
    """Probability of this type, relative to the others; no effect where arrivals say the types themselves."""
    skills: list[str] = Field(default_factory=list)
    """What a task takes; compared with what contractors can do. None by default, which suits everybody."""
    text: Text = ""
    """What such a task is about in words, at most 20,000 characters."""
    max_latency_min: Positive
    """Minutes from arrival in which a task is to be done; what is later costs `cost_model.late_usd_per_min`.
    """
    expected_output_tokens: NonNegative | None = None
    """Tokens that everybody expects to be written for such a task; left out, as `attributes` say."""
    documents: NonNegative = 0.0
    """How many documents a task works on; they count in the memory that it occupies."""
    base_flop: NonNegative = 0.0
    """FLOP of a task of complexity 1 with `flop_reference_gb` of data. No effect at home where work is
    counted in tokens, nor at contractors but those with `hardware` in a market that learns."""
    local_min: Positive | None = None
    """Minutes that a task of complexity 1 takes at home; left out, the execution time of the cost model.
    Changes no cost of hardware."""
    data_sensitivity: Level | None = None
    """How sensitive the data of such tasks are, of those that do not state it themselves; left out, as
    `attributes` say or, of a step, as the type of the whole does."""
    steps: dict[str, Step] | None = None
    """Steps, by name, that a composite task consists of; left out, a task is done as a whole."""
    integration_usd: NonNegative = 0.0
    """USD to put a composite task together when its steps are done; needs `steps`."""
    decompose: Decompose = "always"
    """Whether tasks are done in their `steps`: ``always``, ``never``, or as the ``policy`` decides when one
    comes, by what it expects of the whole and of the steps. With the latter two the whole is a task like any
    other: its `skills` must be stated and, where work is counted in FLOP, its `base_flop`."""
    split_usd: NonNegative = 0.0
    """USD that coordination costs for each step of a task that is done in steps, once the step is about to
    begin; needs `steps`."""
    split_s: NonNegative = 0.0
    """Seconds that coordination takes before each step of a task that is done in steps is decided on; needs
    `steps`."""

    @property
    def in_steps(self) -> bool:
        """Whether tasks of this type are always done in steps, and never as a whole."""
        return self.steps is not None and self.decompose == "always"

    @property
    def may_split(self) -> bool:
        """Whether the policy decides if a task of this type is done in steps."""
        return self.steps is not None and self.decompose == "policy"

    @property
    def coordinated(self) -> bool:
        """Whether doing tasks of this type in steps may cost anything in coordination."""
        return (self.in_steps or self.may_split) and (self.split_usd > 0 or self.split_s > 0)

    @model_validator(mode="after")
    def _steps_in_order(self) -> Self:
        before: set[str] = set()
        for name, step in (self.steps or {}).items():
            for other in step.after:
                if other not in before:
                    raise ValueError(f"steps.{name}.after: no step before it has that name (got {other!r})")
            before.add(name)
        if self.steps is not None and not self.steps:
            raise ValueError("steps: must not be empty")
        if self.steps is None:
            for name in ("integration_usd", "split_usd", "split_s"):
                if getattr(self, name) > 0:
                    raise ValueError(f"{name}: has no effect without steps (got {getattr(self, name):g})")
            if self.decompose != "always":
                raise ValueError(f"decompose: has no effect without steps (got {self.decompose!r})")
        elif self.decompose != "always" and "skills" not in self.model_fields_set:
            raise ValueError(f"skills: missing, but decompose is {self.decompose}: the whole is done itself")
        return self


class Attributes(Model):
    """What is true of a task besides its type. The client knows all of it when it decides, but for how long
    the answer will be."""

    complexity: PositiveDistribution = 1.0
    """Without a unit, above 0, 1 being ordinary: multiplies FLOP and `local_min`, and raises prices by
    ``demand`` and memory as their slopes say."""
    value_usd: NonNegativeDistribution | Moving = 0.0
    """USD that good work is worth to the client: what bad work loses, and what is at risk at contractors."""
    budget_share: NonNegativeDistribution = 1.0
    """Share of a task's value that its client would spend; no effect but on `boosts` and `within_budget` of
    ``topsis`` and policies of your own."""
    data_gb: NonNegativeDistribution = 0.0
    """GB that work needs: moved to contractors, and in proportion to which FLOP are counted."""
    output_gb: NonNegativeDistribution = 0.0
    """GB of the result, moved back from contractors."""
    model_size: NonNegativeDistribution = 0.0
    """In the unit of `gb_per_model_size`; counts in the memory that a task occupies."""
    duration_h: NonNegativeDistribution = 1.0
    """Hours that a task's value is earned in, at least 0.1; no effect but on the opportunity ``later_tasks``.
    """
    prompt_tokens: NonNegativeDistribution = 0.0
    """Tokens that are read; they count in times and in prices by tokens."""
    cached_tokens: NonNegativeDistribution = 0.0
    """Tokens of the prompt, never more than it has, that contractors read from their caches. They count in
    prices by tokens, where a contractor states `cache_read_usd_per_mtok`, and in no time."""
    output_tokens: NonNegativeDistribution = 0.0
    """Tokens that are really written, which nobody knows beforehand: they count in the time that work really
    takes, at home and at contractors, and on the basis ``physical`` in what hardware and prices by tokens
    come to."""
    expected_output_tokens: NonNegative = 0.0
    """Tokens that everybody expects to be written; in offers and estimates they stand for the true number."""
    criticality: Level = "medium"
    """Of all tasks: ``high`` multiplies the value at risk by `critical_factor`, ``low`` and ``medium`` are
    the same."""
    data_sensitivity: Level = "medium"
    """Of all tasks for which neither they nor their types, nor those of their wholes, say it. A task whose
    level is ``high`` calls for the boost `security_if_sensitive` and goes where `compliance.residency` lets
    it, and a leak of its data costs what `contracts.security.incidents.leak_usd` says of its level; else
    ``low`` and ``medium`` are the same."""


class Workload(Model):
    """All tasks of a run and how they reach the clients."""

    arrivals: Arrivals
    """When tasks come, and whether they are drawn, listed, read from a file or recorded."""
    dealing: Dealing = "round_robin"
    """``round_robin`` deals tasks to clients 0, 1, 2, … in turn, and deals on from where it stopped;
    ``round_robin_by_arrival`` begins anew with client 0 at each arrival time, so that tasks that arrive alone
    all go to client 0; ``random`` gives each to any client. No effect on tasks that state theirs, nor where
    clients bring their own."""
    types: Annotated[dict[str, TaskType], Field(min_length=1)]
    """Kinds of tasks by name, with their skills, targets and steps."""
    attributes: Attributes = Attributes()
    """What is drawn for every task, each from a random stream of its own."""
    failure_correlation: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """How much of a failure is the task's own difficulty, the same for all who might work on it: the
    correlation of the normal variates behind two workers' successes (a one-factor Gaussian copula). At 0 they
    fail independently; no effect where records are replayed."""

    @model_validator(mode="after")
    def _steps_fit(self) -> Self:
        for name, kind in self.types.items():
            for label, step in (kind.steps or {}).items():
                place = f"types.{name}.steps.{label}.type"
                if step.type not in self.types:
                    raise ValueError(f"{place}: unknown task type (got {step.type!r})")
                if self.types[step.type].steps is not None:
                    raise ValueError(f"{place}: must not be composite itself (got {step.type!r})")
        return self

    @property
    def arrivals_per_client(self) -> bool:
        """Whether each client brings its own tasks."""
        return isinstance(self.arrivals, DemandDriven | Renewal) and self.arrivals.per == "client"

    @property
    def may_be_logged(self) -> bool:
        """Whether a log may say what came of tasks; of a table its columns tell."""
        match self.arrivals:
            case Listed(tasks=tasks):
                return tasks[0].logged is not None
            case Csv(columns=columns):
                return "logged.to" in columns
            case arrivals:
                return isinstance(arrivals, Table)

    @property
    def expected_output_tokens(self) -> FloatArray:
        """Tokens that are expected to be written for a task of each type."""
        of_all = self.attributes.expected_output_tokens
        stated = [kind.expected_output_tokens for kind in self.types.values()]
        return np.array([of_all if each is None else each for each in stated], dtype=np.float64)

    @property
    def splits(self) -> bool:
        """Whether there are tasks that the policy may have done in steps, or coordination that costs."""
        return any(kind.may_split or kind.coordinated for kind in self.types.values())

    @model_validator(mode="after")
    def _cached_tokens_are_of_the_prompt(self) -> Self:
        """Of tasks in a file or a list it is asked when they are read."""
        least, most = support(self.attributes.prompt_tokens)[0], support(self.attributes.cached_tokens)[1]
        if most > least and not isinstance(self.arrivals, Explicit):
            raise ValueError(f"attributes.cached_tokens: {too_many_cached(most, least)}")
        return self

    @model_validator(mode="after")
    def _types_fit(self) -> Self:
        if sum(kind.share for kind in self.types.values()) <= 0:
            raise ValueError("types: the shares must not all be 0")
        match self.arrivals:
            case Listed(tasks=tasks):
                named = [task.type for task in tasks]
            case Csv(type=str() as only):
                named = [only]
            case Series(parts=parts):
                named = [part.type for part in parts]
            case _:
                named = []
        for name in named:
            if name not in self.types:
                known = ", ".join(self.types)
                raise ValueError(f"arrivals: unknown task type {name!r} (known: {known})")
        return self


def too_many_cached(cached_tokens: float, prompt_tokens: float) -> str:
    """What to say where more tokens may be cached than the prompt may have."""
    return (
        f"must not be more than prompt_tokens (got {cached_tokens:.12g}, "
        f"where the prompt may have only {prompt_tokens:.12g})"
    )
