"""What the replication report says of the cold start, the real-LLM study and the discrepancies."""

from __future__ import annotations

from collections.abc import Mapping

from coalesce_sim.experiments.published.cold_start import BEGUN_ABOVE, STEADY_WITHIN, ColdStart
from coalesce_sim.experiments.published.discrepancies import FASTER, UNITS, Discrepancies, Figures
from coalesce_sim.experiments.published.real_llm import PRINTED_LOCAL_USD, RealLlm
from coalesce_sim.experiments.published.study import Study
from coalesce_sim.numbers import NOTHING, number, plural
from coalesce_sim.report.costs import SAVED_IN
from coalesce_sim.report.markdown import rows_of, span, with_interval, with_sd
from coalesce_sim.statistics.intervals import Estimate

_TOTAL_NAMES = {
    "cost_reduction_published": "cost reduction as published (%)",
    "time_savings_published": "time savings as published (%)",
    "outsourcing_rate": "tasks outsourced (%)",
}


def findings(study: Study) -> dict[str, str]:
    """The texts of these sections by the name of their place in the report."""
    short, long = study.real_llm["real_llm_35"], study.real_llm["real_llm_240"]
    return {
        **_cold_start(study.cold_start["cold_start"], study.cold_start["cold_start_explore"]),
        **_real_llm(short, long),
        **_stated_home_cost(short),
        **_units(study.discrepancies),
        **_denominator(study.discrepancies),
        **_opportunity(study.discrepancies),
    }


def apart(savings: Mapping[str, Estimate]) -> str:
    """What is saved of each, of `SAVINGS`: ``15.8 [15.5 to 16.1] % in cash, …``."""
    *first, last = (f"{with_interval(savings[name])} % in {group}" for name, group in SAVED_IN.items())
    return f"{', '.join(first)} and {last}"


def cold_start_finding(curve: ColdStart) -> str:
    """The curve without exploration in one sentence."""
    idle = f"{curve.idle_first_days} of {plural(curve.replications, 'run')}"
    return (
        f"Without exploration nothing is outsourced on day 1 in {idle}; outsourcing {_begins(curve)} "
        f"and {_steady(curve)}."
    )


def real_llm_finding(study: RealLlm) -> str:
    """What the figure printed as percent is, in one sentence."""
    high, low = (number(each.value, 1) for each in study.printed)
    saving = study.estimated_saving_usd_per_task
    return (
        f"The real-LLM figures {high} and {low} are USD per task, not percent: ours is {with_sd(saving)} USD "
        f"over single runs. Truly saved are {_honest(study)}."
    )


def _cold_start(plain: ColdStart, exploring: ColdStart) -> dict[str, str]:
    first = exploring.days[0]
    rows = [
        (
            str(one.day),
            with_interval(one.outsourcing_rate),
            with_interval(one.cost_reduction),
            with_interval(other.outsourcing_rate),
            with_interval(other.decided_rate),
            with_interval(other.cost_reduction),
        )
        for one, other in zip(plain.days, exploring.days, strict=True)
    ]
    outsourced = [each.outsourcing_rate.mean or 0.0 for each in plain.days]
    steady = outsourced[(plain.steady or 1) - 1 :]
    return {
        "finding_cold_start": cold_start_finding(plain),
        "explore_first_day": with_interval(first.outsourcing_rate),
        "explore_first_day_decided": with_interval(first.decided_rate),
        "explore_begins": _begins(exploring),
        "explore_steady": _steady(exploring),
        "cold_start_table": rows_of(
            ("day", "ε = 0: outsourced", "honest saving", "ε = 0.1: outsourced", "decided", "honest saving"),
            rows,
        ),
        "begun_above": f"{BEGUN_ABOVE:g}",
        "steady_within": f"{100 * STEADY_WITHIN:g}",
        "steady_range": f"{number(min(steady), 1)} and {number(max(steady), 1)}",
        "cold_start_totals": rows_of(
            ("over all days, ε = 0", "printed (one run)", "ours", "runs of ours at most as high (%)"),
            [
                (
                    _TOTAL_NAMES[metric],
                    number(each.printed.value, 1),
                    with_sd(each.ours),
                    number(each.printed.runs_at_most, 0),
                )
                for metric, each in plain.totals.items()
            ],
        ),
        "cold_start_level": _level(plain),
    }


def _level(curve: ColdStart) -> str:
    outside = [
        _TOTAL_NAMES[metric]
        for metric, each in curve.totals.items()
        if min(each.printed.runs_at_least, each.printed.runs_at_most) < 2.5
    ]
    if not outside:
        return (
            "All figures of that single run, of an earlier version, lie within the central 95 % of our runs."
        )
    return (
        "The mechanism gives the printed shape of the curve, not its level: of that single run, of an "
        f"earlier version, these lie outside the central 95 % of our runs: {', '.join(outside)}."
    )


def _begins(curve: ColdStart) -> str:
    return "never begins" if curve.begins is None else f"begins on day {curve.begins}"


def _steady(curve: ColdStart) -> str:
    if curve.steady is None or curve.steady_ci95 is None:
        return "is never steady"
    return f"is steady from day {curve.steady} ({curve.steady_ci95[0]} to {curve.steady_ci95[1]})"


