"""Metrics of how contracts were paid, and of who may not be hired."""

from __future__ import annotations

from typing import Final

from coalesce_sim.metrics.metric import Metric

COST_REDUCTION_NET: Final = "cost_reduction_net"

OF_SETTLEMENT: Final = [
    Metric(
        COST_REDUCTION_NET,
        "Cost reduction, net",
        "%",
        "1 − (Σ realised cost + `frictions_usd`) / Σ realised cost of the same tasks all-local; "
        "`cost_reduction` is the gross figure beside it",
        "higher",
    ),
    Metric(
        "frictions_usd",
        "Cost of settlement to clients",
        "USD",
        "What clients paid beyond `paid_to_contractors_usd`, less what they got back: their fees, loss by "
        "exchange, disputes, charge-backs and write-offs as booked, and the cost of capital that they bear",
        "lower",
    ),
    Metric(
        "fees_usd",
        "Fees on payments",
        "USD",
        "Σ fees of payments as booked, whoever pays them; not in `contractor_profit_usd`",
        "lower",
    ),
    Metric(
        "fx_loss_usd",
        "Loss by exchange",
        "USD",
        "Σ what clients paid for contracts in other currencies − their prices when they were agreed on",
        "lower",
    ),
    Metric(
        "capital_cost_usd",
        "Cost of capital",
        "USD",
        "Σ money in transit and, where `escrow` is stated, in escrow × time × `pay.capital_rate_per_year`, "
        "whoever bears it; in no account",
        "lower",
    ),
    Metric(
        "held_usd_p95",
        "Money held, p95",
        "USD",
        "The 95th percentile, over contracts, of what is set aside or in transit for others when one is "
        "authorised",
        "lower",
    ),
    Metric(
        "days_to_paid_p50",
        "Days to payment, median",
        "days",
        "Median time from authorisation until the contractor is first paid for accepted work: a holdback "
        "below 1 is left out",
        "lower",
    ),
    Metric(
        "disputes", "Disputes", "", "Contracts that were disputed, or whose bill was cut at its cap", "lower"
    ),
    Metric(
        "disputes_usd",
        "Paid by clients through disputes",
        "USD",
        "Σ what clients paid through disputes, their cost among it, − what they got back",
        "lower",
    ),
    Metric("charge_backs", "Charge-backs", "", "Payments that were charged back", "lower"),
    Metric(
        "charge_backs_usd", "Charge-backs", "USD", "Σ payments that were charged back, fees left out", "lower"
    ),
    Metric(
        "written_off_usd",
        "Written off",
        "USD",
        "Σ what contractors had not got in the end and somebody bore for them, as "
        "`settlement.charge_backs.written_off_by` says",
        "lower",
    ),
    Metric(
        "written_off_by_clients_usd",
        "Written off by clients",
        "USD",
        "The part of `written_off_usd` that clients bore",
        "lower",
    ),
    Metric(
        "payment_failures",
        "Payments that failed",
        "",
        "Contracts rejected since no attempt to authorise their price succeeded, or funds did not suffice",
        "lower",
    ),
    Metric(
        "not_allowed_rate",
        "Offers ruled out",
        "%",
        "Share of the offers that would have been made for tasks and that a rule of `compliance` forbids",
        None,
    ),
    Metric(
        "compliance_cost_points",
        "Cost of a rule",
        "points",
        "`cost_reduction_net` without the rule − that with it, on the same random numbers",
        "lower",
    ),
]
