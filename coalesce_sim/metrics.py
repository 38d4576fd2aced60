"""Every metric that runs, comparisons and sweeps report: what it is called, its unit, its definition."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final, Literal

from coalesce_sim.cost_parts import (
    AT_HOME,
    COST_PARTS,
    HOME_BILL,
    HOME_COMPUTE,
    HOME_DEPRECIATION,
    HOME_ENERGY,
    HOME_MEMORY,
    PRICE,
    Group,
)
from coalesce_sim.errors import CoalesceError

Direction = Literal["higher", "lower"]


@dataclass(frozen=True, slots=True)
class Metric:
    """One figure of a replication; `unit` is empty for counts and indices.

    `definition` has Σ for sums over all tasks of the replication. `better` is None where a change is neither
    good nor bad by itself.
    """

    name: str
    label: str
    unit: str
    definition: str
    better: Direction | None

    @property
    def axis(self) -> str:
        """The label with its unit, for the axis of a figure."""
        return f"{self.label} ({self.unit})" if self.unit else self.label

    @property
    def share(self) -> bool:
        """Whether it is a share of a whole, between 0 and 100 %: its definition begins so."""
        return self.unit == "%" and self.definition.startswith("Share of ")


def is_share(name: str) -> bool:
    """Whether the metric of that name, which need not exist, is a share of a whole."""
    return name in METRICS and METRICS[name].share


class UnknownMetric(CoalesceError, ValueError):
    """Raised for a metric that does not exist, or not in these results; the text lists those that do."""

    def __init__(self, name: str, known: Iterable[str]) -> None:
        super().__init__(name, tuple(known))

    def __str__(self) -> str:
        name, names = self.args
        near = difflib.get_close_matches(name, names, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else "."
        return f"{name}: no such metric{hint} There are: {', '.join(names)}"


def describe(name: str, known: Iterable[str] | None = None) -> Metric:
    """The metric of that name; `known` restricts those that there are, such as to those of some results.

    Raises `UnknownMetric` with those that there are and the nearest of them.
    """
    names = METRICS if known is None else [each for each in known if each in METRICS]
    if name not in names:
        raise UnknownMetric(name, names)
    return METRICS[name]


def _percentiles(prefix: str, of: str, whose: str) -> list[Metric]:
    return [
        Metric(
            f"{prefix}turnaround_p{percentile}_s",
            f"{of} p{percentile}",
            "s",
            f"The {percentile}th percentile of the time from a task's arrival to its result{whose}",
            None if prefix else "lower",
        )
        for percentile in (50, 95, 99)
    ]


_GROUPS: dict[Group, tuple[str, str, str]] = {
    "cash": ("cash_saving", "Cash", "what is paid to somebody or used up at home"),
    "delay": ("delay_saving", "Delay", "what waiting is worth"),
    "losses": ("loss_saving", "Losses", "what bad work, leaks and charged risk come to"),
}
"""The metric of what is saved of a group, its label, and what is in it."""

SAVINGS: Final = tuple(saving for saving, _, _ in _GROUPS.values())
"""The parts of `cost_reduction`, in the order in which they are told."""

COST_REDUCTION: Final = "cost_reduction"
COST_REDUCTION_AS_LOGGED: Final = "cost_reduction_as_logged"


def _of_savings() -> Iterator[Metric]:
    for group, (name, label, meaning) in _GROUPS.items():
        yield Metric(
            name,
            f"{label} saved",
            "%",
            f"The part of `cost_reduction` that is {meaning}: (`all_local_{group}_usd` − `{group}_usd`) / "
            "`all_local_usd`; negative where that costs more than all-local",
            "higher",
        )


def _of_groups() -> Iterator[Metric]:
    for group, (_, label, meaning) in _GROUPS.items():
        parts = ", ".join(f"`{part.metric}`" for part in COST_PARTS if part.group == group)
        definition = f"The part of the cost that is {meaning}: {parts}"
        yield Metric(f"{group}_usd", label, "USD", definition, "lower")
    for group, (_, label, meaning) in _GROUPS.items():
        yield Metric(
            f"all_local_{group}_usd",
            f"All-local {label.lower()}",
            "USD",
            f"The part of the all-local cost that is {meaning}",
            None,
        )
    for group, (_, label, meaning) in _GROUPS.items():
        yield Metric(
            f"as_logged_{group}_usd",
            f"{label} as logged",
            "USD",
            f"The part of `as_logged_usd` that is {meaning}",
            None,
        )


def _of_parts() -> Iterator[Metric]:
    """What each part of the cost comes to, as played and all-local."""
    for place, part in enumerate(COST_PARTS):
        shifted = place in (HOME_COMPUTE, HOME_MEMORY, HOME_ENERGY, HOME_DEPRECIATION, HOME_BILL, PRICE)
        yield Metric(part.metric, part.label, "USD", f"Σ {part.definition}", None if shifted else "lower")
    yield Metric(
        "retries_usd",
        "Cost of retries",
        "USD",
        "Σ what attempts at a task after its first came to: search, pay, fees and work at home, which are in "
        "the other parts too",
        "lower",
    )
    for part in (COST_PARTS[index] for index in AT_HOME):
        yield Metric(
            f"all_local_{part.metric}",
            f"All-local {part.label[0].lower()}{part.label[1:]}",
            "USD",
            f"Σ {part.definition}, where all tasks stay at home",
            None,
        )


_OF_TASKS = [
    Metric(
        "tasks",
        "Number of tasks",
        "",
        "Tasks that ended; a composite task counts once, with all its steps",
        None,
    ),
    *_of_savings(),
    Metric(
        "cost_reduction",
        "Cost reduction",
        "%",
        "1 − Σ realised cost / Σ realised cost of the same tasks all-local, on the same random numbers: "
        "`cash_saving` + `delay_saving` + `loss_saving`",
        "higher",
    ),
    Metric(
        COST_REDUCTION_AS_LOGGED,
        "Cost reduction against the log",
        "%",
        "1 − Σ realised cost / Σ cost of the same tasks as their log says (`as_logged_usd`); only where "
        "tasks are logged",
        "higher",
    ),
    Metric(
        "cost_reduction_published",
        "Cost reduction as published",
        "%",
        "Σ over outsourced tasks of max(0, estimated internal cost − realised cost) / Σ realised cost of the "
        "tasks that stayed local; it leaves losses out and can pass 100 %",
        "higher",
    ),
    Metric(
        "time_reduction",
        "Time reduction",
        "%",
        "1 − Σ time from arrival to result / Σ that of the same tasks all-local, on the same random numbers",
        "higher",
    ),
    Metric(
        "time_savings_published",
        "Time savings as published",
        "%",
        "Σ over outsourced tasks of max(0, local time − realised time) / Σ local time of the tasks that "
        "stayed local; it leaves losses out and can pass 100 %",
        "higher",
    ),
    Metric(
        "outsourcing_rate",
        "Outsourcing rate",
        "%",
        "Share of the tasks decided on (each step of a composite task by itself) whose last decision was "
        "for a contractor",
        None,
    ),
    Metric(
        "exploration_rate",
        "Exploration rate",
        "%",
        "Share of the tasks decided on for which at least one decision was made at random",
        None,
    ),
    Metric("success_rate", "Success rate", "%", "Share of the tasks that ended with good work", "higher"),
    Metric(
        "realised_usd",
        "Cost",
        "USD",
        "Σ realised cost: `cash_usd` + `delay_usd` + `losses_usd`",
        "lower",
    ),
    Metric(
        "all_local_usd",
        "All-local cost",
        "USD",
        "Σ realised cost of the same tasks where all of them stay at home, on the same random numbers",
        None,
    ),
    Metric(
        "as_logged_usd",
        "Cost as logged",
        "USD",
        "Σ cost of the same tasks as their log says: bills or, at home without one, what the hardware costs "
        "for so long; lateness and losses as this market counts them. Undefined where a contractor's bill is "
        "not in the log",
        None,
    ),
    *_of_groups(),
    *_of_parts(),
    Metric(
        "attempts_per_task",
        "Mean attempts per task",
        "",
        "Contracts and work at home / tasks, all steps of a composite task together",
        "lower",
    ),
    Metric("lateness_s", "Lateness", "s", "Σ time beyond the target", "lower"),
    Metric(
        "all_local_lateness_s",
        "All-local lateness",
        "s",
        "Σ time beyond the target, where all tasks stay at home",
        None,
    ),
    Metric(
        "estimated_saving_usd_per_task",
        "Estimated saving",
        "USD/task",
        "Σ over outsourced tasks of (estimated internal − estimated external cost) / all tasks",
        "higher",
    ),
    Metric("late_rate", "Share of late tasks", "%", "Share of the tasks that missed their target", "lower"),
    Metric(
        "all_local_late_rate",
        "All-local share of late tasks",
        "%",
        "Share of the tasks that end beyond their target where all of them stay at home, among all tasks",
        None,
    ),
    Metric(
        "as_logged_outsourcing_rate",
        "Outsourcing rate as logged",
        "%",
        "Share of the tasks that went to contractors by their log",
        None,
    ),
    Metric(
        "as_logged_success_rate",
        "Success rate as logged",
        "%",
        "Share of the tasks that ended well by their log",
        None,
    ),
    Metric(
        "as_logged_late_rate",
        "Share of late tasks as logged",
        "%",
        "Share of the tasks that took longer than their target by their log",
        None,
    ),
    Metric(
        "moved_rate",
        "Share of tasks moved",
        "%",
        "Share of the tasks that went last to somebody else than their log says; with `as_logged` at "
        "modelled costs those that found no offer, or were done over",
        None,
    ),
    Metric(
        "split_rate",
        "Share of tasks split",
        "%",
        "Share of the tasks for which the policy decides it that were done in steps",
        None,
    ),
    Metric(
        "coordination_s",
        "Time for coordination",
        "s",
        "Σ time that coordinating the steps of split tasks took before they were decided on",
        "lower",
    ),
    *_percentiles("", "Turnaround", ""),
    *_percentiles("all_local_", "All-local turnaround", " where all tasks stay at home"),
    *_percentiles("as_logged_", "Turnaround as logged", " by its log"),
]

_OF_MARKETS = [
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

_OF_EXPERIMENTS = [
    Metric(
        "regret_oracle_usd_per_task",
        "Regret against oracle",
        "USD/task",
        "(Σ realised cost − Σ realised cost with the policy `oracle`) / tasks, on common random numbers",
        "lower",
    ),
    Metric(
        "regret_best_fixed_usd_per_task",
        "Regret against best_fixed",
        "USD/task",
        "(Σ realised cost − Σ realised cost with the policy `best_fixed`) / tasks, on common random numbers",
        "lower",
    ),
    Metric(
        "warm_up_s",
        "Warm-up",
        "s",
        "When the first task arrived that counts after the cut of MSER-5: after the d batches, of 5 tasks in "
        "order of arrival, for which Σ (batch mean − their mean)² / (their number)², over the later batches, "
        "is least",
        None,
    ),
    Metric(
        "warm_up_found",
        "Warm-up found",
        "",
        "1 where the cut of MSER-5 lies in the first half of the run, 0 where the run is too short to tell",
        None,
    ),
]

_OF_ATTACKS = [
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

_OF_HOMES: Final = ("home_utilisation", "all_local_success_rate")
_OF_GROUPS: Final = frozenset((*(each.name for each in _OF_TASKS), *_OF_HOMES))
"""What is told of each group of clients, too."""


_INPUT: Final = "input."


class _Catalogue(dict[str, Metric]):
    """Metrics by name, in the order in which runs report them.

    Those of a group of clients, as in ``cost_reduction[research]``, and what was drawn of uncertain inputs,
    as in ``input.contractors[0].price_usd``, are found and not listed: what groups and inputs there are is
    the scenario's to say.
    """

    def __contains__(self, name: object) -> bool:
        if super().__contains__(name) or not isinstance(name, str):
            return super().__contains__(name)
        return is_input(name) or _base_and_group(name) is not None

    def __missing__(self, name: str) -> Metric:
        if is_input(name):
            path = name.removeprefix(_INPUT)
            definition = f"What the replication drew for {path}, which is uncertain"
            return Metric(name, f"{path}, as drawn", "", definition, None)
        parts = _base_and_group(name)
        if parts is None:
            raise KeyError(name)
        base, group = self[parts[0]], parts[1]
        return replace(
            base,
            name=name,
            label=f"{base.label}, {group}",
            definition=f"{base.definition}; of the tasks of the clients in the group {group}",
        )


METRICS: Final = _Catalogue(
    (each.name, each) for each in (*_OF_TASKS, *_OF_MARKETS, *_OF_EXPERIMENTS, *_OF_ATTACKS)
)
"""By name, in the order in which runs report them."""


SPLIT: Final = (COST_REDUCTION, "realised_usd")
"""Metrics of which it is told how much of their variance is luck, where more than luck is uncertain."""


def of_group(name: str, group: str) -> str:
    """What a metric is called that tells of one group of clients."""
    return f"{name}[{group}]"


def of_input(path: str) -> str:
    """What is called among the metrics that was drawn of an uncertain number, by the way to its field."""
    return _INPUT + path


def is_input(name: str) -> bool:
    """Whether it is what was drawn of an uncertain number (`of_input`)."""
    return name.startswith(_INPUT)


def in_order(names: Iterable[str]) -> list[str]:
    """Those of the names that are metrics, in the order in which runs report them: those of groups come last,
    in the order in which they are given."""
    given = list(dict.fromkeys(names))
    found = set(given)
    own = [name for name in METRICS if name in found]
    return own + [name for name in given if _base_and_group(name) is not None]


def _base_and_group(name: str) -> tuple[str, str] | None:
    """The metric and the group that a name is made of; None if it is not of a group."""
    base, bracket, group = name.partition("[")
    return (base, group[:-1]) if bracket and group.endswith("]") and base in _OF_GROUPS else None
