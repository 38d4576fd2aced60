"""What of a scenario is not known for certain: numbers that were measured, and the log of tasks itself."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Final, Literal

from pydantic import Field

from coalesce_sim.scenario.base import Model
from coalesce_sim.scenario.distributions import Distribution
from coalesce_sim.scenario.problems import Steps, closest, dotted, shown

NOT_DRAWN: Final = frozenset(
    (
        "name",
        "title",
        "description",
        "see_also",
        "seed",
        "replications",
        "clock",
        "published",
        "paper_metrics",
    )
)
"""Sections of which nothing can be uncertain: they say what is asked, not what is so."""


LOGS: Final = ("csv", "table")
"""Kinds of arrivals that are read from a log."""


class Resample(Model):
    """One bootstrap sample of a log, in blocks."""

    blocks: Literal["session", "hour", "day"]
    """What is drawn as a whole; see `uncertainty.log.blocks`."""
    number: Annotated[int, Field(ge=1)]
    """Which sample: each number another."""


class LogBlocks(Model):
    """The log that tasks come from is one of many that could have been: each replication plays another."""

    blocks: Literal["session", "hour", "day", "instance"]
    """What is drawn with replacement, as a whole. ``session``: sessions, each beginning between its own start
    and that of the next, and as many as a Poisson number says whose mean is theirs. ``hour``: each hour is
    filled by one of the log at that time of day or an hour off, on any day. ``day``: each day by any day of
    the log. ``instance``: of replayed `records`, their instances."""


class Uncertainty(Model):
    """What is not known for certain: each replication draws its own, and all policies meet the same draw.

    A field is named as in ``--set``, as in ``clients.hardware.decode_tokens_per_s`` or
    ``contractors[0].price_usd``, and holds a number. At its own place the same reads
    ``{uncertain: {lognormal: {median: 61, sigma: 0.05}}}``.
    """

    inputs: dict[str, Distribution] = Field(default_factory=dict)
    """Distributions that numbers are drawn from, each by itself, by the way to the field. The scenario's own
    number at that place is what is played where nothing is drawn."""
    sample: str | None = None
    """CSV file of joint draws, such as a bootstrap's, with the way to a field at the head of each column: a
    replication draws one row. Left out, there is none."""
    fixed: list[str] = Field(default_factory=list)
    """Ways to fields that are not drawn though `sample` has a column for them: the scenario's own number is
    played. Whatever states a number anew, as ``--set`` or a factor of a sweep do, puts it here."""
    log: LogBlocks | None = None
    """How the log of tasks is resampled. Left out, every replication plays it as it is."""


@dataclass(frozen=True)
class Drawn:
    """What was drawn for the market of a replication, by the way to each field.

    All compare equal: a market is the same whoever made up its numbers.
    """

    inputs: Mapping[str, float] = field(default_factory=dict, compare=False)


def objections_to(uncertainty: Uncertainty, stated: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with what is said to be uncertain, in a scenario of which this is stated."""
    first: dict[Steps, str] = {}
    for path in uncertainty.inputs:
        try:
            steps = steps_to(path, stated)
        except UnknownPlace as error:
            yield f"uncertainty.inputs.{path}: {error}"
            continue
        if steps in first:
            yield f"uncertainty.inputs.{path}: is the same field as {first[steps]}"
        first[steps] = path
    if uncertainty.log is not None:
        yield from _objections_to_log(uncertainty.log.blocks, stated)


def _objections_to_log(blocks: str, stated: Mapping[str, Any]) -> Iterator[str]:
    arrivals, records = stated["workload"]["arrivals"], stated.get("records")
    place, got = "uncertainty.log.blocks", f"(got {blocks!r})"
    if blocks == "instance" and records is None:
        yield f"{place}: needs records, whose instances are drawn {got}"
    if blocks != "instance" and arrivals["kind"] not in LOGS:
        yield f"{place}: needs a log, which workload.arrivals of the kind {arrivals['kind']} is not {got}"
    where = "records" if blocks == "instance" else "workload.arrivals"
    if "resample" in ((records if blocks == "instance" else arrivals) or {}):
        yield f"{where}.resample: one sample, where uncertainty.log draws one for each replication"


class UnknownPlace(ValueError):
    """Raised for the way to a field at which no number stands; says why, and what might have been meant."""


_ITEM = re.compile(r"\[(\d{1,9})\]")


def steps_to(path: str, data: Mapping[str, Any]) -> Steps:
    """The steps to the number that a path names in a resolved scenario; a name may have dots itself.

    Raises `UnknownPlace`.
    """
    steps: Steps = ()
    value: Any = data
    rest = path
    while rest:
        if isinstance(value, Mapping):
            rest = rest.removeprefix(".") if steps else rest
            found = [key for key in value if _begins_with(rest, key)]
            if not found:
                raise UnknownPlace(_unknown(steps, rest, value))
            step: str | int = max(found, key=len)
            rest = rest[len(str(step)) :]
        elif isinstance(value, list) and (item := _ITEM.match(rest)):
            step, rest = int(item[1]), rest[item.end() :]
            if step >= len(value):
                where = dotted(steps)
                raise UnknownPlace(f"there is no item [{step}] in {where}, which has {len(value)}")
        else:
            raise UnknownPlace(f"there is nothing below {dotted(steps)} (got {shown(rest)})")
        steps, value = (*steps, step), value[step]
    if asked := [step for step in steps if step == "policy" or (step == steps[0] and step in NOT_DRAWN)]:
        raise UnknownPlace(f"{asked[0]} is what is asked for, and not uncertain")
    if isinstance(value, bool) or not isinstance(value, int | float):
        got = (
            "a mapping"
            if isinstance(value, Mapping)
            else "a list"
            if isinstance(value, list)
            else shown(value)
        )
        raise UnknownPlace(f"must be the way to a number (got that to {got})")
    return steps


def _begins_with(text: str, key: str) -> bool:
    return text.startswith(key) and text[len(key) : len(key) + 1] in ("", ".", "[")


def _unknown(steps: Steps, rest: str, value: Mapping[str, Any]) -> str:
    """What to say where no field is called what comes next; one that is left out holds no number either."""
    word = re.split(r"[.\[]", rest, maxsplit=1)[0]
    near = closest(word, list(value))
    hint = f"did you mean {near!r}?" if near else "fields that are left out need a number of their own first"
    where = f" in {dotted(steps)}" if steps else ""
    return f"no number stands there: {word!r} is not{where}; {hint}"
