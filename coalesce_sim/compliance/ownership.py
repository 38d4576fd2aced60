"""Who is sanctioned through its owners (OFAC's 50 % rule)."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from graphlib import TopologicalSorter
from typing import Final, NamedTuple

from coalesce_sim.rounding import exceeds
from coalesce_sim.scenario.compliance import Ownership, Party

SHARE_THAT_BLOCKS: Final = 0.5

SANCTIONED: Final = "sanctioned"


class Link(NamedTuple):
    """An owner, and the share of somebody that it has."""

    owner: Party
    share: float


class Blocked:
    """All who are sanctioned: those who are said to be, and whoever is owned to half or more by these.

    Shares of one who is not sanctioned itself count for nothing, whoever owns it: 25 % of the owner of all of
    a contractor is no share of the contractor.
    """

    def __init__(self, sanctioned: Iterable[Party], links: Mapping[Party, Sequence[Link]]) -> None:
        self._stated = frozenset(sanctioned)
        self._through: dict[Party, list[Link]] = {}
        order = TopologicalSorter({of: [link.owner for link in owners] for of, owners in links.items()})
        for party in order.static_order():  # owners first
            held = [link for link in links.get(party, ()) if link.owner in self]
            if not exceeds(SHARE_THAT_BLOCKS, math.fsum(link.share for link in held)):
                self._through[party] = held

    def __contains__(self, party: object) -> bool:
        return party in self._stated or party in self._through

    def why(self, party: Party, name_of: Callable[[Party], str]) -> str:
        """What makes one of them so, link by link; `name_of` says what a party is called."""
        told, sentences = [party], list[str]()
        for number, each in enumerate(told):  # which grows while it is gone through
            chain, several = self._chain(each, name_of)
            sentences.append(chain if number == 0 else f"{name_of(each)} is {chain}")
            told += [link.owner for link in several if link.owner not in {*self._stated, *told}]
        return "; ".join(sentences)

    def _chain(self, party: Party, name_of: Callable[[Party], str]) -> tuple[str, list[Link]]:
        """The links up to who is sanctioned by name or has several such owners, and those owners."""
        words: list[str] = []
        while party not in self._stated:
            held = self._through[party]
            if len(held) > 1:
                owners = ", ".join(f"{name_of(link.owner)} {_percent(link.share)}" for link in held)
                total = _percent(math.fsum(link.share for link in held))
                return ", which is ".join([*words, f"owned {total} by sanctioned parties: {owners}"]), held
            words.append(f"owned {_percent(held[0].share)} by {name_of(held[0].owner)}")
            party = held[0].owner
        return ", which is ".join([*words, SANCTIONED]), []


def blocked(
    sanctioned: Iterable[Party],
    ownership: Iterable[Ownership],
    party: Callable[[Party], Party] = lambda word: word,
) -> Blocked:
    """Who is sanctioned by what is stated, where `party` says whom a word means."""
    links: dict[Party, list[Link]] = {}
    for each in ownership:
        links.setdefault(party(each.of), []).append(Link(party(each.by), each.share))
    return Blocked(map(party, sanctioned), links)


def _percent(share: float) -> str:
    return f"{100 * share:.10g} %"
