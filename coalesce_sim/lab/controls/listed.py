"""All fields that are worth a control of their own, but for those of policies."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from coalesce_sim.lab.controls.entries import (
    CHEATS,
    CONTRACTS,
    LUCK,
    PAYMENT,
    REPUTATION,
    TIME,
    WHO,
    Entry,
    Section,
)
from coalesce_sim.scenario.document import steps_of

_DISTRIBUTED: Final = {
    f"workload.arrivals.gap_s{inner}": "mean time between tasks (s)"
    for inner in ("", ".exponential.mean", ".gamma.mean", ".normal.mean", ".lognormal.median")
} | {"workload.arrivals.gap_s.lognormal.median": "median time between tasks (s)"}

_OF_CONTRACTORS: Final[dict[str, str]] = {
    "share": "share",
    "slots": "slots",
    "price_usd": "price (USD)",
    "input_usd_per_mtok": "input (USD/million tokens)",
    "output_usd_per_mtok": "output (USD/million tokens)",
    "latency_min": "time for the work (min)",
    "success": "true probability of good work",
    "reliability": "claimed share of good work",
}


def _entries(section: Section, listed: dict[str, str], further: dict[str, str]) -> Iterator[Entry]:
    for which in (listed, further):
        for path, label in which.items():
            steps = steps_of(path, path)
            of_contractors = steps[0] == "contractors" and steps[-1] in _OF_CONTRACTORS
            yield Entry(section, steps, label, which is further, of_contractors and steps[-1] != "slots")


ENTRIES: Final = (
    *_entries(
        WHO,
        {
            "contractors.count": "contractors",
            "clients.count": "clients",
            "clients.groups.*.count": "clients",
            "clients.slots": "slots a client",
            "clients.groups.*.slots": "slots a client",
            "clients.groups.*.budget_usd_per_day": "budget (USD/day)",
            "boxes.*.slots": "slots",
            "skills.threshold": "skill threshold θ",
            "turnover.entry.per_day": "entries (contractors/day)",
            "turnover.exit.per_day": "exits of each contractor (1/day)",
            "contractors.types.*.share": "share",
        },
        {
            "clients.groups.*.share": "share of tasks",
            "clients.success": "success at home",
            "clients.groups.*.success": "success at home",
            **{
                f"contractors{way}.{name}": label
                for way in (".types.*", ".template", ".recorded", "[*]")
                for name, label in _OF_CONTRACTORS.items()
                if (way, name) != (".types.*", "share")
            },
        },
    ),
    *_entries(
        TIME,
        {
            "market_demand.base": "market demand",
            "workload.arrivals.tasks_per_hour": "tasks an hour for each unit of demand",
            **_DISTRIBUTED,
            "workload.arrivals.pace": "pace of the log (times)",
            "workload.arrivals.limit": "tasks at most",
            "clock.days": "length of the run (days)",
            "cost_model.late_usd_per_min": "price of delay (USD/min)",
        },
        {
            "market_demand.busy_factor": "demand in busy hours (times)",
            "market_demand.noise_sd": "noise of demand (SD)",
            "workload.arrivals.gap_s.gamma.cv": "burstiness of arrivals (SD/mean)",
            "workload.types.*.share": "share of tasks",
            "workload.types.*.max_latency_min": "target (min)",
            "workload.attributes.value_usd": "value of good work (USD)",
            "workload.attributes.value_usd.uniform.low": "least value of good work (USD)",
            "workload.attributes.value_usd.uniform.high": "greatest value of good work (USD)",
            "cost_model.external.pricing.slope": "rise of prices with load (share for each job per slot)",
            "cost_model.external.pricing.load_slope": "rise of prices with demand",
            "cost_model.external.pricing.client_weight": "client's share of the saving",
        },
    ),
    *_entries(
        CONTRACTS,
        {
            "contracts.recovery.retries": "retries",
            "contracts.recovery.then": "after the last retry",
            "contracts.due_on_failure": "share of the price due for bad work",
            "contracts.rework_usd": "loss of a task without good work (USD)",
            "contracts.verification.automated.usd": "cost of the check (USD)",
            "contracts.verification.automated.sensitivity": "bad work found by the check (share)",
            "contracts.verification.automated.specificity": "good work passed by the check (share)",
            "contracts.verification.manual_from_value_usd": "checked by hand from a value of (USD)",
            "contracts.timeout_factor": "deadline (times the quoted time)",
            "calibration.rate": "rate of calibration",
        },
        {},
    ),
    *_entries(
        REPUTATION,
        {
            "reputation.model.kind": "rule of the score",
            "reputation.model.forgetting": "forgetting λ",
            "reputation.model.prior_good": "good ratings to begin with",
            "reputation.model.prior_bad": "bad ratings to begin with",
            "reputation.model.warm_ratings": "ratings that the claim is worth",
            "reputation.model.initial": "score to begin with",
            "reputation.model.*": "",
            "reputation.start": "start",
            "reputation.by_task_type": "a score for each type of task",
            "reputation.pooling": "ratings that the score of all types is worth",
            "discovery.k": "contractors found by a query",
            "discovery.newcomer_share": "share of newcomers among them",
            "discovery.refresh_s": "time between rankings (s)",
        },
        {},
    ),
    *_entries(
        CHEATS,
        {
            "adversaries[*].who.share": "share of the contractors",
            "adversaries[*].who.join": "contractors that join",
            "adversaries[*].who.clients": "share of the clients",
            "adversaries[*].*": "",
            "defences.explore_at_most": "exploratory hires at most (times the cost at home)",
            "defences.platform_fee_share": "fee to the market (share of the price)",
            "defences.*": "",
            "defences.audit.share": "audits (share of what passed)",
            "defences.audit.usd": "cost of an audit (USD)",
            "defences.audit.sensitivity": "bad work found by an audit (share)",
            "defences.commitment.usd_per_slot_h": "slots not offered (USD/h)",
        },
        {},
    ),
    *_entries(
        PAYMENT,
        {
            "settlement.escrow.holdback": "held back (share of the bill)",
            "settlement.escrow.until": "held back until",
            "settlement.escrow.window_days": "window (days)",
            "settlement.escrow.cap": "bill beyond the price at most (share)",
            "settlement.escrow.dispute.share": "contested deliveries (share)",
            "settlement.escrow.dispute.least_usd": "contested from (USD)",
            "settlement.escrow.dispute.cost_usd": "cost of a dispute (USD)",
            "settlement.escrow.dispute.wrong": "wrong decisions (share)",
            "settlement.fee[*].share": "fee (share of a payment)",
            "settlement.fee[*].fixed_usd": "fixed fee of a payment (USD)",
            "settlement.pay.every_h": "time between payments (h)",
            "settlement.pay.among": "paid together",
            "settlement.pay.delay_days": "transit (days)",
            "settlement.pay.capital_rate_per_year": "cost of capital (share/year)",
            "settlement.pay.borne_by": "cost of capital borne by",
            "settlement.fx.volatility_per_year": "volatility of currencies (1/year)",
            "settlement.fx.spread_bp": "spread on currencies (basis points)",
            "settlement.charge_backs.rate": "charge-backs (share of payments)",
            "settlement.charge_backs.fee_usd": "fee of a charge-back (USD)",
            "settlement.charge_backs.written_off_by": "charge-backs written off by",
            "settlement.failures.rate": "failed authorisations (share)",
            "settlement.failures.retries": "retries of an authorisation",
            "settlement.funds.*": "",
        },
        {},
    ),
    Entry(LUCK, ("seed",), "seed", box_only=True),
    Entry(LUCK, ("replications",), "replications"),
)
