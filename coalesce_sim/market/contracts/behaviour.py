"""How contractors and clients behave, as questions; each class here gives the answers of the honest.

A question is asked when its answer is needed, and may be asked beforehand and again by whoever is told more,
such as the oracle: an answer changes nothing. Others than the honest are subclasses.
"""

from __future__ import annotations

from dataclasses import dataclass


class Conduct:
    """How contractors work."""

    def success_p(self, now_s: float, contractor: int, type_id: int, honest_p: float) -> float:
        """Probability that work as it is done now is good; that of honest work is `honest_p`.

        Asked when work begins, for bad work may break off, and when it is delivered. Both times it is
        compared with the same luck.
        """
        return honest_p

    def bill_usd(self, now_s: float, contractor: int, type_id: int, honest_usd: float) -> float:
        """What is billed for a delivery, or for one that failed, of which a share may be due; `honest_usd` is
        what use or the offer make of it. Not asked where the client has fixed the price."""
        return honest_usd


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How everybody in a market behaves."""

    conduct: Conduct


HONEST = Behaviour(Conduct())
