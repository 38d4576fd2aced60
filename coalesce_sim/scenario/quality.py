"""How good models are by public records: what may stand in place of a success rate that nobody has measured
oneself.

`openhands.csv` holds what was computed of them, a model and benchmark a row: how many runs were judged, and
how many of these solved their task.
"""

from __future__ import annotations

import csv
import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Annotated, Final, Literal, Self

from pydantic import GetPydanticSchema, model_validator
from pydantic_core import core_schema

from coalesce_sim.scenario.base import Model
from coalesce_sim.scenario.distributions import Share
from coalesce_sim.scenario.document import RECORDS
from coalesce_sim.scenario.problems import Steps, dotted
from coalesce_sim.scenario.recordings import KNOWN_FAULTY
from coalesce_sim.scenario.yamltext import Node

SOURCE: Final = "OpenHands Index of 2026-06-30, MIT licence"
"""Who recorded the runs: github.com/OpenHands/openhands-index-results, commit 3015ac61, of whose tasks a part
was counted, about 60 %."""

TASKS: Final = {
    "gaia": "questions answered with tools",
    "swe-bench": "bugs mended in Python repositories",
    "swe-bench-multimodal": "bugs mended in JavaScript, told with pictures",
    "swt-bench": "tests written that show a bug",
    "commit0": "libraries written from their specification",
}
"""What is asked for in each benchmark."""

USUAL: Final = ("gaia", "swe-bench", "swe-bench-multimodal", "swt-bench")
"""Benchmarks of which the mean is taken: not of ``commit0``, which has nine tasks."""


@dataclass(frozen=True, slots=True)
class Record:
    """A model's judged runs on a benchmark, and how many of them solved their task."""

    runs: int
    resolved: int

    @property
    def share(self) -> float:
        """The share that solved it."""
        return self.resolved / self.runs


@lru_cache(maxsize=1)
def recorded() -> Mapping[str, Mapping[str, Record]]:
    """What was recorded, by model and benchmark, without the cells in which the harness failed."""
    found: dict[str, dict[str, Record]] = {}
    text = resources.files(__package__).joinpath("openhands.csv").read_text(encoding="utf-8")
    for row in csv.DictReader(text.splitlines()):
        record = Record(int(row["runs"]), int(row["resolved"]))
        found.setdefault(row["model"], {})[row["benchmark"]] = record
    return found


class RecordedSuccess(Model):
    """A success rate by public records: in place of the number, the share of a model's recorded runs that
    solved their task.

    A benchmark's tasks are not one's own: it says how models compare, and roughly where they stand.
    """

    records: Literal["openhands"]
    """Who recorded them: ``openhands``, the OpenHands Index of 2026-06-30, one agent with 34 models. What
    was counted of it ships with the package."""
    model: str
    """One of the 34 models, by its name in the records, as in ``GPT-5.2``; an unknown one is refused with
    those that come near."""
    benchmark: Literal["gaia", "swe-bench", "swe-bench-multimodal", "swt-bench", "commit0"] | None = None
    """Benchmark whose tasks are most like one's own; left out, the mean over ``gaia``, ``swe-bench``,
    ``swe-bench-multimodal`` and ``swt-bench``, as far as the model has runs there."""

    @model_validator(mode="after")
    def _is_recorded(self) -> Self:
        known = recorded()
        if self.model not in known:
            raise ValueError(f"model: nobody has recorded it (got {self.model!r}); {_near(self.model)}")
        if self.benchmark is not None and self.benchmark not in known[self.model]:
            faulty = any(
                (each.model, each.benchmark) == (self.model, self.benchmark) for each in KNOWN_FAULTY
            )
            why = "in its runs the harness failed" if faulty else f"{self.model} has no runs there"
            there = ", ".join(known[self.model])
            raise ValueError(f"benchmark: {why} (got {self.benchmark!r}); there are {there}")
        return self

    @property
    def counted(self) -> Mapping[str, Record]:
        """The runs that count, by benchmark."""
        records = recorded()[self.model]
        wanted = USUAL if self.benchmark is None else (self.benchmark,)
        return {name: records[name] for name in wanted if name in records}

    @property
    def share(self) -> float:
        """The mean over the benchmarks of the share of runs that solved their task."""
        return sum(each.share for each in self.counted.values()) / len(self.counted)

    @property
    def told(self) -> str:
        """Where the share comes from."""
        counts = ", ".join(
            f"{each.resolved} of {each.runs} in {name} ({TASKS[name]})" for name, each in self.counted.items()
        )
        mean = f"mean over {len(self.counted)} benchmarks: " if len(self.counted) > 1 else ""
        return f"{mean}{self.model} solved {counts}; {SOURCE}"


def _near(model: str) -> str:
    """Names that it may mean, whatever their case and whoever is said to serve it."""
    plain = {name.lower(): name for name in recorded()}
    word = model.rpartition("/")[2].lower()
    near = [plain[each] for each in difflib.get_close_matches(word, plain, cutoff=0.5)]
    return f"did you mean {' or '.join(near)}?" if near else f"known: {', '.join(recorded())}"


Success = (
    Share
    | Annotated[
        float,
        GetPydanticSchema(
            lambda _, handler: core_schema.no_info_after_validator_function(
                _share_of, handler.generate_schema(RecordedSuccess)
            )
        ),
    ]
)
"""A success rate: a number, or what stands for one."""


def _share_of(stated: RecordedSuccess) -> float:
    return stated.share


def stated_in(node: Node, path: Steps = ()) -> Iterator[tuple[str, RecordedSuccess]]:
    """The success rates of a valid scenario that stand in it as records, with the way to each."""
    if isinstance(node.value, dict):
        if path[-1:] == ("success",) and RECORDS in node.value:
            yield dotted(path), RecordedSuccess.model_validate(node.plain())
        for key, child in node.value.items():
            yield from stated_in(child, (*path, key))
    elif isinstance(node.value, list):
        for index, child in enumerate(node.value):
            yield from stated_in(child, (*path, index))
