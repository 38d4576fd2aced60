"""Whether those contractors that a policy hires by their names are there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

from coalesce_sim.inputs.uncertain import drawn
from coalesce_sim.market.cast import everyone
from coalesce_sim.scenario.document import steps_of
from coalesce_sim.scenario.policy import PolicySettings, hired_by
from coalesce_sim.scenario.pool import DrawnPool
from coalesce_sim.scenario.problems import Mark, ScenarioError, Steps, closest
from coalesce_sim.scenario.schema import Scenario
from coalesce_sim.streams import Streams

_MOST_LOOKED_AT = 1000


def hired_is_drawn(scenario: Scenario, seed: int, replications: Iterable[int]) -> None:
    """Raises `ScenarioError` where a contractor that is hired by its name is not drawn in some replication,
    of the first thousand."""
    replications, problems = list(islice(replications, _MOST_LOOKED_AT)), []
    for place, rule in scenario.policies:
        for field, message in not_hired(scenario, rule, seed, replications):
            mark = scenario.origins.marks.get(f"{place}.{field}", Mark("", None))
            problems.append(mark.problem(steps_to(place, field), message))
    if problems:
        raise ScenarioError(problems)


def steps_to(place: str, field: str) -> Steps:
    """The way to a field of the policy that stands at a place."""
    return (*place.split("."), *steps_of(field, field))


def not_hired(
    scenario: Scenario, rule: PolicySettings, seed: int, replications: Iterable[int]
) -> Iterator[tuple[str, str]]:
    """The fields of a policy that name contractors who cannot be hired in some of the replications, of the
    first thousand, and why."""
    named = hired_by(rule)
    if not named:
        return
    always: set[str] | None = None
    missing: dict[str, int] = {}
    by_chance = isinstance(scenario.contractors, DrawnPool)
    for replication in islice(replications, _MOST_LOOKED_AT if by_chance else 1):
        names = set(everyone(drawn(scenario, seed, replication), Streams(seed, replication))[0].names)
        for name in named.values():
            if name not in names:
                missing.setdefault(name, replication)
        always = names if always is None else always & names
    for field, name in named.items():
        if name in missing:
            yield field, _reason(name, missing[name] if by_chance else None, seed, always or set())


def _reason(name: str, missing: int | None, seed: int, always: set[str]) -> str:
    """Why a contractor cannot be hired; `missing` is the replication where it is not drawn."""
    if missing is None:
        near = closest(name, always)
        hint = "" if near is None else f"; did you mean {near!r}?"
        return f"no contractor of that name (got {name!r}){hint}"
    there = f"; always there: {', '.join(sorted(always)[:6])}" if always else ""
    return (
        f"is not drawn in replication {missing} of seed {seed} (got {name!r}){there}; state "
        "contractors as a list to have the same ones always"
    )
