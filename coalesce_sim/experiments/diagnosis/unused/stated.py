"""Which settings a scenario states, and the words on those that do nothing."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from pydantic import BaseModel

from coalesce_sim.experiments.diagnosis.finding import of_contractors
from coalesce_sim.scenario.origins import Origins
from coalesce_sim.scenario.pool import ContractorFacts
from coalesce_sim.scenario.schema import Scenario


class Unused(NamedTuple):
    """Settings, by their places, and why they do nothing."""

    places: list[str]
    reason: str


def stated(model: BaseModel | None, place: str, *names: str) -> list[str]:
    """The places of those fields of a model that are not as they are by default; none without a model."""
    return [] if model is None else [f"{place}.{name}" for name in names if _is_stated(model, name)]


def _is_stated(model: BaseModel, name: str) -> bool:
    field = type(model).model_fields[name]
    return not field.is_required() and bool(
        getattr(model, name) != field.get_default(call_default_factory=True)
    )


def stated_of_contractors(
    scenario: Scenario, *names: str, among: Iterable[ContractorFacts] | None = None
) -> list[str]:
    """The places of those facts that some contractor states, of all or `among` some."""
    everybody = [facts for _, facts in scenario.facts] if among is None else list(among)
    return [
        of_contractors(scenario, name) for name in names if any(_is_stated(each, name) for each in everybody)
    ]


def sentence(found: Iterable[Unused], origins: Origins) -> list[str]:
    """One sentence on all of them that a user wrote, by reason; none where nothing was found."""
    by_reason: dict[str, list[str]] = {}
    for each in found:
        if own := [place for place in each.places if origins.is_own(place)]:
            by_reason.setdefault(each.reason, []).extend(own)
    parts = [f"{', '.join(dict.fromkeys(places))} ({reason})" for reason, places in by_reason.items()]
    return [f"without effect here: {'; '.join(parts)}"] if parts else []
