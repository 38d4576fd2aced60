"""Metrics of a market as a whole."""

from __future__ import annotations

from typing import Final

from coalesce_sim.metrics.metric import Metric

OF_MARKETS: Final = [
    Metric(
        "revenue_hhi",
        "Concentration of revenue (HHI)",
        "",
        "Herfindahl–Hirschman index, Σ over contractors of (share of all contractors' revenue)²: 1/n if all "
        "earn alike, 1 if one earns all",
        None,
    ),
    Metric(
        "contractor_utilisation",
        "Contractor utilisation",
        "%",
        "Share of the contractors' slot time that was worked in, from the start to the end of the last work",
        None,
    ),
    Metric(
        "home_utilisation",
        "Home utilisation",
        "%",
        "Share of the clients' slot time that was worked in, from the start to the end of the last work",
        None,
    ),
    Metric(
        "estimation_error",
        "Estimation error",
        "%",
        "Σ |estimated − charged| / Σ charged, over all charges",
        "lower",
    ),
    Metric(
        "estimation_error_first",
        "Initial estimation error",
        "%",
        "Σ |estimated − charged| / Σ charged, over the first 50 charges",
        None,
    ),
    Metric(
        "estimation_error_last",
        "Final estimation error",
        "%",
        "Σ |estimated − charged| / Σ charged, over the last window of up to 50 charges",
        "lower",
    ),
    Metric("contracts", "Number of contracts", "", "Contracts that ended, in whatever state", None),
    Metric(
        "contracts_completed_rate",
        "Share of contracts completed",
        "%",
        "Share of the contracts that ended in the state `completed`, accepted or not",
        "higher",
    ),
    Metric(
        "contracts_failed_rate",
        "Share of contracts failed",
        "%",
        "Share of the contracts that ended in the state `failed`",
        "lower",
    ),
    Metric(
        "contracts_canceled_rate",
        "Share of contracts cancelled",
        "%",
        "Share of the contracts that ended in the state `canceled`, such as after a timeout",
        "lower",
    ),
    Metric(
        "contracts_rejected_rate",
        "Share of contracts rejected",
        "%",
        "Share of the contracts that ended in the state `rejected`: the contractor refused",
        "lower",
    ),
    Metric(
        "contracts_found_bad_rate",
        "Share of contracts found bad",
        "%",
        "Share of the contracts that were completed but whose work verification did not accept",
        "lower",
    ),
    Metric(
        "contracts_outage_rate",
        "Share of contracts that failed by outage",
        "%",
        "Share of the contracts whose contractor went down and lost the work, a part of those that `failed`",
        "lower",
    ),
    *(
        Metric(
            f"contracts_{kind}_rate",
            f"Share of contracts {kind}",
            "%",
            f"Share of the contracts {what}",
            "lower",
        )
        for kind, what in (
            ("leaked", "whose data leaked"),
            ("tampered", "whose work was tampered with before it was delivered"),
            ("lost", "whose finished work was lost, a part of those that `failed`"),
        )
    ),
    Metric("insured_usd", "Leaks insured", "USD", "What insurance paid for leaked data", None),
    Metric(
        "manipulated_rate",
        "Share of contracts manipulated",
        "%",
        "Share of the contracts on which somebody did otherwise than the honest; only with `adversaries`",
        "lower",
    ),
    Metric(
        "direct_harm_usd",
        "Direct harm",
        "USD",
        "What manipulated contracts cost their clients at once, less what the same contracts would have cost "
        "had they been kept honestly: prices, fees, and what bad work costs; only with `adversaries`",
        "lower",
    ),
    Metric(
        "sham_contracts",
        "Sham contracts",
        "",
        "How many contracts were made to be cancelled, so that slots were not there for others; no part of "
        "`contracts`",
        None,
    ),
    Metric(
        "sham_contracts_refused_rate",
        "Share of sham contracts refused",
        "%",
        "Share of them that came to a contractor that was down, or whose queue was full",
        "higher",
    ),
    Metric(
        "deserted_tasks",
        "Tasks nobody is left for",
        "%",
        "Share of tasks that came when nobody who offers to do them was in the market",
        "lower",
    ),
    Metric(
        "discovery_age_s",
        "Age of discovered facts",
        "s",
        "Mean age of what clients went by, over the queries that found somebody",
        "lower",
    ),
    Metric(
        "unanswered_queries",
        "Share of queries unanswered",
        "%",
        "Share of the discovery queries that met a registry which was down",
        "lower",
    ),
    Metric(
        "messages_per_query",
        "Messages a query",
        "",
        "Mean number of messages that a query for contractors takes; only where messages take time or cost "
        "something",
        None,
    ),
    Metric(
        "contractor_work_usd",
        "Cost of contractors' work",
        "USD",
        "What the contractors' jobs cost them, those too that came to nothing after they were begun: time on "
        "hardware, or the stated share of the listed price; of the contractors whose own costs are stated",
        None,
    ),
    Metric(
        "contractor_idle_usd",
        "Cost of contractors' idle hardware",
        "USD",
        "What contractors' owned hardware lost in value in slots that stood idle, from the start to the end "
        "of the last work",
        None,
    ),
    Metric(
        "contractor_levies_usd",
        "Contractors' levies",
        "USD",
        "What contractors paid the market: fees, stakes, and for slots withheld; of those whose own costs "
        "are stated, and only with `defences`",
        None,
    ),
    Metric(
        "contractor_profit_usd",
        "Contractors' profit",
        "USD",
        "Revenue − `contractor_work_usd` − `contractor_idle_usd` − `contractor_levies_usd`, of the "
        "contractors whose own costs are stated",
        None,
    ),
    Metric(
        "contractor_margin",
        "Contractors' margin",
        "%",
        "`contractor_profit_usd` / revenue, of the contractors whose own costs are stated",
        None,
    ),
    Metric(
        "contractors_in_the_red",
        "Contractors in the red",
        "%",
        "Share of the contractors whose own costs are stated that spent more than they were paid",
        None,
    ),
    Metric(
        "contractors_entered",
        "Contractors that entered",
        "",
        "How many contractors entered after the start",
        None,
    ),
    Metric(
        "contractors_left",
        "Contractors that left",
        "",
        "How many contractors left before the end of the last work",
        None,
    ),
    Metric(
        "contractors_present",
        "Contractors in the market",
        "",
        "How many contractors were in the market, the mean over time",
        None,
    ),
    Metric(
        "all_local_success_rate",
        "All-local success rate",
        "%",
        "Share of the tasks that end with good work where all of them stay at home",
        None,
    ),
]
