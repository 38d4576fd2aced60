"""Contracts with their money: agreed, delivered, verified, paid, rated, and recovered from."""

from __future__ import annotations

import math

import numpy as np

from coalesce_sim.cost_parts import CONTRACT, LEAK
from coalesce_sim.market.contracts.allowed import Allowed
from coalesce_sim.market.contracts.behaviour import Behaviour
from coalesce_sim.market.contracts.books import Books
from coalesce_sim.market.contracts.budgets import Budgets
from coalesce_sim.market.contracts.contract import Contract
from coalesce_sim.market.contracts.ended import ContractLog, EndedContracts
from coalesce_sim.market.contracts.endings import Endings
from coalesce_sim.market.contracts.home import Home, OwnWork
from coalesce_sim.market.contracts.incidents import LEAKED, LOST, TAMPERED
from coalesce_sim.market.contracts.knowledge import Expected, Knowledge
from coalesce_sim.market.contracts.layout import Layouts
from coalesce_sim.market.contracts.lifecycle import Lifecycle
from coalesce_sim.market.contracts.open_block import OpenContractBlock
from coalesce_sim.market.contracts.payments import Payments
from coalesce_sim.market.contracts.quotes import ContractQuote, ContractQuotes
from coalesce_sim.market.contracts.reasons import FOUND_BAD, OUTAGE, UNPAID
from coalesce_sim.market.contracts.results import Mishaps
from coalesce_sim.market.contracts.safeguards import Safeguards
from coalesce_sim.market.contracts.states import COMPLETED, FAILED, REJECTED
from coalesce_sim.market.contracts.terms import ASKED, BID, EXTERNAL, LATENCY, PLAIN, SERVICE
from coalesce_sim.market.trade import Events, Onward, Venue
from coalesce_sim.policies.protocol import Decision, Outcome
from coalesce_sim.reputation.rating import Ballot
from coalesce_sim.scenario.contracts import ContractRules
from coalesce_sim.scenario.security import INCIDENT_KINDS


