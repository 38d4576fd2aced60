"""Any folder of results as a page tells it."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from coalesce_sim.calibration.page import calibration_page
from coalesce_sim.errors import CoalesceError, ResultsWarning
from coalesce_sim.files import ResultsError
from coalesce_sim.lab.results.kinds import first_file, kind_of
from coalesce_sim.lab.results.studies import attack, exploits, optimisation
from coalesce_sim.lab.results.studies.files import Study, read_study
from coalesce_sim.report.html.advice import advice_page
from coalesce_sim.report.html.page import Page
from coalesce_sim.report.html.sweep import MAIN
from coalesce_sim.report.html.writing import page_of
from coalesce_sim.report.opening import Opened, open_folder
from coalesce_sim.version import __version__

_OF_ADVICE = {
    "costs.png": "What policies cost",
    "who.png": "Who should do what",
    "turning.png": "What would turn the advice",
}
_OF_CALIBRATION = {"calibration.png": "Errors by component before and after, and predicted against measured"}

_STUDIES: Mapping[str, tuple[Callable[[Study], Page], Mapping[str, str]]] = {
    "attack.json": (attack.attack_page, attack.PICTURES),
    "exploits.json": (exploits.exploits_page, exploits.PICTURES),
    "optimisation.json": (optimisation.optimisation_page, optimisation.PICTURES),
    "advice.json": (lambda study: advice_page(study.facts), _OF_ADVICE),
    "calibration.json": (lambda study: calibration_page(study.facts), _OF_CALIBRATION),
}
"""By first file: what tells a study that ``report`` does not open, and its figures with what they show."""

_warned = threading.Lock()
"""Warnings are recorded for a whole process: one folder at a time."""


@dataclass(frozen=True)
class LeftPicture:
    """A figure that lies in the folder, and what it shows."""

    name: str
    shows: str
    png: bytes


@dataclass(frozen=True)
class Results:
    """A folder of results, opened: what the report says of it and, where ``plot`` draws it, the tables.

    `notes` are what was warned of while it was opened; `made` says where it came from.
    """

    folder: Path
    kind: str
    page: Page
    opened: Opened | None
    pictures: tuple[LeftPicture, ...]
    notes: tuple[str, ...]
    made: Mapping[str, Any]

    @property
    def command(self) -> str:
        """What makes them again."""
        return str(self.made["command"]) if self.opened is None else self.opened.command


Mark = tuple[tuple[str, int, int], ...]
"""Names of files, with their times in ns and their sizes in bytes."""


def fingerprint(folder: Path) -> Mark:
    """What changes when a folder of results does: its files with times and sizes; none where it has gone.

    Raises `ResultsError` where it cannot be looked into.
    """
    if not folder.is_dir():
        return ()
    try:
        told = [(each.name, each.stat()) for each in sorted(folder.iterdir()) if each.name[0] != "."]
    except OSError as error:
        raise ResultsError(f"{folder}: cannot be looked into: {error.strerror}") from error
    return tuple((name, stat.st_mtime_ns, stat.st_size) for name, stat in told)


def open_results(folder: Path, ranked_by: str | None = None) -> Results:
    """Open a folder of results of any kind; `ranked_by` is the metric that says which point of a sweep is
    best, by default the one that the report takes.

    Raises `ResultsError` where there is no such folder, where it holds no results or damaged ones, or where a
    newer version made them.
    """
    first = first_file(folder)
    if first is None:
        there = "holds no results" if folder.is_dir() else "there is no such folder of results"
        raise ResultsError(f"{folder}: {there}")
    kind = kind_of(folder, first)
    with _warned, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ResultsWarning)
        try:
            found = _opened(folder, first, kind, ranked_by)
        except CoalesceError:
            raise
        except (LookupError, TypeError, AttributeError, ValueError, OSError) as error:
            raise ResultsError(f"{folder / first}: not the {first} of results: {error!r}") from error
    notes = [str(each.message) for each in caught if issubclass(each.category, ResultsWarning)]
    for each in caught:
        if not issubclass(each.category, ResultsWarning):
            warnings.warn_explicit(each.message, each.category, each.filename, each.lineno)
    page, opened, pictures, made = found
    return Results(folder, kind, page, opened, pictures, tuple(dict.fromkeys(notes)), made)


def _opened(
    folder: Path, first: str, kind: str, ranked_by: str | None
) -> tuple[Page, Opened | None, tuple[LeftPicture, ...], Mapping[str, Any]]:
    if first not in _STUDIES:
        opened = open_folder(folder)
        metrics: Sequence[str] = ()
        if ranked_by is not None and kind == "sweep":
            opened.metric(ranked_by)
            metrics = (ranked_by, *(name for name in MAIN if name in opened.metrics and name != ranked_by))
        page = page_of(opened, metrics)
        left = {"waterfall.png": "What each friction takes of the saving"} if kind == "frictions" else {}
        files = Study(folder, opened.facts)
        return page, opened, _pictures(files, left), opened.facts["provenance"]
    tells, pictures = _STUDIES[first]
    study = read_study(folder, first)
    try:
        page = tells(study)
    except LookupError as error:
        if study.version == __version__:
            raise
        raise ResultsError(
            f"{folder}: written by coalesce_sim {study.version}, which told less than is shown here: "
            f"`{study.origin['command']}` makes it again"
        ) from error
    return page, None, _pictures(study, pictures), study.origin


def _pictures(study: Study, named: Mapping[str, str]) -> tuple[LeftPicture, ...]:
    found = [(name, shows, study.picture(name)) for name, shows in named.items()]
    return tuple(LeftPicture(name, shows, png) for name, shows, png in found if png is not None)
