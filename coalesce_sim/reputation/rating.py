"""Who writes what into the public record."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Ballot(NamedTuple):
    """One client's word on a contractor's work, from 0 (bad) to 1; `contract` says whether one is behind it.

    >>> import coalesce_sim
    >>> cast = coalesce_sim.Ballot(client=0, contractor=3, type_id=0, rating=1.0, contract=True)
    >>> cast._replace(rating=0.0).rating
    0.0
    """

    client: int
    contractor: int
    type_id: int
    rating: float
    contract: bool


class Rating:
    """What becomes of ballots on their way into the public record; the honest cast their own.

    A subclass may change ballots, add those of other clients and on other contractors, or leave out what the
    market does not admit, such as ballots that no contract is behind.
    """

    def rate(self, now_s: float, cast: Ballot) -> Iterable[Ballot]:  # noqa: ARG002
        """What is written where a client that had a contract casts this ballot."""
        return (cast,)

    def written(self, now_s: float, ballot: Ballot) -> None:
        """A ballot has been written, where there is a public record."""

    def catch_up(self, now_s: float) -> None:
        """Whoever rates by the clock has done so up to now; asked before anybody looks at scores, or changes
        them."""
