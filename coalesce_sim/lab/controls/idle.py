"""Fields that change nothing in the scenario at hand, whatever they are set to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel

from coalesce_sim.experiments.diagnosis.unused.everywhere import unused_in
from coalesce_sim.lab.controls.ways import covers
from coalesce_sim.scenario.document import steps_of
from coalesce_sim.scenario.problems import Steps
from coalesce_sim.scenario.schema import Scenario


class Idle:
    """What is without effect in a scenario, looked up once for what it states."""

    def __init__(self, scenario: Scenario) -> None:
        self._scenario = scenario
        self._places = _idle_places(scenario)

    def now(self, steps: Steps) -> bool:
        """Whether a field that is not as it is by default is without effect."""
        return any(covers(place, steps) for place in self._places)

    def at_each(self, steps: Steps, others: Sequence[Any]) -> bool:
        """Whether a field would be without effect at every one of some values other than that by default.

        Nothing is validated.
        """
        changed = (_changed(self._scenario, steps, other) for other in others)
        return all(any(covers(place, steps) for place in _idle_places(each)) for each in changed)


def _idle_places(scenario: Scenario) -> list[Steps]:
    """Ways to what is without effect; a place with its value, as in ``opportunity=later_tasks``, is about
    that value and no other."""
    places = (place for each in unused_in(scenario) for place in each.places)
    return [steps_of(place, place) for place in places if "=" not in place]


def _changed(holder: Any, steps: Steps, value: Any) -> Any:
    """A copy with another value at the end of a way."""
    if not steps:
        return value
    step, rest = steps[0], steps[1:]
    if isinstance(holder, BaseModel):
        name = _name(type(holder), str(step))
        return holder.model_copy(update={name: _changed(getattr(holder, name), rest, value)})
    if isinstance(holder, list):
        return [_changed(each, rest, value) if at == step else each for at, each in enumerate(holder)]
    return {**holder, step: _changed(holder[step], rest, value)}


def _name(model: type[BaseModel], alias: str) -> str:
    named = (name for name, field in model.model_fields.items() if field.alias == alias)
    return next(named, alias)
