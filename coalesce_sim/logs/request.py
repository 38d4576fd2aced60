"""What the user asks of an import, and what is wrong with it."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from coalesce_sim.logs.sources import BY, FIELDS, SOURCES, Source
from coalesce_sim.logs.times import is_zone
from coalesce_sim.scenario.catalogue import catalogue
from coalesce_sim.scenario.problems import Problem, ScenarioError, closest

RETRY_WITHIN_S: Final = 60.0
"""Seconds from a failed call in which the next one like it is another attempt at the same task."""


@dataclass(frozen=True, slots=True)
class Request:
    """What the user asks of an import, checked."""

    source: Source
    logs: tuple[str, ...]
    home: tuple[str, str] | None
    price_file: str | None
    price_date: date | None
    group_by: str | None
    type_by: str | None
    keep_names: bool
    composite: bool
    columns: Mapping[str, str]
    zone: str
    retry_within_s: float


def checked(
    kind: str,
    logs: Sequence[str],
    *,
    home: str | None,
    prices: str | None,
    price_date: date | None,
    group_by: str | None,
    type_by: str | None,
    keep_names: bool,
    sessions: str,
    columns: Mapping[str, str],
    zone: str,
    retry_within_s: float,
) -> Request:
    """A request, if nothing is wrong with it. Raises `ScenarioError` with all that is."""
    problems: list[Problem] = []

    def wrong(option: str, message: str) -> None:
        problems.append(Problem("", None, option, message))

    if kind not in SOURCES:
        near = closest(kind, SOURCES)
        hint = f"; did you mean {near!r}?" if near else ""
        wrong("KIND", f"no such kind of log (got {kind!r}{hint}; known: {', '.join(SOURCES)})")
    if not logs:
        wrong("LOG", "missing")
    if sum(log == "-" for log in logs) > 1:
        wrong("LOG", "standard input can be read only once")
    for option, value in (("--group-by", group_by), ("--type-by", type_by)):
        if value is not None and value not in BY:
            wrong(option, f"must be one of {', '.join(BY)} (got {value!r})")
    if sessions not in ("tasks", "composite"):
        wrong("--sessions", f"must be tasks or composite (got {sessions!r})")
    for name in columns:
        if name not in FIELDS:
            near = closest(name, FIELDS)
            hint = f"; did you mean {near!r}?" if near else ""
            wrong("--columns", f"{name!r} is no field of a call{hint} (known: {', '.join(FIELDS)})")
    if not is_zone(zone):
        wrong("--zone", f"no such time zone (got {zone!r}); as in Europe/Berlin")
    if not retry_within_s >= 0:
        wrong("--retry-within", f"must be >= 0 (got {retry_within_s:g})")
    owned = None
    if home is not None:
        model, equals, hardware = home.rpartition("=")
        if not equals or not model:
            wrong("--home", f"must be MODEL=HARDWARE, as in llama-3.1-8b=rtx_4090 (got {home!r})")
        elif hardware not in catalogue().profiles:
            near = closest(hardware, catalogue().profiles)
            hint = f"; did you mean {near!r}?" if near else ""
            wrong(
                "--home",
                f"no such hardware profile (got {hardware!r}{hint}); `coalesce-sim hardware` lists them",
            )
        else:
            owned = (model, hardware)
    if problems:
        raise ScenarioError(problems)
    source = SOURCES[kind]
    return Request(
        source,
        tuple(logs),
        owned,
        prices,
        price_date,
        group_by,
        type_by,
        keep_names,
        sessions == "composite",
        columns,
        zone,
        retry_within_s,
    )


def import_command(request: Request, out: Path) -> str:
    """The command that makes the folder `out` of what is asked, for a shell."""
    words = ["coalesce-sim", "import", request.source.kind, *request.logs]
    if request.home:
        words += ["--home", "=".join(request.home)]
    for option, value in (
        ("--prices", request.price_file),
        ("--price-date", request.price_date),
        ("--group-by", request.group_by),
        ("--type-by", request.type_by),
        ("--zone", None if request.zone == "UTC" else request.zone),
    ):
        words += [] if value is None else [option, str(value)]
    for name, column in request.columns.items():
        words += ["--columns", f"{name}={column}"]
    words += ["--keep-names"] if request.keep_names else []
    words += ["--sessions", "composite"] if request.composite else []
    if request.retry_within_s != RETRY_WITHIN_S:
        words += ["--retry-within", f"{request.retry_within_s:g}"]
    return shlex.join([*words, "--out", str(out)])
