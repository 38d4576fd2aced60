"""What is really charged for a task and how long the work really takes."""

from __future__ import annotations

import numpy as np

from coalesce_sim.arrays import FloatArray
from coalesce_sim.cost_parts import COMMUNICATION, HOME, INTEGRATION, LATENCY_PENALTY, RISK, VERIFICATION
from coalesce_sim.economics.external import lateness_usd
from coalesce_sim.market.open_block import at_home_usd
from coalesce_sim.market.published.quotes import PublishedQuote, Quotes
from coalesce_sim.market.records import Records
from coalesce_sim.market.workload import Block
from coalesce_sim.scenario.costs import CostModel


def home_usd(cost_model: CostModel, block: Block) -> FloatArray:
    """What every task of a block is charged if done at home with nobody before it, lateness that comes about
    left out; on the basis ``estimate`` it is charged what it would be expected to by the true hardware, delay
    included where the estimate reckons with it."""
    truth = block.truth
    if cost_model.realised.basis == "physical":
        charge_usd = truth.local_running.total_usd
    else:
        charge_usd = truth.local_estimate.total_usd + truth.local_opportunity_usd
        if cost_model.internal.expects_delay:
            tasks, late_usd_per_s = block.tasks, cost_model.late_usd_per_s
            charge_usd = charge_usd + lateness_usd(block.home.work_s, tasks.max_latency_s, late_usd_per_s)
    return charge_usd * truth.local_cost_factor


def home_parts_usd(cost_model: CostModel, block: Block, delay_usd: FloatArray | None = None) -> FloatArray:
    """The parts of `home_usd`, (`HOME`, tasks), or of what is charged where `delay_usd` was expected of the
    queue when each task was decided."""
    truth = block.truth
    if cost_model.realised.basis == "physical":
        return at_home_usd(truth.local_running, truth.local_cost_factor)
    opportunity_usd = truth.local_opportunity_usd
    if cost_model.internal.expects_delay:
        work_s, max_latency_s = block.home.work_s, block.tasks.max_latency_s
        alone_usd = lateness_usd(work_s, max_latency_s, cost_model.late_usd_per_s)
        opportunity_usd = alone_usd if delay_usd is None else delay_usd
    return at_home_usd(truth.local_estimate, truth.local_cost_factor, opportunity_usd=opportunity_usd)


class Charges:
    """Turns estimates and a task's luck into charges, on the basis that the scenario states.

    A charge is complete but for lateness, which is charged at `late_usd_per_s` when the work is done: on the
    basis ``physical``; on the basis ``estimate`` it is part of the estimate.
    """

    def __init__(self, cost_model: CostModel, quotes: Quotes) -> None:
        self._cost_model, self._quotes = cost_model, quotes
        self._physical = cost_model.realised.basis == "physical"
        self.late_usd_per_s = cost_model.charged_late_usd_per_s

    def of(
        self, block: Block, quote: PublishedQuote, task: int, contractor: int
    ) -> tuple[float, float, float]:
        """What a contractor is paid, the whole charge, lateness left out (USD), and the time it works (s)."""
        if self._physical:
            prices_usd, charges_usd, services_s = self.of_all(block, quote, task)
            return (
                float(prices_usd[contractor]),
                float(charges_usd[contractor]),
                float(services_s[contractor]),
            )
        row = task - quote.offers.first
        cost_factor = float(block.truth.external_cost_factor[task])
        price_usd = float(quote.offers.price_usd[row, contractor])
        external_usd = float(quote.offers.external_usd[row, contractor])
        service_s = float(self._services_s(block, task)[contractor])
        return price_usd * cost_factor, external_usd * cost_factor, service_s

    def itemise(self, block: Block, records: Records) -> None:
        """Enter the parts, besides prices and lateness that came about, of what the tasks of a block were
        charged when they were sent home or to a contractor."""
        away, parts_usd = records.outsourced, records.parts_usd
        at_home_usd = home_parts_usd(self._cost_model, block, delay_usd=block.home.opportunity_usd)
        parts_usd[HOME] = np.where(away, 0.0, at_home_usd)
        on_top = self._quotes.awarded(block, away, records.contractor[away], records.estimated_s[away])
        cost_factor = block.truth.external_cost_factor[away]
        parts_usd[COMMUNICATION, away] = on_top.communication_usd * cost_factor
        parts_usd[VERIFICATION, away] = on_top.verification_usd * cost_factor
        parts_usd[INTEGRATION, away] = on_top.integration_usd * cost_factor
        if not self._physical:
            parts_usd[RISK, away] = on_top.risk_usd * cost_factor
            parts_usd[LATENCY_PENALTY, away] = on_top.latency_penalty_usd * cost_factor

    def of_all(
        self, block: Block, quote: PublishedQuote, task: int
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """The same for all contractors, (contractors,) each."""
        row, offers = task - quote.offers.first, quote.offers
        cost_factor, services_s = block.truth.external_cost_factor[task], self._services_s(block, task)
        if not self._physical:
            price_usd, external_usd = quote.offers.price_usd[row], offers.external_usd[row]
            return price_usd * cost_factor, external_usd * cost_factor, services_s
        only = slice(task, task + 1)
        price_usd = self._quotes.price_usd(block, only, block.truth.output_tokens[only])[0]
        on_top = self._quotes.surcharges(offers, row)
        fees_usd = on_top.communication_usd[0] + (on_top.verification_usd + on_top.integration_usd)
        return price_usd * cost_factor, (price_usd + fees_usd) * cost_factor, services_s

    def _services_s(self, block: Block, task: int) -> FloatArray:
        """How long the work really takes at every contractor: as the true tokens and the task's luck say."""
        only = slice(task, task + 1)
        services_s: FloatArray = self._quotes.service_s(block, only, block.truth.output_tokens[only])[0]
        return services_s * float(block.truth.external_time_factor[task])

    def late_usd(self, turnaround_s: FloatArray, max_latency_s: FloatArray) -> FloatArray:
        """What lateness costs on top of the charges."""
        return lateness_usd(turnaround_s, max_latency_s, self.late_usd_per_s)
