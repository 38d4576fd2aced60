"""The market's own rules against those who cheat, as they bear on contracts."""

from __future__ import annotations

from coalesce_sim.luck import Luck
from coalesce_sim.market.contracts.books import Books
from coalesce_sim.market.contracts.contract import Contract
from coalesce_sim.market.contracts.reasons import BROKE_OFF, FOUND_BAD
from coalesce_sim.scenario.defences import Defences


class Safeguards:
    """Has work audited, keeps dues, and takes stakes and the market's part; these the market keeps."""

    def __init__(self, rules: Defences, books: Books, contractors: int, luck: Luck) -> None:
        self._rules, self._books = rules, books
        self._owed_usd = [rules.dues_usd] * contractors
        self._audited, self._audit_finds = luck("audited"), luck("audit_finds")

    def audits(self, contract: Contract, score: float) -> bool:
        """Whether work that passed is looked at again."""
        rule = self._rules.audit
        if rule is None:
            return False
        share = rule.share * (2 * (1 - score) if rule.raise_with_risk else 1.0)
        return self._audited.draw(contract.contractor, contract.task, contract.attempt) < share

    def finds(self, contract: Contract) -> bool:
        """Whether an audit finds that bad work is bad."""
        assert self._rules.audit is not None
        draw = self._audit_finds.draw(contract.contractor, contract.task, contract.attempt)
        return draw < self._rules.audit.sensitivity

    def audit_usd(self, contract: Contract) -> float:
        """What the audit of a contract costs its client."""
        return self._rules.audit.usd if contract.audited and self._rules.audit is not None else 0.0

    def settle(self, contract: Contract) -> float:
        """What a contractor is paid of what is due, once its dues are met; its stake and the market's part
        are levied."""
        who, due_usd = contract.contractor, contract.paid_usd
        if self._owed_usd[who] > 0:
            contract.waived_usd = min(due_usd, self._owed_usd[who])
            self._owed_usd[who] -= contract.waived_usd
        paid_usd = due_usd - contract.waived_usd
        if self._rules.stake_usd > 0 and contract.reason in (FOUND_BAD, BROKE_OFF):
            self._books.levy(who, self._rules.stake_usd)
        if self._rules.platform_fee_share > 0:
            self._books.levy(who, self._rules.platform_fee_share * paid_usd)
        return paid_usd
