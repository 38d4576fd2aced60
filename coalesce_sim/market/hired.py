"""Whether the one contractor that a policy hires is there."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from coalesce_sim.inputs.uncertain import drawn
from coalesce_sim.market.cast import everyone
from coalesce_sim.scenario.policy import Fixed
from coalesce_sim.scenario.pool import DrawnPool
from coalesce_sim.scenario.problems import Mark, closest
from coalesce_sim.scenario.schema import Scenario
from coalesce_sim.streams import Streams

_MOST_LOOKED_AT = 1000


def hired_is_drawn(scenario: Scenario, seed: int, replications: Iterable[int]) -> None:
    """Raises `ScenarioError` where the one contractor to be hired is not drawn in some replication, of the
    first thousand."""
    for place, rule in scenario.policies:
        message = why_not_hired(scenario, rule, seed, replications) if isinstance(rule, Fixed) else None
        if message is not None:
            mark = scenario.origins.marks.get(f"{place}.contractor", Mark("", None))
            raise mark.error(message, (*place.split("."), "contractor"))


def why_not_hired(scenario: Scenario, rule: Fixed, seed: int, replications: Iterable[int]) -> str | None:
    """Why the contractor of a rule cannot be hired in some of the replications, of the first thousand; None
    where it can in all."""
    always: set[str] | None = None
    missing: int | None = None
    by_chance = isinstance(scenario.contractors, DrawnPool)
    for replication in islice(replications, _MOST_LOOKED_AT if by_chance else 1):
        market = drawn(scenario, seed, replication)
        names = everyone(market, Streams(seed, replication))[0].names
        if rule.contractor not in names and missing is None:
            missing = replication
        always = set(names) if always is None else always & set(names)
    if missing is None:
        return None
    if not by_chance:
        near = closest(rule.contractor, always or ())
        hint = "" if near is None else f"; did you mean {near!r}?"
        return f"no contractor of that name (got {rule.contractor!r}){hint}"
    there = f"; always there: {', '.join(sorted(always)[:6])}" if always else ""
    return (
        f"is not drawn in replication {missing} of seed {seed} (got {rule.contractor!r}){there}; state "
        "contractors as a list to have the same ones always"
    )
