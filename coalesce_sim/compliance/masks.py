"""Who may not be hired by whom, laid out once a run, and the rule that says so."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from coalesce_sim.arrays import BoolArray, IntArray
from coalesce_sim.compliance.limits import limits_of
from coalesce_sim.compliance.ownership import blocked
from coalesce_sim.compliance.parties import Parties
from coalesce_sim.scenario.compliance import Compliance, Jurisdictions
from coalesce_sim.streams import Streams


class Masks:
    """Which contractors the clients under each law may not hire, (laws, contractors).

    `laws` are the laws, None where nobody's is known, and `law_of` is the row of each client. `closed` is for
    all tasks, `closed_to_sensitive` for those of high data sensitivity, `closed_by` by the name of the rule;
    `limits` are those of prices and of onboarding.
    """

    def __init__(self, rules: Compliance, parties: Parties, clients: int, streams: Streams) -> None:
        self._rules, self._parties = rules, parties
        shares = rules.laws_of_clients
        self.laws: list[str | None] = [*shares] if shares else [None]
        self.law_of = _drawn([*shares.values()], clients, streams)
        self._law_of_contractor = _laws_of_contractors(rules.jurisdictions, parties)
        self._blocked = blocked(rules.sanctioned, rules.ownership, parties.party)
        self.limits = limits_of(rules.tiers, parties)
        sanctioned = np.array([place in self._blocked for place in range(len(parties))], dtype=bool)
        self.closed_by = {
            "sanctioned": np.tile(sanctioned, (len(self.laws), 1)),
            "embargo": self._table(self._is_embargoed),
            "residency": self._table(self._is_abroad),
        }
        self.closed = self.closed_by["sanctioned"] | self.closed_by["embargo"]
        self.closed_to_sensitive = self.closed | self.closed_by["residency"]

    def _table(self, forbids: Callable[[str | None, str | None], bool]) -> BoolArray:
        """What a rule by law forbids, (laws, contractors)."""
        rows = [[forbids(law, its) for its in self._law_of_contractor] for law in self.laws]
        return np.array(rows, dtype=bool)

    def _is_embargoed(self, law: str | None, its: str | None) -> bool:
        return law is not None and its in self._rules.embargo.get(law, ())

    def _is_abroad(self, law: str | None, its: str | None) -> bool:
        """Whether sensitive data of clients under one law may not go to contractors under another."""
        return law in self._rules.residency and its not in self._rules.residency[law]

    @property
    def any(self) -> bool:
        """Whether anything is forbidden to anybody."""
        limits = self.limits
        return bool(self.closed_to_sensitive.any() or limits.any_usd or limits.onboarding_s.any())

    def why(self, client: int, contractor: int, *, sensitive: bool) -> list[str]:
        """The rules by which a client may not hire a contractor for a task, whenever that is and whatever it
        costs."""
        law, its = self.laws[self.law_of.item(client)], self._law_of_contractor[contractor]
        told = list[str]()
        if contractor in self._blocked:
            told.append(self._blocked.why(contractor, self._parties.called))
        if self._is_embargoed(law, its):
            told.append(f"embargo: {its} for clients of {law}")
        if sensitive and law is not None and self._is_abroad(law, its):
            there = ", ".join(self._rules.residency[law]) or "nobody"
            where = "its jurisdiction is not known" if its is None else f"it is in {its}"
            told.append(f"residency: tasks of high sensitivity of {law} may go to {there} ({where})")
        return told


def _drawn(shares: Sequence[float], clients: int, streams: Streams) -> IntArray:
    """The row of each client, drawn by the shares of the rows; the one row there is without any."""
    if len(shares) < 2:
        return np.zeros(clients, dtype=np.int64)
    upto = np.cumsum(shares)
    return np.searchsorted(upto[:-1] / upto[-1], streams("compliance.clients").random(clients), side="right")


def _laws_of_contractors(stated: Jurisdictions, parties: Parties) -> list[str | None]:
    """Under whose law each contractor is: as is stated of it, else of its type, else by itself."""
    laws = list(parties.laws)
    for word in sorted(stated.contractors, key=parties.means_one):
        for place in parties.meant(word).tolist():
            laws[place] = stated.contractors[word]
    return laws
