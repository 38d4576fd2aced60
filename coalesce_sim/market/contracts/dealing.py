"""Contracts with their money: agreed, delivered, verified, paid, rated, and recovered from."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from coalesce_sim.market.accounts import Accounts
from coalesce_sim.market.contracts.endings import Endings
from coalesce_sim.market.contracts.home import Home
from coalesce_sim.market.contracts.knowledge import Knowledge
from coalesce_sim.market.contracts.lifecycle import Contract, Lifecycle
from coalesce_sim.market.contracts.open_block import Ask, OpenContractBlock, Tell
from coalesce_sim.market.contracts.quotes import ContractQuote, ContractQuotes
from coalesce_sim.market.contracts.states import COMPLETED, FAILED, REJECTED
from coalesce_sim.market.contracts.terms import ASKED, EXTERNAL, LATENCY, PLAIN, SERVICE
from coalesce_sim.market.floor import Floor
from coalesce_sim.policies.protocol import Decision, Outcome
from coalesce_sim.scenario.contracts import Contracts
from coalesce_sim.scenario.schema import Scenario

FOUND_BAD: Final = "found bad"
"""The reason of a contract whose work was delivered but not accepted."""


@dataclass(slots=True, kw_only=True)
class Deal(Contract):
    """A contract on a task of an open block, with the estimates that it was made on.

    `plain_usd` are the estimated charges before correction by experience; `tried` are all contractors that
    the task was given to so far, this one included. A `fixed_price` is due even where others are billed by
    use.
    """

    opened: OpenContractBlock
    plain_usd: float
    estimated_usd: float
    internal_usd: float
    fixed_price: bool
    explored: bool
    tried: tuple[int, ...]


class Deals:
    """Makes contracts, and settles them when they have ended.

    `ask` has the policy decide again, `tell` hears what the client knows of each, and `on_contract` gets each
    with what was paid for it and its fees in USD.
    """

    def __init__(
        self,
        scenario: Scenario,
        rules: Contracts,
        floor: Floor,
        quotes: ContractQuotes,
        knowledge: Knowledge,
        accounts: Accounts,
        settling: Endings,
        home: Home,
        lifecycle: Lifecycle[Deal],
        ask: Ask,
        tell: Tell | None,
        on_contract: Callable[[Deal, float, float], None] | None,
    ) -> None:
        self._rules, self._floor, self._quotes, self._knowledge = rules, floor, quotes, knowledge
        self._accounts, self._settling, self._home, self._lifecycle = accounts, settling, home, lifecycle
        self._ask, self._tell, self._on_contract = ask, tell, on_contract
        self._late_usd_per_s = scenario.cost_model.late_usd_per_min / 60
        self._integration_usd = scenario.cost_model.external.integration_usd

    def make(
        self,
        opened: OpenContractBlock,
        task: int,
        quote: ContractQuote,
        decision: Decision,
        tried: tuple[int, ...],
    ) -> None:
        """Submit a contract on an offer."""
        offers, position, now_s = quote.offers, decision.contractor, self._floor.env.now
        terms: list[float] = quote.terms[:, position].tolist()
        contractor, factor = int(offers.ids[position]), self._rules.timeout_factor
        service_s = terms[SERVICE] * self._quotes.work_factor
        deal = Deal(
            opened=opened,
            task=opened.block.first + task,
            row=task,
            attempt=len(tried),
            client=opened.client[task],
            contractor=contractor,
            type_id=opened.type_id[task],
            agreed_usd=terms[ASKED] if decision.price_usd is None else decision.price_usd,
            plain_usd=terms[PLAIN],
            estimated_usd=terms[EXTERNAL],
            internal_usd=offers.internal_usd[0],
            fixed_price=decision.price_usd is not None,
            explored=decision.explored,
            service_s=service_s * float(opened.block.truth.external_time_factor[task]),
            expected_s=service_s,
            transfer_s=opened.layout.transfer_s[task],
            check_s=opened.layout.check_s[task],
            search_s=quote.search_s,
            submitted_s=now_s,
            deadline_s=math.inf if factor is None else now_s + factor * terms[LATENCY],
            good=bool(opened.results.success[task, contractor]),
            tried=(*tried, contractor),
        )
        opened.records.contractor[task] = contractor
        self._accounts.hold(deal.agreed_usd)
        self._floor.env.process(self._lifecycle.play(deal, opened.luck, self._began, self._ended))

    def _began(self, deal: Deal) -> None:
        self._settling.began(deal.opened, deal.row)

    def _ended(self, deal: Deal) -> None:
        """Verify what was delivered, pay, rate, and go on with the task."""
        opened, task = deal.opened, deal.row
        accepted = deal.state == COMPLETED and self._passes(deal)
        if deal.state == COMPLETED and not accepted:
            deal.reason = FOUND_BAD
            self._accounts.found_bad += 1
        paid_usd, fees_usd = self._due_usd(deal, accepted), self._fees_usd(deal, accepted)
        self._accounts.release(deal.agreed_usd, deal.state)
        self._accounts.pay(deal.contractor, paid_usd)
        opened.records.price_usd[task] += paid_usd
        self._settling.charge(opened, task, paid_usd + fees_usd)
        if deal.state != REJECTED:
            self._learn(deal, accepted, paid_usd, fees_usd)
        if self._on_contract is not None:
            self._on_contract(deal, paid_usd, fees_usd)
        if accepted:
            self._settling.done(opened, task, good=deal.good)
        else:
            self._recover(opened, task, deal.tried)

    def _passes(self, deal: Deal) -> bool:
        """Whether the delivery passes the verification."""
        check = self._rules.verification.check(by_hand=deal.opened.layout.manual[deal.row])
        draw = float(deal.opened.luck.found[deal.row, deal.attempt])
        return draw < check.specificity if deal.good else draw >= check.sensitivity

    def _due_usd(self, deal: Deal, accepted: bool) -> float:
        """What the contractor is paid: its price, or the bill where it bills by use."""
        bill_usd = float(deal.opened.results.bill_usd[deal.row, deal.contractor])
        due_usd = deal.agreed_usd if deal.fixed_price or math.isnan(bill_usd) else bill_usd
        if accepted:
            return due_usd
        return due_usd * self._rules.due_on_failure if deal.state in (COMPLETED, FAILED) else 0.0

    def _fees_usd(self, deal: Deal, accepted: bool) -> float:
        """Communication if data went out, verification if work came back, integration if it was accepted."""
        layout, task = deal.opened.layout, deal.row
        fees_usd = layout.communication_usd[task] if deal.sent else 0.0
        if deal.state == COMPLETED:
            fees_usd += layout.check_usd[task]
        return fees_usd + self._integration_usd if accepted else fees_usd

    def _learn(self, deal: Deal, accepted: bool, paid_usd: float, fees_usd: float) -> None:
        """Rate the contractor, correct estimates, and tell the policy."""
        now_s = deal.ended_s
        self._knowledge.rate(now_s, deal.client, deal.contractor, deal.type_id, float(accepted))
        late_s = max(0.0, now_s - deal.submitted_s - deal.opened.layout.max_latency_s[deal.row])
        spent_usd = paid_usd + fees_usd + late_s * self._late_usd_per_s
        if accepted or paid_usd > 0:
            self._knowledge.bill(now_s, deal.contractor, deal.type_id, deal.plain_usd, spent_usd)
        if self._tell is not None:
            self._tell(
                Outcome(
                    task=deal.task,
                    client=deal.client,
                    type_id=deal.type_id,
                    contractor=deal.contractor,
                    decided_s=deal.submitted_s,
                    finished_s=now_s,
                    estimated_usd=deal.estimated_usd,
                    internal_usd=deal.internal_usd,
                    price_usd=paid_usd,
                    realised_usd=spent_usd + (0.0 if accepted else self._doing_over_usd(deal)),
                    success=accepted,
                )
            )

    def _doing_over_usd(self, deal: Deal) -> float:
        """What the client reckons that work which came to nothing costs on top of its charges."""
        recovers = self._rules.recovery.goes_on_after(len(deal.tried))
        return deal.internal_usd if recovers else deal.opened.layout.loss_usd[deal.row]

    def _recover(self, opened: OpenContractBlock, task: int, tried: tuple[int, ...]) -> None:
        recovery, wholes = self._rules.recovery, opened.wholes
        if wholes is not None and wholes.ended[wholes.of(task)]:
            self._settling.fail(opened, task)
        elif len(tried) <= recovery.retries:
            self._ask(opened, task, tried)
        elif recovery.then == "local" and self._home.exists:
            opened.records.attempts[task] = len(tried) + 1
            self._home.begin(opened, task, self._home.expect(opened, task))
        else:
            self._settling.fail(opened, task)
