"""Metrics of attacks and defences."""

from __future__ import annotations

from typing import Final

from coalesce_sim.metrics.metric import Metric

OF_ATTACKS: Final = [
    Metric(
        "attack_gain_usd",
        "Gain of the attack",
        "USD",
        "Profit of the agents that cheat, and of those whom they praise, less that of the same agents where "
        "they behave; of clients that cheat, what their tasks cost less than where they are honest; on the "
        "same random numbers",
        "lower",
    ),
    Metric(
        "attack_gain_per_identity_usd",
        "Gain per identity",
        "USD",
        "The part of `attack_gain_usd` that is of sellers / `identities`",
        "lower",
    ),
    Metric("identities", "Identities used", "", "Names that agents who cheat have used", None),
    Metric("manipulated", "Contracts manipulated", "", "Contracts that somebody manipulated", "lower"),
    Metric(
        "direct_harm_usd",
        "Direct harm",
        "USD",
        "Σ over manipulated contracts of the client's cost − its cost had the same work been honest, with "
        "the same luck",
        "lower",
    ),
    Metric(
        "market_harm_usd",
        "Market harm",
        "USD",
        "Σ realised cost − that where the same agents behave, on the same random numbers; it counts what "
        "others do differently, and so may have another sign than `direct_harm_usd`",
        "lower",
    ),
    Metric(
        "market_harm_usd_per_task",
        "Market harm per task",
        "USD/task",
        "`market_harm_usd` / tasks",
        "lower",
    ),
    Metric(
        "honest_clients_harm_usd",
        "Harm to honest clients",
        "USD",
        "The part of `market_harm_usd` that is of clients who do not cheat",
        "lower",
    ),
    Metric(
        "market_harm_against_absent_usd",
        "Market harm against absence",
        "USD",
        "Σ realised cost − that where the contractors that cheat are not in the market, on the same random "
        "numbers; undefined where clients cheat",
        "lower",
    ),
    Metric(
        "honest_sellers_loss_usd",
        "Loss of honest sellers",
        "USD",
        "Profit of the contractors that do not cheat where all behave − their profit where the others cheat; "
        "of those whose own costs are stated",
        "lower",
    ),
    Metric(
        "cost_reduction_change",
        "Change of cost reduction",
        "points",
        "`cost_reduction` − that where the same agents behave",
        "higher",
    ),
    Metric(
        "success_rate_change",
        "Change of the success rate",
        "points",
        "`success_rate` − that where the same agents behave",
        "higher",
    ),
    Metric(
        "detected_share",
        "Cheats detected",
        "%",
        "Share of the contractors with manipulated contracts whose public score was below the threshold "
        "(`skills.threshold`) at some time after the first of these",
        "higher",
    ),
    Metric(
        "jobs_to_detection",
        "Jobs to detection",
        "",
        "Manipulated contracts that a contractor had ended by then: the median over all that have any, and "
        "of these over replications; those never detected count as later than all others",
        "lower",
    ),
    Metric(
        "detection_time_s",
        "Time to detection",
        "s",
        "Time from the end of a contractor's first manipulated contract to then: medians as of "
        "`jobs_to_detection`",
        "lower",
    ),
    Metric(
        "false_alarms",
        "False alarms",
        "%",
        "Share of the contractors that do not cheat and were rated whose last public score is below the "
        "threshold (`skills.threshold`)",
        "lower",
    ),
    Metric(
        "gain_removed_usd",
        "Gain removed",
        "USD",
        "`attack_gain_usd` where the market is as stated − that under the defence",
        "higher",
    ),
    Metric(
        "defence_cost_points",
        "Cost of the defence",
        "points",
        "`cost_reduction` where nobody cheats and the market is as stated − that under the defence",
        "lower",
    ),
    Metric(
        "defence_cost_sellers_usd",
        "Cost of the defence to sellers",
        "USD",
        "Profit of all contractors whose own costs are stated, where nobody cheats and the market is as "
        "stated − that under the defence; what they pay to the market is in it",
        "lower",
    ),
    *(
        Metric(
            f"break_even_{level}",
            f"Break-even {what}",
            unit,
            f"{begins} at which `attack_gain_usd` is 0 in the mean; undefined where the attack does not pay "
            "without, or pays at any level",
            None,
        )
        for level, what, unit, begins in (
            ("entry_fee_usd", "entry fee", "USD", "`defences.entry_fee_usd`"),
            ("stake_usd", "stake", "USD", "`defences.stake_usd`"),
            ("dues_usd", "dues", "USD", "`defences.dues_usd`"),
            ("audit_share", "share of audits", "", "`defences.audit.share`"),
        )
    ),
    Metric(
        "exploitability_usd_per_task",
        "Exploitability",
        "USD/task",
        "(Profit of the best attackers that a search found − that of the same agents behaving) / tasks, on "
        "random numbers that were not searched on",
        "lower",
    ),
]
