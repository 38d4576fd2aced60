"""What is really charged for a task and how long the work really takes."""

from __future__ import annotations

from coalesce_sim.arrays import FloatArray
from coalesce_sim.economics.external import lateness_usd
from coalesce_sim.market.published.quotes import Quote, Quotes
from coalesce_sim.market.workload import Block
from coalesce_sim.scenario.costs import CostModel


def late_usd_per_s(cost_model: CostModel) -> float:
    """What a second beyond the target costs when it happens; 0 on the basis ``estimate``."""
    return cost_model.late_usd_per_min / 60 if cost_model.realised.basis == "physical" else 0.0


class Charges:
    """Turns estimates and a task's luck into charges, on the basis that the scenario states.

    A charge is complete but for lateness, which is charged at `late_usd_per_s` when the work is done: on the
    basis ``physical``; on the basis ``estimate`` it is part of the estimate.
    """

    def __init__(self, cost_model: CostModel, quotes: Quotes) -> None:
        self._quotes = quotes
        self._physical = cost_model.realised.basis == "physical"
        self.late_usd_per_s = late_usd_per_s(cost_model)

    def home_usd(self, block: Block) -> FloatArray:
        """The charge of every task of a block if done at home, before its cost factor."""
        if self._physical:
            return block.truth.local_running_usd
        return block.home.running.total_usd + block.home.opportunity_usd

    def contract(
        self, block: Block, quote: Quote, row: int, task: int, contractor: int
    ) -> tuple[float, float, float]:
        """What the contractor is paid, the whole charge (USD), and the time the work takes (s)."""
        cost_factor = float(block.truth.external_cost_factor[task])
        time_factor = float(block.truth.external_time_factor[task])
        if not self._physical:
            price_usd = float(quote.price_usd[row, contractor])
            external_usd = float(quote.offers.external_usd[row, contractor])
            nominal_s = float(quote.service_s[row if len(quote.service_s) > 1 else 0, contractor])
            return price_usd * cost_factor, external_usd * cost_factor, nominal_s * time_factor
        prices_usd, charges_usd, services_s = self.contracts(block, quote, row, task)
        return float(prices_usd[contractor]), float(charges_usd[contractor]), float(services_s[contractor])

    def contracts(
        self, block: Block, quote: Quote, row: int, task: int
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """The same for all contractors, (contractors,) each."""
        cost_factor, time_factor = (
            block.truth.external_cost_factor[task],
            block.truth.external_time_factor[task],
        )
        offers = quote.offers
        if not self._physical:
            nominal_s = quote.service_s[row if len(quote.service_s) > 1 else 0]
            price_usd = quote.price_usd[row]
            external_usd = offers.external_usd[row]
            return price_usd * cost_factor, external_usd * cost_factor, nominal_s * time_factor
        only = slice(task, task + 1)
        tokens = block.truth.output_tokens[only]
        price_usd = self._quotes.price_usd(block, only, tokens)[0]
        on_top = self._quotes.surcharges(offers, row)
        fees_usd = on_top.communication_usd[0] + (on_top.verification_usd + on_top.integration_usd)
        service_s = self._quotes.service_s(block, only, tokens)[0]
        return price_usd * cost_factor, (price_usd + fees_usd) * cost_factor, service_s * time_factor

    def late_usd(self, turnaround_s: FloatArray, max_latency_s: FloatArray) -> FloatArray:
        """What lateness costs on top of the charges."""
        return lateness_usd(turnaround_s, max_latency_s, 60 * self.late_usd_per_s)
