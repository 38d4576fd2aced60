"""The study as a report in Markdown and a table in CSV.

The prose stands in ``report.md``; its numbers, verdicts and tables are computed here from the results.
Neither file says when it was made or how long it took, so that the same study gives the same bytes.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from importlib.resources import files
from string import Template

from coalesce_sim.experiments.published.agreement import DRAWS
from coalesce_sim.experiments.published.study import HONEST, Cell, Study
from coalesce_sim.numbers import NOTHING, number, plural
from coalesce_sim.report.costs import SAVED_IN
from coalesce_sim.report.markdown import rows_of, span, with_interval, with_sd
from coalesce_sim.report.replication.figures import METRIC_NAMES
from coalesce_sim.report.replication.findings import apart, findings

_FEW_RUNS = 100


def headline(study: Study) -> tuple[str, str, str]:
    """What a reader must not miss: on the table, on its grand mean, and on the honest figures."""
    cost, time = (study.grand_mean[metric] for metric in HONEST)
    cells = len(study.cells)
    agree = sum(cell.agrees for cell in study.cells)
    resampled = sum(cell.agrees_resampled for cell in study.cells)
    place = "inside" if cost.covers else "OUTSIDE"
    return (
        f"{agree} of the {cells} printed cost and time figures agree with ours at a family-wise "
        f"5 % (Welch, Holm); {resampled} of {cells} by resampling our runs.",
        f"The printed mean over {cost.runs} runs, {number(cost.printed, 2)} %, lies {place} the 95 % "
        f"interval for the mean of {cost.runs} new runs, {span(cost.predictive_ci95)} %.",
        "Against the same tasks all kept at home, the same runs save of the cost "
        f"{apart(study.metrics)}, together {with_interval(cost.honest)} %, not "
        f"{number(cost.ours.mean, 1)} %; and of the time {with_interval(time.honest)} %, not "
        f"{number(time.ours.mean, 1)} %.",
    )


def markdown(study: Study, origin: Sequence[str], figures: Sequence[str]) -> str:
    """The report; `origin` says how it was made, `figures` names the files of table and cold start."""
    table, grand_mean, honest = headline(study)
    last = study.cells[-1]
    template = files(__package__).joinpath("report.md").read_text(encoding="utf-8")
    return Template(template).substitute(
        finding_table=table,
        finding_grand_mean=grand_mean,
        finding_honest=honest,
        origin="\n".join(f"- {line}" for line in origin),
        last_experiment=last.experiment,
        last_seed=last.seed,
        replications=study.replications,
        draws=f"{DRAWS:,}",
        cells=len(study.cells),
        table_figure=figures[0],
        cold_start_figure=figures[1],
        cost_table=_cells_table(study, "cost_reduction_published"),
        time_table=_cells_table(study, "time_savings_published"),
        differing=_differing(study),
        caution=_caution(study),
        grand_mean_table=_grand_mean_table(study),
        savings_table=_savings_table(study),
        spread=_spread(study),
        **_shared_hours(study),
        **findings(study),
    )


def verdict(cell: Cell) -> str:
    """What both tests of the mean say."""
    if cell.agrees and cell.agrees_resampled:
        return "agrees"
    if cell.agrees:
        return "differs (resampled)"
    return "differs (Welch)" if cell.agrees_resampled else "differs"


def p_value(p: float) -> str:
    """Three decimals, or that it is below them."""
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def table_csv(study: Study) -> str:
    """One row a cell, percent throughout; columns as in `Cell`."""
    text = io.StringIO()
    rows = [_csv_row(cell) for cell in study.cells]
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _cells_table(study: Study, metric: str) -> str:
    rows = [
        (
            cell.experiment,
            f"{number(cell.printed.mean, 1)} ± {number(cell.printed.sd, 1)} ({cell.printed.n})",
            f"{with_sd(cell.ours)} [{span(cell.ours.ci95)}]",
            f"{cell.difference.mean:+.1f} [{span(cell.difference.ci95)}]",
            p_value(cell.difference.p),
            p_value(cell.p_resampled),
            verdict(cell),
            with_interval(cell.honest),
        )
        for cell in study.cells_of(metric)
    ]
    header = ("", "printed (n)", "ours", "difference", "p Welch", "p resampled", "verdict", "honest")
    return rows_of(header, rows)


def _differing(study: Study) -> str:
    differing = [cell for cell in study.cells if verdict(cell) != "agrees"]
    if not differing:
        return "No cell differs."
    named = "; ".join(
        f"{cell.experiment}, {METRIC_NAMES[cell.metric]}: {verdict(cell)}, "
        f"printed {number(cell.printed.mean, 1)}, ours {with_interval(cell.ours)}, "
        f"ours without runs with a shared hour (below) {with_interval(cell.apart)}"
        for cell in differing
    )
    return f"No constant is tuned to meet what differs ({plural(len(differing), 'cell')}): {named}."


def _caution(study: Study) -> str:
    few = (
        f" Resampling {plural(study.replications, 'run')} a row says little: read Welch's test only."
        if study.replications < _FEW_RUNS
        else ""
    )
    widest = max(study.cells, key=lambda cell: cell.difference.ci95[1] - cell.difference.ci95[0])
    half_width = (widest.difference.ci95[1] - widest.difference.ci95[0]) / 2
    return (
        "Agreement is weak evidence where runs scatter: in "
        f"{widest.experiment} the difference in {METRIC_NAMES[widest.metric]} is known to "
        f"±{number(half_width, 0)} points only.{few}"
    )


def _grand_mean_table(study: Study) -> str:
    rows = [
        (
            METRIC_NAMES[metric],
            f"{number(each.printed, 2)} ({each.runs})",
            with_interval(each.ours, 2),
            span(each.predictive_ci95, 2),
            p_value(each.p),
            with_interval(each.honest, 2),
        )
        for metric, each in study.grand_mean.items()
    ]
    return rows_of(("", "printed (n)", "ours", "n new runs, 95 %", "p resampled", "honest"), rows)


def _savings_table(study: Study) -> str:
    told = [
        (cell.experiment, study.savings[cell.experiment], cell.honest)
        for cell in study.cells_of("cost_reduction_published")
    ]
    told.append(("mean", study.metrics, study.grand_mean["cost_reduction_published"].honest))
    rows = [
        (name, *(with_interval(savings[each]) for each in SAVED_IN), with_interval(together))
        for name, savings, together in told
    ]
    return rows_of(("", *SAVED_IN.values(), "together, honest"), rows)


def _spread(study: Study) -> str:
    agree = sum(cell.spread_agrees for cell in study.cells)
    farthest = min(study.cells, key=lambda cell: cell.p_spread)
    return (
        f"{agree} of the {len(study.cells)} printed standard deviations agree with our runs too "
        "(resampled, Holm). The farthest out is that of "
        f"{farthest.experiment}, {METRIC_NAMES[farthest.metric]}: "
        f"printed {number(farthest.printed.sd, 1)}, ours {number(farthest.ours.sd, 1)}, "
        f"p = {p_value(farthest.p_spread)}, corrected {p_value(farthest.p_spread_holm)}."
    )


def _shared_hours(study: Study) -> dict[str, str]:
    cells = [cell for cell in study.cells_of("cost_reduction_published") if cell.shared_runs > 0]
    runs = [run for cell in cells for run in study.runs[cell.experiment]]
    rows = [
        (
            cell.experiment,
            str(cell.clients),
            f"{cell.days:g}",
            number(cell.shared_runs, 0),
            with_sd(cell.ours),
            NOTHING if cell.apart.n == 0 else f"{with_sd(cell.apart)} ({cell.apart.n})",
            f"{number(cell.printed.mean, 1)} ± {number(cell.printed.sd, 1)}",
        )
        for cell in cells
    ]
    header = (
        "",
        "clients",
        "days",
        "runs with such an hour (%)",
        "cost reduction, all runs",
        "runs without one (n)",
        "printed",
    )
    largest_usd = max((run.largest_opportunity_usd for run in runs), default=0.0)
    usual = study.discrepancies.units["hour"].all_local_usd_per_task
    return {
        "largest_opportunity_usd": number(largest_usd, 0),
        "usual_home_usd": number(usual.mean, 0),
        "shared_hours_table": rows_of(header, rows),
    }


def _csv_row(cell: Cell) -> dict[str, str]:
    figures: dict[str, float | int | str | None] = {
        "experiment": cell.experiment,
        "days": cell.days,
        "clients": cell.clients,
        "seed": cell.seed,
        "metric": cell.metric,
        "published_mean": cell.printed.mean,
        "published_sd": cell.printed.sd,
        "published_n": cell.printed.n,
        "difference": cell.difference.mean,
        "difference_ci95_low": cell.difference.ci95[0],
        "difference_ci95_high": cell.difference.ci95[1],
        "p_welch": cell.difference.p,
        "p_welch_holm": cell.p_holm,
        "p_resampled": cell.p_resampled,
        "p_resampled_holm": cell.p_resampled_holm,
        "p_spread": cell.p_spread,
        "p_spread_holm": cell.p_spread_holm,
        "verdict": verdict(cell),
        "runs_with_shared_hour": cell.shared_runs,
    }
    for name, each in (
        ("ours", cell.ours),
        ("honest", cell.honest),
        ("ours_without_shared_hour", cell.apart),
    ):
        low, high = (None, None) if each.ci95 is None else each.ci95
        figures |= {
            f"{name}_mean": each.mean,
            f"{name}_sd": each.sd,
            f"{name}_ci95_low": low,
            f"{name}_ci95_high": high,
            f"{name}_n": each.n,
        }
    return {name: _plain(value) for name, value in figures.items()}


def _plain(value: float | int | str | None) -> str:
    if value is None:
        return ""
    return f"{value:.6g}" if isinstance(value, float) else str(value)
