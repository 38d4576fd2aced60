"""Settings of whose contractors are, and of how they come and go, that do nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from coalesce_sim.experiments.diagnosis.unused.market import Asked
from coalesce_sim.experiments.diagnosis.unused.stated import Unused, stated
from coalesce_sim.scenario.pool import ContractorFacts, DrawnPool


def of_comings(asked: Asked) -> Iterator[Unused]:
    """Owners, and those who enter and leave."""
    yield from _of_owners(asked)
    yield from _of_turnover(asked)


def _of_owners(asked: Asked) -> Iterator[Unused]:
    listed = asked.scenario.contractors
    if not isinstance(listed, list):
        return
    if not asked.learns:
        owned = any(each.owner is not None for each in listed)
        yield Unused(["contractors[*].owner"] * owned, "no books are kept of contractors without contracts")
        return
    has = Counter(each.owner or each.name for each in listed)
    alone = [at for at, each in enumerate(listed) if each.owner is not None and has[each.owner] == 1]
    yield Unused([f"contractors[{at}].owner" for at in alone], "whose it is has no other contractor")


def _of_turnover(asked: Asked) -> Iterator[Unused]:
    turnover, pool = asked.scenario.turnover, asked.scenario.contractors
    if turnover is None:
        return
    if isinstance(pool, DrawnPool) and len(pool.types) == 1:
        places = stated(turnover.entry, "turnover.entry", "types")
        yield Unused(places, "there is one type of contractor")
    leaves = turnover.exit
    if leaves is None:
        return
    if leaves.in_the_red is None:
        yield Unused(stated(leaves, "turnover.exit", "check_min"), "turnover.exit.in_the_red is left out")
    elif not any(_tells_its_costs(each) for each in asked.contractors):
        places = stated(leaves, "turnover.exit", "in_the_red", "check_min")
        yield Unused(places, "nothing tells what work costs any contractor")


def _tells_its_costs(facts: ContractorFacts) -> bool:
    return facts.own_cost_share is not None or facts.knows_its_costs
