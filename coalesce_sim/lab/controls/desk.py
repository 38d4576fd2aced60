"""All that is shown for a scenario and what is asked of it: controls, and what stands in the way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from coalesce_sim.lab.controls.changes import KIND, Written
from coalesce_sim.lab.controls.described import Field, fields_in
from coalesce_sim.lab.controls.offered import Control, controls_of
from coalesce_sim.lab.controls.ways import covers
from coalesce_sim.market.hired import hired_is_drawn
from coalesce_sim.scenario.problems import Problem, ScenarioError, Steps, dotted
from coalesce_sim.scenario.schema import Scenario

SEED: Final[Steps] = ("seed",)
REPLICATIONS: Final[Steps] = ("replications",)


@dataclass(frozen=True, eq=False)
class Desk:
    """A scenario with what is asked of it.

    `changes` are all that could be read, `problems` say why some of them cannot be played, and `refused` are
    texts that are no changes, with why. `played` is the scenario with the changes that can be played, which
    the `controls` show.
    """

    written: Written
    changes: Mapping[Steps, Any]
    problems: Mapping[Steps, str]
    refused: Mapping[str, str]
    played: Scenario
    controls: list[Control]

    @property
    def playable(self) -> bool:
        """Whether all that is asked can be played."""
        return not (self.problems or self.refused)

    @property
    def texts(self) -> tuple[str, ...]:
        """The changes as overrides, seed and replications among them, and what was refused."""
        return (*self.written.texts(self.changes), *self.refused)

    @property
    def overrides(self) -> tuple[str, ...]:
        """The same without seed and replications, which commands take apart."""
        changes = {way: each for way, each in self.changes.items() if way not in (SEED, REPLICATIONS)}
        return (*self.written.texts(changes), *self.refused)

    @property
    def fields(self) -> list[Field]:
        """All fields of the scenario as it is played."""
        return list(fields_in(self.played.resolved()))

    @property
    def elsewhere(self) -> list[Steps]:
        """The changes that no control shows."""
        shown = [control.steps for control in self.controls]
        return [way for way in self.changes if way not in shown]

    def problem_with(self, text: str) -> str | None:
        """Why ``path=value`` could not be asked besides, in one sentence; None if it could."""
        asked = self.written.asked((*self.written.texts(self.fine), text))
        if asked.refused:
            return sentence(next(iter(asked.refused.values())))
        problem = _objection(self.written, asked.changes)
        return None if problem is None else sentence(problem)

    @property
    def fine(self) -> dict[Steps, Any]:
        """The changes that can be played."""
        return {way: value for way, value in self.changes.items() if way not in self.problems}


@lru_cache(maxsize=32)
def desk(written: Written, texts: tuple[str, ...]) -> Desk:
    """What is shown for a scenario of which `texts` ask for something, later ones counting."""
    asked = written.asked(texts)
    problems: dict[Steps, str] = {}
    fine = dict(asked.changes)
    try:
        played = _ready(written, fine)
    except ScenarioError:
        problems = _at_fault(written, asked.changes)
        fine = {way: value for way, value in asked.changes.items() if way not in problems}
        played = written.played(fine)
    refused = {text: sentence(problem) for text, problem in asked.refused.items()}
    controls = controls_of(written, fine, played)
    return Desk(written, asked.changes, problems, refused, played, controls)


def sentence(problem: Problem, at: Steps = ()) -> str:
    """What is wrong, with the field that it is about unless that is the one it is shown at."""
    about = problem.path if problem.path != dotted(at) else ""
    return ": ".join(part for part in (about, problem.message) if part)


def _at_fault(written: Written, changes: Mapping[Steps, Any]) -> dict[Steps, str]:
    """The changes that cannot be played, with why: one that all others could do without, or else, in their
    order, those that do not go with the ones before. A kind and its settings stand or fall together."""
    parts = _parts(changes)
    for part in reversed(parts):
        others = {way: each for way, each in changes.items() if way not in part}
        if _objection(written, others) is None:
            return _faults_in(written, others, part)
    found: dict[Steps, str] = {}
    fine: dict[Steps, Any] = {}
    for part in parts:
        faults = _faults_in(written, fine, part)
        fine |= {way: each for way, each in part.items() if way not in faults}
        found |= faults
    return found


def _faults_in(written: Written, fine: Mapping[Steps, Any], part: Mapping[Steps, Any]) -> dict[Steps, str]:
    """Those of a kind and its settings, or of a single change, that cannot be asked besides, with why."""
    problem = _objection(written, {**fine, **part})
    if problem is None:
        return {}
    (first, kind), *settings = part.items()
    if _objection(written, {**fine, first: kind}) is not None:
        return {way: sentence(problem, way) for way in part}
    kept, found = {**fine, first: kind}, {}
    for way, value in settings:
        problem = _objection(written, {**kept, way: value})
        if problem is None:
            kept[way] = value
        else:
            found[way] = sentence(problem, way)
    return found


def _parts(changes: Mapping[Steps, Any]) -> list[dict[Steps, Any]]:
    kinds = [way[:-1] for way in changes if way[-1] == KIND]
    parts: dict[Steps, dict[Steps, Any]] = {}
    for way, value in changes.items():
        around = next((kind for kind in kinds if covers(kind, way)), way)
        parts.setdefault(around, {})[way] = value
    return list(parts.values())


def _objection(written: Written, changes: Mapping[Steps, Any]) -> Problem | None:
    """The first thing that is wrong with the scenario and those changes."""
    try:
        _ready(written, changes)
    except ScenarioError as error:
        return error.problems[0]
    return None


def _ready(written: Written, changes: Mapping[Steps, Any]) -> Scenario:
    """The scenario with changes, in which those who are hired by name are there. Raises `ScenarioError`."""
    played = written.played(changes)
    hired_is_drawn(played, played.seed, range(played.replications))
    return played