class Dealing:
    """Makes contracts and sees them through.

    `manipulated` counts those on which somebody did otherwise than the honest, of which `harm_usd` is what
    that cost their clients at once.
    """

    manipulated = 0
    harm_usd = 0.0

    def __init__(
        self,
        venue: Venue,
        rules: ContractRules,
        behaviour: Behaviour,
        layouts: Layouts,
        quotes: ContractQuotes,
        knowledge: Knowledge,
        endings: Endings,
        home: Home,
        mishaps: Mishaps,
        budgets: Budgets | None,
        allowed: Allowed | None,
        books: Books,
        safeguards: Safeguards | None,
        payments: Payments,
    ) -> None:
        self._rules, self._knowledge, self._endings, self._home = rules, knowledge, endings, home
        self._layouts, self._quotes = layouts, quotes
        self._env, self._accounts, self._books = venue.queues.env, venue.accounts, books
        self._observer, self._listens = venue.observer, venue.listens
        self._log = ContractLog() if venue.observer.wants("contracts") else None
        self._budgets, self._allowed = budgets, allowed
        self._safeguards, self._payments = safeguards, payments
        stated = payments.bad_share
        self._bad_share = rules.due_on_failure if stated is None else stated
        self._mishaps, self._conduct = mishaps, behaviour.conduct
        self._reception, self._rating = behaviour.reception, behaviour.rating
        self._lifecycle = Lifecycle(venue, rules, self._conduct, endings, mishaps, layouts.setup_s)
        self._late_usd_per_s = venue.scenario.cost_model.late_usd_per_s
        self._integration_usd = venue.scenario.cost_model.external.integration_usd

    def make(
        self, opened: OpenContractBlock, task: int, quote: ContractQuote, decision: Decision
    ) -> Contract:
        """Submit a contract on an offer; its price is held until it ends."""
        offers, position, now_s = quote.offers, decision.contractor, self._env.now
        terms: list[float] = quote.terms[:, position].tolist()
        chosen, factor = offers.ids[position : position + 1], self._rules.timeout_factor
        contractor = int(chosen[0])
        fixed_usd = self._fixed_usd(opened.client[task], contractor, decision)
        work = opened.results.work(task, contractor, now_s, opened.tried[task].count(contractor))
        service_s, tokens = self._layouts.true_parts(opened.block, task, contractor)
        due_usd = float(self._quotes.due_usd(opened, quote)[position]) if fixed_usd is None else fixed_usd
        honest_share = self._layouts.honest_share(opened.block, task, contractor, now_s)
        contract = Contract(
            opened=opened,
            task=opened.block.first + task,
            row=task,
            attempt=len(opened.tried[task]),
            client=opened.client[task],
            contractor=contractor,
            type_id=opened.type_id[task],
            agreed_usd=terms[ASKED] if fixed_usd is None else fixed_usd,
            fixed_price=fixed_usd is not None,
            due_usd=due_usd,
            plain_usd=terms[PLAIN],
            quoted_s=terms[LATENCY],
            estimated_usd=terms[EXTERNAL],
            internal_usd=offers.internal_usd[0],
            quoted_own_usd=terms[BID],
            explored=decision.explored,
            service_s=service_s,
            tokens=tokens,
            expected_s=terms[SERVICE] * self._layouts.work_factor,
            search_s=opened.search_s(task),
            submitted_s=now_s,
            deadline_s=math.inf if factor is None else now_s + factor * terms[LATENCY],
            work=work,
            done_well=work.honest_good,
            honest_good=work.honest_good,
            honest_usd=due_usd * honest_share if fixed_usd is None else due_usd,
        )
        opened.tried[task] = (*opened.tried[task], contractor)
        opened.records.contractor[task] = contractor
        if not self._payments.reserve(contract):
            contract.state, contract.reason = REJECTED, UNPAID
        if self._budgets is not None:
            self._budgets.commit(contract.client, contract.agreed_usd, now_s)
        if self._allowed is not None and contract.state != REJECTED:
            self._allowed.commit(contract.client, contractor, contract.agreed_usd, now_s)
        return contract

    def _fixed_usd(self, client: int, contractor: int, decision: Decision) -> float | None:
        """The price that the policy has fixed, cut to what its client may commit, and may agree on with the
        contractor; None where it has not."""
        if decision.price_usd is None:
            return None
        fixed_usd, now_s = float(decision.price_usd), self._env.now
        if self._budgets is not None:
            fixed_usd = min(fixed_usd, self._budgets.left_usd(client, now_s))
        if self._allowed is not None:
            most_usd = self._allowed.most_usd(client, np.array([contractor]), now_s)
            fixed_usd = fixed_usd if most_usd is None else min(fixed_usd, most_usd.item(0))
        return fixed_usd

    def work(self, contract: Contract) -> Events:
        """The contract's life, up to its final state."""
        return self._lifecycle.play(contract)

    def end(self, contract: Contract) -> None:
        """Verify what was delivered, hear what the client makes of it, and pay."""
        contract.ended_s = self._env.now
        self._rating.catch_up(contract.ended_s)
        if contract.state == COMPLETED:
            contract.passed = self._passes(contract, good=contract.good)
            if self._safeguards is not None and contract.passed:
                self._audit(contract, self._safeguards)
            contract.reported = self._reception.reports(contract)
            contract.kept = self._reception.keeps(contract)
            if not contract.reported:
                contract.reason = FOUND_BAD
                self._accounts.found_bad += 1
        elif contract.reason == OUTAGE:
            self._accounts.lost_to_outages += 1
        contract.billed_usd, fees = self._due_usd(contract), self._fees_usd(contract)
        payments = self._payments
        pays = payments.secured or contract.billed_usd == 0 or self._reception.pays(contract)
        contract.paid_usd = payments.admitted_usd(contract, contract.billed_usd) if pays else 0.0
        honest_usd = None if self._conduct.concerns is None else self._honest_usd(contract)
        if self._safeguards is not None:
            contract.paid_usd = self._safeguards.settle(contract)
        communication_usd, verification_usd, integration_usd = fees
        contract.fees_usd = communication_usd + verification_usd + integration_usd
        if contract.state in (COMPLETED, FAILED):
            payments.deliver(contract)
        else:
            payments.cancel(contract)
        if self._budgets is not None:
            more_usd = contract.paid_usd - contract.agreed_usd
            self._budgets.settle(contract.client, more_usd, contract.submitted_s, contract.ended_s)
        if contract.effort is not None and contract.effort.like is not None:
            contract.other_usd = self._other_usd(contract, contract.effort.like)
        contract.own_usd = self._books.enter(contract)
        if honest_usd is not None:
            contract.manipulated = not pays or self._is_manipulated(contract)
            if contract.manipulated and contract.state in (COMPLETED, FAILED):
                contract.harm_usd = contract.paid_usd + contract.fees_usd - honest_usd
                contract.harm_usd += self._worth_usd(contract, kept=contract.kept, good=contract.good)
            self.manipulated += contract.manipulated
            self.harm_usd += contract.harm_usd
        charge_usd, parts_usd = contract.paid_usd + contract.fees_usd, (contract.paid_usd, *fees)
        self._endings.charge_attempt(
            contract.opened, contract.row, charge_usd, CONTRACT, parts_usd, again=contract.attempt > 0
        )
        if contract.incident:
            self._bear(contract)
        self._observer.contract_ended(contract)
        if self._log is not None:
            self._log.add(contract)

    def take_contracts(self) -> EndedContracts | None:
        """The contracts that have ended since the last time; None where nobody watches."""
        return None if self._log is None else self._log.take()

    def _bear(self, contract: Contract) -> None:
        """Charge what an incident costs beyond the work: a leak, as far as no insurance pays for it."""
        self._accounts.incidents[contract.incident] += 1
        if contract.incident == INCIDENT_KINDS[LEAKED]:
            gross_usd = contract.opened.layout.leak_usd[contract.row]
            contract.leak_usd = gross_usd * self._mishaps.incidents.borne_share
            contract.insured_usd = gross_usd - contract.leak_usd
            self._accounts.leak_usd += contract.leak_usd
            self._accounts.insured_usd += contract.insured_usd
            self._endings.charge(contract.opened, contract.row, LEAK, contract.leak_usd)

    def _passes(self, contract: Contract, *, good: bool) -> bool:
        """Whether the delivery passes the verification if it is good, or bad."""
        check = self._rules.verification.check(by_hand=contract.opened.layout.manual[contract.row])
        draw = self._mishaps.found.draw(contract.contractor, contract.task, contract.attempt)
        return draw < check.specificity if good else draw >= check.sensitivity

    def _audit(self, contract: Contract, safeguards: Safeguards) -> None:
        """A second look at work that passed, which may find what the check did not."""
        contract.audited = safeguards.audits(contract, self._score(contract))
        if contract.audited and not contract.good and safeguards.finds(contract):
            contract.passed = False

    def _other_usd(self, contract: Contract, other: int) -> float:
        """What a task costs another contractor, who did the work: its share of what is billed for that or,
        where its hardware tells or nobody bills by use, what it thinks to spend."""
        layouts, results = self._layouts, contract.opened.results
        bill_usd = results.bill_usd(contract.row, other, contract.ended_s, good=contract.done_well)
        if math.isnan(bill_usd) or layouts.on_hardware(other):
            return layouts.own_usd(contract.opened.block, contract.row, other)
        return layouts.own_share(other) * bill_usd * layouts.price_factor

    def _score(self, contract: Contract) -> float:
        """What the public record says of a contractor for the type of task."""
        scores = self._knowledge.reliability
        return scores.item(contract.type_id if len(scores) > 1 else 0, contract.contractor)

    def _is_manipulated(self, contract: Contract) -> bool:
        """Whether anybody did otherwise than the honest; whether its client did not pay, apart."""
        asked_usd, honest_usd = self._billed_usd(contract, good=contract.done_well)
        return (
            (contract.effort is not None and not math.isnan(contract.working_s))
            or asked_usd != honest_usd
            or self._bill_usd(contract) != asked_usd
            or contract.reported != contract.passed
        )

    def _honest_usd(self, contract: Contract) -> float:
        """What its client would bear with the same delivery, done, billed, reported and paid for honestly."""
        layout, row, good = contract.opened.layout, contract.row, contract.honest_good
        at, safeguards = (contract.contractor, contract.task, contract.attempt), self._safeguards
        incident = self._mishaps.incidents.of(*at)
        breaks_off = not good and self._mishaps.fails_openly.draw(*at) < self._rules.failed_share
        usd, kept = layout.communication_usd[row], False
        _, due_usd = self._billed_usd(contract, good=good)
        undelivered = breaks_off or incident == LOST or contract.reason == OUTAGE
        if not undelivered:
            good &= incident != TAMPERED
            kept = self._passes(contract, good=good)
            usd += layout.check_usd[row]
            if kept and safeguards is not None and safeguards.audits(contract, self._score(contract)):
                usd += safeguards.audit_usd
                kept = good or not safeguards.finds(contract)
            usd += self._integration_usd if kept else 0.0
        if not kept:
            due_usd *= self._rules.due_on_failure if undelivered else self._bad_share
        if safeguards is not None:
            due_usd -= safeguards.waived_usd(contract.contractor, due_usd)
        return due_usd + usd + self._worth_usd(contract, kept=kept, good=good)

    def _worth_usd(self, contract: Contract, *, kept: bool, good: bool) -> float:
        """What a client bears beyond price and fees with work of some worth that it keeps, or does not."""
        if not kept:
            return self._doing_over_usd(contract)
        return 0.0 if good else contract.opened.layout.loss_usd[contract.row]

    def _due_usd(self, contract: Contract) -> float:
        """What the contractor is paid: its price by what was written or its bill by use, as it bills it, or a
        price that was fixed."""
        due_usd = self._bill_usd(contract)
        self._payments.bill(contract, due_usd)
        if contract.reported:
            return due_usd
        if contract.state == COMPLETED:
            return due_usd * self._bad_share
        return due_usd * self._rules.due_on_failure if contract.state == FAILED else 0.0

    def _bill_usd(self, contract: Contract) -> float:
        due_usd, honest_usd = self._billed_usd(contract, good=contract.done_well)
        if contract.fixed_price:
            return due_usd
        return self._conduct.bill_usd(contract.ended_s, contract.contractor, due_usd, honest_usd)

    def _billed_usd(self, contract: Contract, *, good: bool) -> tuple[float, float]:
        """What use or the offer make of good work or bad, and what use or an honest offer would."""
        if not contract.fixed_price:
            by_use_usd = contract.opened.results.bill_usd(
                contract.row, contract.contractor, contract.ended_s, good=good
            )
            if not math.isnan(by_use_usd):
                billed_usd = by_use_usd * self._layouts.price_factor
                return billed_usd, billed_usd
        return contract.due_usd, contract.honest_usd

    def _fees_usd(self, contract: Contract) -> tuple[float, float, float]:
        """Communication if data went out, verification if work came back, integration if it was kept."""
        layout, task = contract.opened.layout, contract.row
        audit_usd = self._safeguards.audit_usd if self._safeguards is not None and contract.audited else 0.0
        return (
            layout.communication_usd[task] if contract.sent else 0.0,
            layout.check_usd[task] + audit_usd if contract.state == COMPLETED else 0.0,
            self._integration_usd if contract.kept else 0.0,
        )

    def learn(self, contract: Contract) -> Outcome | None:
        """Rate the contractor and correct estimates; nothing is learnt of a contract that was rejected."""
        if contract.state == REJECTED:
            return None
        now_s, who, type_id = contract.ended_s, contract.contractor, contract.type_id
        cast = Ballot(contract.client, who, type_id, float(contract.reported), contract=True)
        for ballot in self._rating.rate(now_s, cast):
            self._knowledge.rate(now_s, ballot)
            self._rating.written(now_s, ballot)
        target_s, took_s = contract.opened.layout.max_latency_s[contract.row], now_s - contract.submitted_s
        charged_usd = contract.paid_usd + contract.fees_usd
        late_usd = max(0.0, took_s - target_s) * self._late_usd_per_s
        expected = Expected(contract.plain_usd, contract.quoted_s, target_s, self._late_usd_per_s)
        if contract.reported or contract.billed_usd > 0:
            billed_usd = contract.billed_usd + contract.fees_usd
            self._knowledge.bill(now_s, who, type_id, expected, billed_usd, late_usd)
        if contract.state == COMPLETED:
            self._knowledge.took(who, type_id, expected, took_s)
        if not self._listens:
            return None
        over_usd = 0.0 if contract.kept else self._doing_over_usd(contract)
        surcharge_usd = self._payments.surcharge_of_usd(contract)
        return Outcome(
            task=contract.task,
            client=contract.client,
            type_id=type_id,
            contractor=who,
            decided_s=contract.submitted_s,
            finished_s=now_s,
            estimated_usd=contract.estimated_usd,
            internal_usd=contract.internal_usd,
            price_usd=contract.paid_usd,
            realised_usd=charged_usd + late_usd + over_usd + contract.leak_usd + surcharge_usd,
            success=contract.passed,
        )

    def _doing_over_usd(self, contract: Contract) -> float:
        """What the client reckons that work which came to nothing costs on top of its charges."""
        recovers = self._rules.recovery.goes_on_after(contract.attempt + 1)
        return contract.internal_usd if recovers else contract.opened.layout.loss_usd[contract.row]

    def recover(self, contract: Contract) -> Onward[Contract | OwnWork]:
        """Close the task if its work is kept; else have the policy asked again, take it home, or give it
        up."""
        opened, task = contract.opened, contract.row
        recovery, wholes = self._rules.recovery, opened.wholes
        tried = contract.attempt + 1
        if contract.kept:
            return Onward(self._endings.done(opened, task, good=contract.good))
        if wholes is not None and wholes.ended[wholes.of(task)]:
            self._endings.fail(opened, task)
        elif tried <= recovery.retries:
            return Onward((task,))
        elif recovery.then == "local" and self._home.exists(contract.client):
            opened.records.attempts[task] = tried + 1
            return Onward(carry_out=self._home.begin(opened, task, self._home.expect(opened, task)))
        else:
            self._endings.fail(opened, task)
        return Onward()
