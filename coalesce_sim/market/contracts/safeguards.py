"""The market's own rules against those who cheat, as they bear on contracts."""

from __future__ import annotations

import numpy as np

from coalesce_sim.arrays import BoolArray, FloatArray, IntArray
from coalesce_sim.luck import Luck
from coalesce_sim.market.contracts.books import Books
from coalesce_sim.market.contracts.contract import Contract
from coalesce_sim.market.contracts.reasons import BROKE_OFF, FOUND_BAD
from coalesce_sim.scenario.defences import Defences


class Safeguards:
    """Has work audited, keeps dues, and takes stakes and the market's part; these the market keeps.
    `audit_usd` is what an audit costs its client."""

    def __init__(self, rules: Defences, books: Books, contractors: int, luck: Luck) -> None:
        self._rules, self._books = rules, books
        self._owed_usd = [rules.dues_usd] * contractors
        self._audited, self._audit_finds = luck("audited"), luck("audit_finds")
        audit, self.audit_usd, self._by_score = rules.audit, 0.0, False
        self._audit_share = self._sensitivity = 0.0
        if audit is not None:
            self.audit_usd, self._by_score = audit.usd, audit.raise_with_risk
            self._audit_share, self._sensitivity = audit.share, audit.sensitivity

    def audits(self, contract: Contract, score: float) -> bool:
        """Whether work that passed is looked at again."""
        draw = self._audited.draw(contract.contractor, contract.task, contract.attempt)
        return draw < self._audit_share * (2 * (1 - score) if self._by_score else 1.0)

    def finds(self, contract: Contract) -> bool:
        """Whether an audit finds that bad work is bad."""
        draw = self._audit_finds.draw(contract.contractor, contract.task, contract.attempt)
        return draw < self._sensitivity

    def foreseen(
        self, ids: IntArray, task: int, attempt: int, scores: FloatArray
    ) -> tuple[BoolArray, BoolArray]:
        """The same of the work of each offer, with the scores of now: `audits` and `finds`."""
        share = self._audit_share * (2 * (1 - scores) if self._by_score else np.ones(len(ids)))
        at = ids, task, attempt
        audits: BoolArray = self._audited.draws(*at) < share
        finds: BoolArray = self._audit_finds.draws(*at) < self._sensitivity
        return audits, finds

    def waived_usd(self, contractor: int, due_usd: float) -> float:
        """What of an amount is not paid, since a contractor owes dues."""
        return min(due_usd, self._owed_usd[contractor])

    def settle(self, contract: Contract) -> float:
        """What a contractor is paid of what is due, once its dues are met; its stake and the market's part
        are levied."""
        who, due_usd = contract.contractor, contract.paid_usd
        contract.waived_usd = self.waived_usd(who, due_usd)
        self._owed_usd[who] -= contract.waived_usd
        paid_usd = due_usd - contract.waived_usd
        if contract.reason in (FOUND_BAD, BROKE_OFF):
            self._books.slash(contract, self._rules.stake_usd)
        self._books.levy(contract.ended_s, who, self._rules.platform_fee_share * paid_usd)
        return paid_usd
