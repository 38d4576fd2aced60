"""What a task costs when a contractor does it (equations 7 to 9). Pure functions, tasks × contractors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from coalesce_sim.arrays import BoolArray, FloatArray
from coalesce_sim.scenario.costs import DemandPrice, ExternalCost, LinearRisk


@dataclass(frozen=True, slots=True)
class Surcharges:
    """What comes on top of the price, USD; shapes broadcast to (tasks, contractors)."""

    communication_usd: FloatArray
    verification_usd: FloatArray
    integration_usd: float
    risk_usd: FloatArray
    latency_penalty_usd: FloatArray

    @property
    def before_lateness_usd(self) -> FloatArray:
        """Sum of all but the latency penalty, (tasks, contractors)."""
        sum_usd = self.communication_usd + (self.verification_usd + self.integration_usd)
        return sum_usd + self.risk_usd


def linear_risk(rule: LinearRisk, reliability: FloatArray) -> FloatArray:
    """Risk of a contractor of the given reliability, at most 1."""
    return np.minimum(1.0, rule.base + rule.slope * (1 - reliability))


def demand_price_usd(
    rule: DemandPrice, base_usd: FloatArray, demand: FloatArray, available: FloatArray
) -> FloatArray:
    """Price of a task of complexity 1 at every contractor (eq. 7): dearer where demand exceeds capacity, and
    never below 0."""
    price_usd = demand - available
    price_usd *= rule.load_slope
    price_usd += 1.0
    np.maximum(price_usd, 0.0, out=price_usd)
    price_usd *= base_usd
    return price_usd


def complexity_factor(rule: DemandPrice, complexity: FloatArray) -> FloatArray:
    """What a task's complexity multiplies the price by (eq. 7), never below 0."""
    return np.maximum(1 + rule.complexity_slope * (complexity - 1), 0.0)


def communication_usd(rule: ExternalCost, data_gb: FloatArray, output_gb: FloatArray) -> FloatArray:
    """Moving the data out and the result back, USD a task."""
    return rule.communication_usd_per_gb * (data_gb + output_gb) + rule.communication_fixed_usd


def verification_usd(rule: ExternalCost, reliability: FloatArray) -> FloatArray:
    """Checking the result, USD a contractor: cheaper for the trusted ones."""
    trusted = reliability > rule.trusted_above_reliability
    return np.where(trusted, rule.verification_trusted_usd, rule.verification_usd)


def risk_rate(reliability: FloatArray, security_risk: FloatArray, quality_risk: FloatArray) -> FloatArray:
    """Share of a task's value expected to be lost at each contractor (eq. 9)."""
    return (1 - reliability) + security_risk + quality_risk


def value_at_risk_usd(rule: ExternalCost, value_usd: FloatArray, critical: BoolArray) -> FloatArray:
    """The value that the risk rate applies to, USD a task."""
    return np.where(critical, rule.critical_factor, 1.0) * value_usd


def lateness_usd(
    latency_s: FloatArray, max_latency_s: FloatArray | float, late_usd_per_s: float
) -> FloatArray:
    """Price of the time beyond the maximum latency; shapes broadcast."""
    late_s = latency_s - max_latency_s
    np.maximum(late_s, 0.0, out=late_s)
    late_s *= late_usd_per_s
    return late_s
