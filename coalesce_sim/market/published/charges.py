"""What is really charged for a task and how long the work really takes."""

from __future__ import annotations

from coalesce_sim.arrays import FloatArray
from coalesce_sim.economics.external import lateness_usd
from coalesce_sim.market.open_block import at_home_usd
from coalesce_sim.market.published.quotes import PublishedQuote, Quotes
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


def home_parts_usd(cost_model: CostModel, block: Block) -> FloatArray:
    """The parts of `home_usd`, (`HOME`, tasks)."""
    truth = block.truth
    if cost_model.realised.basis == "physical":
        return at_home_usd(truth.local_running, truth.local_cost_factor)
    opportunity_usd = truth.local_opportunity_usd
    if cost_model.internal.expects_delay:
        late_usd_per_s = cost_model.late_usd_per_s
        opportunity_usd = opportunity_usd + lateness_usd(
            block.home.work_s, block.tasks.max_latency_s, late_usd_per_s
        )
    return at_home_usd(truth.local_estimate, truth.local_cost_factor, opportunity_usd=opportunity_usd)


class Charges:
    """Turns estimates and a task's luck into charges, on the basis that the scenario states.

    A charge is complete but for lateness, which is charged at `late_usd_per_s` when the work is done: on the
    basis ``physical``; on the basis ``estimate`` it is part of the estimate.
    """

    def __init__(self, cost_model: CostModel, quotes: Quotes) -> None:
        self._quotes = quotes
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
        price_usd = float(quote.price_usd[row, contractor])
        external_usd = float(quote.offers.external_usd[row, contractor])
        service_s = float(self._services_s(block, task)[contractor])
        return price_usd * cost_factor, external_usd * cost_factor, service_s

    def on_top(self, block: Block, quote: PublishedQuote, task: int, contractor: int) -> tuple[float, ...]:
        """What a contractor's work is charged besides its price, by the parts `SURCHARGES`."""
        factor = float(block.truth.external_cost_factor[task])
        row = task - quote.offers.first
        parts_usd = self._quotes.surcharges_at(quote.offers, row, contractor)
        communication_usd, verification_usd, integration_usd, risk_usd, latency_penalty_usd = parts_usd
        if self._physical:
            risk_usd = latency_penalty_usd = 0.0
        return (
            communication_usd * factor,
            verification_usd * factor,
            integration_usd * factor,
            risk_usd * factor,
            latency_penalty_usd * factor,
        )

    def of_all(
        self, block: Block, quote: PublishedQuote, task: int
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """The same for all contractors, (contractors,) each."""
        row, offers = task - quote.offers.first, quote.offers
        cost_factor, services_s = block.truth.external_cost_factor[task], self._services_s(block, task)
        if not self._physical:
            price_usd, external_usd = quote.price_usd[row], offers.external_usd[row]
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
