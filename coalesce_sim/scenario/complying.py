"""What rules about who may be hired need, and whom they cannot mean: all at once, before anything runs."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING, NamedTuple

from coalesce_sim.rounding import exceeds
from coalesce_sim.scenario.compliance import Ownership, Party
from coalesce_sim.scenario.pool import DrawnPool, PriceList
from coalesce_sim.scenario.problems import closest

if TYPE_CHECKING:
    from coalesce_sim.scenario.schema import Scenario


def objections_to_compliance(scenario: Scenario) -> Iterator[str]:
    """What is wrong with the rules about who may be hired."""
    rules = scenario.compliance
    if rules is None:
        return
    if scenario.contracts is None:
        yield "compliance: needs contracts, which may be empty ({}), or extends: market"
        return
    clients = rules.jurisdictions.clients
    if clients is not None and not any(clients.values()):
        yield "compliance.jurisdictions.clients: the shares must not all be 0"
    yield from _ownership_that_cannot_be(rules.ownership)
    names = scenario.names_of("contractor")
    if names is not None:
        yield from unknown_contractors(scenario, names)


def _ownership_that_cannot_be(links: Sequence[Ownership]) -> Iterator[str]:
    owners: dict[Party, dict[Party, float]] = defaultdict(dict)
    for index, link in enumerate(links):
        if link.by in owners[link.of]:
            yield f"compliance.ownership[{index}].by: stated twice for {link.of} (got {link.by!r})"
        owners[link.of][link.by] = link.share
        total = math.fsum(owners[link.of].values())
        if exceeds(total, 1.0):
            together = f"the shares of {link.of} make {total:g} together, more than 1"
            yield f"compliance.ownership[{index}].share: {together} (got {link.share:g})"
    try:
        TopologicalSorter(owners).prepare()
    except CycleError as error:
        circle = " owns ".join(map(str, error.args[1]))
        yield f"compliance.ownership: runs in a circle: {circle}"


class _Pool(NamedTuple):
    """The words that may mean contractors: their `names`, where they are listed, and types; `drawn` is
    how many there are, None where they are listed.
    """

    names: Sequence[str]
    types: Sequence[str]
    drawn: int | None

    def objection(self, word: Party, others: Sequence[str], what: str) -> str | None:
        """Why a word means neither a contractor nor one of some `others`, with `what` it should; None if it
        does."""
        if isinstance(word, int):
            if self.drawn is None:
                return f"contractors are listed by name (got {word})"
            there_are = f"there are {self.drawn} contractors, from 0 on (got {word})"
            return there_are if word >= self.drawn else None
        if self.number_or_word(word) != word:
            return f"is text; the number of a contractor stands without quotes (got {word!r})"
        if self._may_be_drawn(word):
            return f"names of a drawn pool differ by replication; state numbers (got {word!r})"
        there = [*self.names, *others]
        if word in there:
            return None
        near = closest(word, there[:1000])
        hint = "" if near is None else f"; did you mean {near!r}?"
        return f"there is no {what} of that name (got {word!r}){hint}"

    def _may_be_drawn(self, word: str) -> bool:
        """Whether a word is what a drawn contractor may be called."""
        type_, _, number = word.rpartition("_")
        return self.drawn is not None and type_ in self.types and number.isdecimal()

    def number_or_word(self, word: str) -> Party:
        """A word that is the number of a drawn contractor, as such."""
        is_number = self.drawn is not None and word.isdecimal() and str(int(word)) == word
        return int(word) if is_number else word


def unknown_contractors(scenario: Scenario, names: Sequence[str]) -> Iterator[str]:
    """What is wrong with words that should mean contractors by these names, types of them, or owners."""
    rules, pool = scenario.compliance, _pool_of(scenario, names)
    if rules is None:
        return
    for key in rules.jurisdictions.contractors:
        if message := pool.objection(pool.number_or_word(key), pool.types, "contractor or type"):
            yield f"compliance.jurisdictions.contractors.{key}: {message}"
    for name, tier in rules.tiers.items():
        for number, word in enumerate(tier.of):
            if message := pool.objection(word, pool.types, "contractor or type"):
                yield f"compliance.tiers.{name}.of[{number}]: {message}"
    owners = [each.by for each in rules.ownership if isinstance(each.by, str)]
    parties = [(f"sanctioned[{number}]", word) for number, word in enumerate(rules.sanctioned)]
    for index, link in enumerate(rules.ownership):
        parties += [(f"ownership[{index}].of", link.of), (f"ownership[{index}].by", link.by)]
    for place, word in parties:
        if isinstance(word, str) and word in pool.types and word not in pool.names:
            yield f"compliance.{place}: is a type of contractors; state them one by one (got {word!r})"
        elif message := pool.objection(word, owners, "contractor or owner"):
            yield f"compliance.{place}: {message}"


def _pool_of(scenario: Scenario, names: Sequence[str]) -> _Pool:
    match scenario.contractors:
        case DrawnPool(types=types, count=count):
            return _Pool([], list(types), count)
        case list() as listed:
            return _Pool(names, list(dict.fromkeys(each.type for each in listed)), None)
        case PriceList():
            return _Pool(names, ["seller"], None)
        case _:
            return _Pool(names, names, None)
