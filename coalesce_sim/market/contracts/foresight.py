"""What every choice would really cost, for the yardsticks that are told."""

from __future__ import annotations

import numpy as np

from coalesce_sim.arrays import BoolArray, FloatArray, IntArray
from coalesce_sim.cost_parts import RUNNING
from coalesce_sim.economics.internal import HOURS_PER_UNIT
from coalesce_sim.market.batches import Batch
from coalesce_sim.market.contracts.behaviour import Conduct, as_it_can_be
from coalesce_sim.market.contracts.incidents import LEAKED, LOST, TAMPERED
from coalesce_sim.market.contracts.layout import Layouts
from coalesce_sim.market.contracts.open_block import OpenContractBlock
from coalesce_sim.market.contracts.payments import Payments
from coalesce_sim.market.contracts.quotes import ContractQuote, ContractQuotes
from coalesce_sim.market.contracts.results import Mishaps
from coalesce_sim.market.contracts.safeguards import Safeguards
from coalesce_sim.market.trade import Venue
from coalesce_sim.policies.protocol import LOCAL, OracleView
from coalesce_sim.scenario.contracts import ContractRules


class Foresight:
    """Realised costs before they are, with waits worked out from true service times."""

    def __init__(
        self,
        venue: Venue,
        rules: ContractRules,
        conduct: Conduct,
        layouts: Layouts,
        quotes: ContractQuotes,
        mishaps: Mishaps,
        safeguards: Safeguards | None,
        payments: Payments,
    ) -> None:
        self._payments = payments
        stated = payments.bad_share
        self._bad_share = rules.due_on_failure if stated is None else stated
        scenario, self._quotes, self._mishaps = venue.scenario, quotes, mishaps
        self._conduct, self._safeguards = conduct, safeguards
        self._rules, self._pool, self._queues, self._layouts = rules, venue.pool, venue.queues, layouts
        self._late_usd_per_s = scenario.cost_model.late_usd_per_s
        self._hours_per_s = HOURS_PER_UNIT[scenario.cost_model.internal.execution_time_unit]
        self._integration_usd = scenario.cost_model.external.integration_usd
        self._home_of: list[int] = scenario.clients.home_of.tolist()
        self._has_home = [home.slots != 0 for home in scenario.clients.homes]

    def view(self, opened: OpenContractBlock, quote: ContractQuote, task: int) -> OracleView:
        """The view of a task with the realised cost of every choice.

        A choice that fails, cannot be reached or rejects costs what it takes to do the task over at home,
        where that is how failures are recovered from, else the loss. Not foreseen are the time that questions
        and authorisation take, the wait for one who cannot be reached, time-outs, what makes a contractor
        work otherwise until it delivers, clients who do not pay or do not say what is true, and which work
        is audited: audits cost what they do on average.
        """
        attempt = len(opened.tried[task])
        at_home_usd = self._at_home_usd(opened, task)
        recovers = self._at_work(opened, task) and self._rules.recovery.goes_on_after(1)
        over_usd = at_home_usd if recovers else opened.layout.loss_usd[task]
        cost_usd = self._away_usd(opened, quote, task, attempt, over_usd)
        cost_usd[self._out_of_reach(opened, quote.offers.ids, task, attempt)] = over_usd
        return OracleView(quote.offers, 0, at_home_usd, cost_usd)

    def _at_home_usd(self, opened: OpenContractBlock, task: int) -> float:
        if not self._at_work(opened, task):
            return opened.layout.loss_usd[task]
        now_s, home = self._queues.env.now, self._queues.homes[opened.client[task]]
        takes_s, cost_usd = opened.local_s[task], opened.charge_usd[task]
        if isinstance(home, Batch):
            takes_s, cost_usd = self._beside_others(opened, task, home)
        begin_s, uptime = now_s + home.true_wait_s(now_s), self._queues.outages_at_home(opened.client[task])
        end_s = begin_s + (takes_s if uptime is None else uptime.takes_s(begin_s, takes_s))
        cost_usd += self._late_s(opened, task, end_s) * self._late_usd_per_s
        good = opened.results.work(task, LOCAL, end_s).honest_good
        return cost_usd if good else cost_usd + opened.layout.loss_usd[task]

    def _at_work(self, opened: OpenContractBlock, task: int) -> bool:
        """Whether the client of a task has a GPU."""
        return self._has_home[self._home_of[opened.client[task]]]

    def _beside_others(self, opened: OpenContractBlock, task: int, machine: Batch) -> tuple[float, float]:
        """How long a task would take among the jobs that are there now, and what it would cost."""
        truth = opened.block.truth
        tokens = float(truth.output_tokens[task] * truth.local_time_factor[task])
        takes_s, jobs = opened.local_s[task] + tokens * machine.pace_s, machine.crowd
        parts_usd = opened.home_parts_usd[:, task].copy()
        parts_usd[RUNNING] *= takes_s / jobs * self._hours_per_s
        return takes_s, float(parts_usd.sum())

    def _late_s(self, opened: OpenContractBlock, task: int, end_s: float) -> float:
        block = opened.block
        return max(0.0, end_s - float(block.tasks.arrival_s[task] + block.target_s[task]))

    def _away_usd(
        self, opened: OpenContractBlock, quote: ContractQuote, task: int, attempt: int, over_usd: float
    ) -> FloatArray:
        rules, layout, ids, block = self._rules, opened.layout, quote.offers.ids, opened.block
        client, search_s = opened.client[task], opened.search_s(task)
        ahead_s = search_s + self._layouts.setup_s + layout.transfer_s[task]
        queue_s = self._queues.true_waits_s(ids, ahead_s)
        work_s = self._layouts.true_work_s(block, task, ids)
        work_s, lost = self._interrupted(ids, ahead_s + queue_s, work_s)
        good, bill_usd = self._delivered(opened, quote, task, ahead_s + queue_s + work_s)
        elapsed_s = self._queues.env.now - float(block.tasks.arrival_s[task] + block.target_s[task])
        overhead_s = search_s + self._layouts.overhead_s(layout, task)
        late_s = np.maximum(0.0, elapsed_s + overhead_s + queue_s + work_s)
        fees_usd = layout.fees_usd[task]
        accepted_usd = self._costs_usd(client, ids, bill_usd) + fees_usd + late_s * self._late_usd_per_s
        failed_usd = self._costs_usd(client, ids, rules.due_on_failure * bill_usd)
        failed_usd = failed_usd + fees_usd - self._integration_usd + over_usd
        rejected_usd = self._costs_usd(client, ids, self._bad_share * bill_usd)
        rejected_usd = rejected_usd + fees_usd - self._integration_usd + over_usd
        check = rules.verification.check(by_hand=layout.manual[task])
        at = ids, block.first + task, attempt
        draw = self._mishaps.found.draws(*at)
        breaks_off = self._mishaps.fails_openly.draws(*at) < rules.failed_share
        incident = self._mishaps.incidents.at(*at)
        intact = good & (incident != TAMPERED)
        passes = np.where(intact, draw < check.specificity, draw >= check.sensitivity)
        audited, found = self._audits(quote, *at)
        audited &= passes
        delivered_usd = np.where(
            passes & (intact | ~(audited & found)),
            np.where(intact, accepted_usd, accepted_usd + layout.loss_usd[task]),
            rejected_usd,
        )
        if self._safeguards is not None:
            delivered_usd[audited] += self._safeguards.audit_usd
        undelivered = (~good & breaks_off) | (incident == LOST) | lost
        cost_usd: FloatArray = np.where(undelivered, failed_usd - layout.check_usd[task], delivered_usd)
        cost_usd[incident == LEAKED] += layout.leak_usd[task] * self._mishaps.incidents.borne_share
        return cost_usd

    def _audits(
        self, quote: ContractQuote, ids: IntArray, task: int, attempt: int
    ) -> tuple[BoolArray, BoolArray]:
        """Whether the work of each offer would be looked at twice, and found bad if it is."""
        if self._safeguards is None:
            never: BoolArray = np.zeros(len(ids), dtype=bool)
            return never, never
        return self._safeguards.foreseen(ids, task, attempt, quote.offers.reliability)

    def _costs_usd(self, client: int, ids: IntArray, due_usd: FloatArray) -> FloatArray:
        """What is paid of what is due to each, and what paying it is expected to cost."""
        paid_usd = self._paid_usd(ids, due_usd)
        now_s = self._queues.env.now
        surcharge_usd = self._payments.surcharge_usd(client, ids, paid_usd, now_s)
        return paid_usd if surcharge_usd is None else paid_usd + np.where(paid_usd > 0, surcharge_usd, 0.0)

    def _paid_usd(self, ids: IntArray, due_usd: FloatArray) -> FloatArray:
        """What of what is due to each is paid."""
        safeguards = self._safeguards
        if safeguards is None:
            return due_usd
        waived = map(safeguards.waived_usd, ids.tolist(), due_usd.tolist())
        return due_usd - np.fromiter(waived, dtype=np.float64, count=len(ids))

    def _interrupted(
        self, ids: IntArray, begins_s: FloatArray, work_s: FloatArray
    ) -> tuple[FloatArray, BoolArray]:
        """How long the work of each offer takes, that could begin in so long, with the repairs before and
        meanwhile, and whether an outage ends it."""
        outages, now_s, lost = self._queues.outages, self._queues.env.now, np.zeros(len(ids), dtype=bool)
        if outages is None:
            return work_s, lost
        takes_s = work_s.copy()
        for place, who in enumerate(ids.tolist()):
            if outages.suffers(who):
                begin_s = now_s + float(begins_s[place])
                up_s = outages.repaired_s(who, begin_s)
                lasts_s, lost[place] = outages.lasting(who, up_s, float(work_s[place]))
                takes_s[place] = up_s - begin_s + lasts_s
        return takes_s, lost

    def _delivered(
        self, opened: OpenContractBlock, quote: ContractQuote, task: int, takes_s: FloatArray
    ) -> tuple[BoolArray, FloatArray]:
        """Whether the work of each offer is good that is delivered in so long, and what is billed for it."""
        results, ids, conduct = opened.results, quote.offers.ids, self._conduct
        at_s, concerns = self._queues.env.now + takes_s, conduct.concerns
        success_p, cheats = results.honest_ps(task, ids, at_s), list[int]()
        if concerns is not None:
            cheats = np.flatnonzero(concerns[ids]).tolist()
            success_p = success_p.copy()
        for place in cheats:
            effort = conduct.effort(at_s.item(place), ids.item(place), opened.block.first + task)
            effort = as_it_can_be(effort, results.offered(task))
            if effort is not None and effort.like is None:
                success_p[place] = min(effort.success, success_p[place])
            elif effort is not None and effort.like is not None:
                success_p[place] = results.honest_p(task, effort.like, at_s.item(place))
        tried = opened.tried[task]
        again = np.array([tried.count(who) for who in ids.tolist()], dtype=np.int64) if tried else 0
        good = results.good(task, ids, success_p, again)
        ends_s = at_s + opened.layout.check_s[task]
        by_use_usd = results.bills_usd(task, ids, good, ends_s) * self._layouts.price_factor
        due_usd = self._quotes.due_usd(opened, quote)
        bill_usd = np.where(np.isnan(by_use_usd), due_usd, by_use_usd)
        for place in cheats:
            who, asked_usd = ids.item(place), bill_usd.item(place)
            honest_usd = asked_usd
            if np.isnan(by_use_usd[place]):
                honest_usd *= self._layouts.honest_share(opened.block, task, who, self._queues.env.now)
            bill_usd[place] = conduct.bill_usd(at_s.item(place), who, asked_usd, honest_usd)
        return good, bill_usd

    def _out_of_reach(self, opened: OpenContractBlock, ids: IntArray, task: int, attempt: int) -> BoolArray:
        full = np.array([not self._queues.takes_in(who) for who in ids.tolist()], dtype=bool)
        draws = self._mishaps.unreachable.draws(ids, opened.block.first + task, attempt)
        unreachable = np.less(draws, self._pool.unreachable_rate[ids])
        outages, now_s = self._queues.outages, self._queues.env.now
        if outages is not None:
            unreachable |= np.array([outages.is_down(who, now_s) for who in ids.tolist()], dtype=bool)
        away: BoolArray = np.logical_or(full, unreachable)
        return away