def _real_llm(short: RealLlm, long: RealLlm) -> dict[str, str]:
    skill, threshold = number(short.offered.highest_skill, 3), short.offered.threshold
    best = f"The best match of any contractor with any task is {skill}"
    nobody = (
        f"{best}, below θ_skill = {threshold:g}: nobody is ever eligible, so only exploration hires, "
        "and it hires at random."
    )
    high, low = short.printed
    rows = [
        (
            f"real_llm_{each.tasks}",
            f"{with_sd(saving)} [{span(saving.ci95)}]",
            f"{number(each.offered.exact_saving_usd_per_task, 1)} ± "
            f"{number(each.offered.exact_sd_usd_per_task, 1)}",
            with_interval(each.cost_reduction),
            with_interval(each.outsourcing_rate),
            str(each.decided_tasks),
        )
        for each in (short, long)
        for saving in [each.estimated_saving_usd_per_task]
    ]
    return {
        "eligibility": nobody
        if short.offered.highest_skill < threshold
        else f"{best}; θ_skill is {threshold:g}.",
        "real_llm_table": rows_of(
            (
                "scenario",
                "estimated saving (USD a task)",
                "exact",
                "honest saving (%)",
                "outsourced (%)",
                "decided, not explored (tasks of all runs)",
            ),
            rows,
        ),
        "printed_high": number(high.value, 1),
        "printed_low": number(low.value, 1),
        "runs_at_least_high": number(high.runs_at_least, 0),
        "runs_at_most_low": number(low.runs_at_most, 0),
        "runs_central95": f"{number(short.runs_central95[0], 1)} and {number(short.runs_central95[1], 1)}",
        "real_llm_honest": _honest(short),
        "real_llm_long_honest": _honest(long),
        "expected_short": number(short.offered.exact_saving_usd_per_task, 1),
        "expected_long": number(long.offered.exact_saving_usd_per_task, 1),
    }


def _honest(study: RealLlm) -> str:
    return f"{apart(study.savings)}, together {with_interval(study.cost_reduction)} %"


def _stated_home_cost(study: RealLlm) -> dict[str, str]:
    offered = study.offered
    saves = offered.cheapest_price_usd < PRINTED_LOCAL_USD
    return {
        "printed_local_usd": f"{PRINTED_LOCAL_USD:.5f}",
        "stated_home_outcome": "something could be saved" if saves else "nothing can be saved",
        "cheapest_listed_usd": number(offered.cheapest_listed_usd, 2),
        "cheapest_factor": number(offered.cheapest_listed_usd / PRINTED_LOCAL_USD, 0),
        "cheapest_price_usd": number(offered.cheapest_price_usd, 2),
        "cheapest_offer_usd": number(offered.cheapest_offer_usd, 2),
    }


def _units(found: Discrepancies) -> dict[str, str]:
    rows = [
        (
            f"{unit}s",
            number(found.units[unit].all_local_usd_per_task.mean),
            with_interval(found.units[unit].cost_reduction_published),
            with_interval(found.units[unit].cost_reduction, 1 if unit == "hour" else 0),
        )
        for unit in UNITS
    ]
    return {
        "minute_times": _times(found.units["minute"].cost_reduction),
        "second_times": _times(found.units["second"].cost_reduction),
        "units_table": rows_of(
            ("seconds read as", "mean task at home (USD)", "published metric (%)", "honest (%)"), rows
        ),
    }


def _times(reduction: Estimate) -> str:
    """Cost as a multiple of the cost at home."""
    return number(None if reduction.mean is None else 1 - reduction.mean / 100)


def _denominator(found: Discrepancies) -> dict[str, str]:
    rows = [
        ("as published", with_interval(found.steps.published)),
        ("losses counted", with_interval(found.steps.losses_counted)),
        ("and divided by the cost of all tasks at home", with_interval(found.steps.all_tasks)),
        ("honest, from realised costs alone", with_interval(found.steps.honest)),
    ]
    return {
        "steps_table": rows_of(("cost reduction", "%"), rows),
        "above_100": number(found.above_100, 0),
        "highest": number(found.highest, 1),
        "faster": str(FASTER),
        "losing_published": with_interval(found.losing.cost_reduction_published),
        "losing_honest": with_interval(found.losing.cost_reduction),
    }


def _opportunity(found: Discrepancies) -> dict[str, str]:
    rows = []
    for name, each in found.opportunity.items():
        rows.append(_opportunity_row(name, each.opportunity_share, each.published))
        rows.append(_opportunity_row(f"{name}, opportunity: none", None, each.without))
    small, usual = found.opportunity["agt_01"], found.opportunity["dur_04"]
    return {
        "small_share": with_interval(small.opportunity_share),
        "usual_share": with_interval(usual.opportunity_share),
        "gap_with": _gap(small.published.cost_reduction, usual.published.cost_reduction),
        "gap_without": _gap(small.without.cost_reduction, usual.without.cost_reduction),
        "published_gap_with": _gap(
            small.published.cost_reduction_published, usual.published.cost_reduction_published
        ),
        "published_gap_without": _gap(
            small.without.cost_reduction_published, usual.without.cost_reduction_published
        ),
        "opportunity_table": rows_of(
            ("runs", "opportunity in the cost at home (%)", "published metric (%)", "honest (%)"), rows
        ),
    }


def _opportunity_row(name: str, share: Estimate | None, figures: Figures) -> tuple[str, ...]:
    return (
        name,
        NOTHING if share is None else with_interval(share),
        with_interval(figures.cost_reduction_published),
        with_interval(figures.cost_reduction),
    )


def _gap(one: Estimate, other: Estimate) -> str:
    if one.mean is None or other.mean is None:
        return NOTHING
    return number(abs(one.mean - other.mean), 1)
