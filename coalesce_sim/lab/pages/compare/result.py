"""What a comparison came to: the finding, the differences, and all that they rest on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import streamlit as st

from coalesce_sim.experiments.uncertainty import sources_of
from coalesce_sim.lab import laboratory
from coalesce_sim.lab.pages.compare import wording
from coalesce_sim.lab.pages.compare.address import show_as, shown, whole
from coalesce_sim.lab.pages.compare.asked import Asked, PoliciesAsked, SettingsAsked
from coalesce_sim.lab.pages.compare.contest import Contest
from coalesce_sim.lab.pages.compare.edge import at_edge
from coalesce_sim.lab.pages.compare.told import Told, told_of
from coalesce_sim.lab.parts.answer import answer, overline
from coalesce_sim.lab.parts.blocks import show_blocks, show_warnings
from coalesce_sim.lab.parts.charts import chart
from coalesce_sim.lab.parts.repeat import repeat
from coalesce_sim.lab.parts.running import played
from coalesce_sim.lab.parts.tables import table
from coalesce_sim.lab.parts.texts import plain
from coalesce_sim.lab.repeating import address, yaml_of
from coalesce_sim.lab.variants import plan_of, sweep_of
from coalesce_sim.lab.workshop.comparing import ComparePolicies, CompareSettings
from coalesce_sim.metrics import COST_REDUCTION, METRICS, Metric
from coalesce_sim.numbers import plural
from coalesce_sim.report.html.page import Drawing
from coalesce_sim.report.uncertainty import called

_JOB = "compare job"
_BESIDE = 3
"""Of more than these the table of every metric needs the whole width."""


def show(asked: Asked) -> None:
    """Have it played, and show it. Raises `ScenarioError` where it cannot be."""
    if isinstance(asked, PoliciesAsked):
        job: ComparePolicies | CompareSettings = ComparePolicies(asked.origin)
        replications = asked.origin.replications
    else:
        job, replications = _sweep(asked), asked.played_replications
    what = f"Playing {plural(replications, 'replication')} of each"
    folder = played(job, what, key="compare")
    if folder is None:
        return
    told = told_of(folder)
    if told.failed:
        st.warning(plain(told.failed))
    if told.contest is not None:
        _differences(told, told.contest, asked)
    _rest(told, asked)
    _again(asked, job, told)


def _sweep(asked: SettingsAsked) -> CompareSettings:
    """The job of settings, made once for what is asked."""
    known: tuple[SettingsAsked, CompareSettings] | None = st.session_state.get(_JOB)
    if known is None or known[0] is not asked:
        lab = laboratory.current()
        content = sweep_of(asked.variants, asked.played_seed, asked.played_replications)
        plan = plan_of(asked.variants, content)
        known = asked, CompareSettings.of(content, plan, lab.keep.relative_to(lab.start))
        st.session_state[_JOB] = known
    return known[1]


def _differences(told: Told, contest: Contest, asked: Asked) -> None:
    """The finding, the figure and the tables, of the metric and against the one that are chosen."""
    overline(_played(contest, asked))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        metric = _metric(contest)
        reference = _reference(contest)
    show_as(metric=metric.name, against=reference)
    answer([*wording.answer(contest, metric), *_further(contest, metric, asked)])
    for note in _notes(contest, metric, asked):
        st.caption(plain(note))
    show_warnings(told.checks, key="compare warned")
    if len(contest.labels) < 2:
        return
    few = len(contest.asked) <= _BESIDE
    left, right = st.columns([3, 2], gap="large") if few else (st.container(), st.container())
    with left:
        chart(wording.chart(contest, metric, reference), key="compare differences", around_zero=True)
        table(wording.table(contest, metric, reference))
    with right:
        if len(contest.asked) > 1:
            against = reference if reference in contest.asked else contest.asked[0]
            names = [name for name in wording.MAIN if name in contest.metrics]
            table(wording.overview(contest, against, names))


def _further(contest: Contest, metric: Metric, asked: Asked) -> list[str]:
    """That the best, which is shown to be better than another, is the last of what was compared; nothing of
    settings that are no answers to the same problem."""
    if metric.better is None or isinstance(asked, PoliciesAsked) or not contest.same_bill:
        return []
    best, *others = contest.best(metric) or [""]
    if not any(contest.between(metric.name, best, other).shown for other in others):
        return []
    return at_edge(asked.variants, best)


def _played(contest: Contest, asked: Asked) -> str:
    """What was played, in a line."""
    if isinstance(asked, PoliciesAsked):
        of, seed = ", ".join([asked.setting.source, *asked.setting.overrides]), asked.origin.seed
        what = f"{len(contest.asked)} policies on {of}" if len(contest.asked) > 1 else f"A policy on {of}"
    else:
        sources = dict.fromkeys(each.setting.source for each in asked.variants)
        what, seed = f"{len(asked.variants)} settings of {' and '.join(sources)}", asked.played_seed
    return f"{what} · {plural(contest.replications, 'replication')} · seed {seed}"


def _metric(contest: Contest) -> Metric:
    names = [name for name in wording.MAIN if name in contest.metrics]
    names += [name for name in contest.metrics if name not in names]
    asked = shown().get("metric")
    name = st.selectbox(
        "Difference in",
        names,
        names.index(asked) if asked in names else 0,
        format_func=lambda name: METRICS[name].label,
        key="compare metric",
        width=320,
    )
    return METRICS[name]


def _reference(contest: Contest) -> str:
    labels = list(contest.labels)
    asked = shown().get("against")
    return st.selectbox(
        "Against",
        labels,
        labels.index(asked) if asked in labels else 0,
        key="compare against",
        width=320,
    )


def _notes(contest: Contest, metric: Metric, asked: Asked) -> list[str]:
    """What is assumed, in a line each."""
    told = []
    if isinstance(asked, PoliciesAsked):
        scenarios = [asked.origin.scenario]
    else:
        scenarios = [each.setting.scenario for each in asked.variants]
        sources = dict.fromkeys(each.setting.source for each in asked.variants)
        if len(sources) > 1:
            told.append(
                f"{' and '.join(sources)} draw tasks of their own from the same seed: replications are "
                "paired, but need not meet the same tasks. What pairing was worth stands in the table."
            )
        elif not contest.same_tasks:
            told.append("The settings do not have as many tasks as one another: USD are of all tasks.")
        if not contest.same_bill:
            told.append(
                "All tasks at home would not cost the same in each: what one saves more than another may "
                "come from other tasks or prices, and need not be better."
            )
    uncertain = dict.fromkeys(source for each in scenarios for source in sources_of(each))
    if uncertain and isinstance(asked, PoliciesAsked) and metric.name == COST_REDUCTION:
        told.append(f"Intervals cover {called(uncertain)}.")
    elif uncertain:
        beside = called(source for source in uncertain if source != "luck")
        told.append(
            f"Beside luck, {beside} are uncertain here: intervals cover luck, and the rest only as far as "
            "replications average it out."
        )
    return told


def _rest(told: Told, asked: Asked) -> None:
    """Over time, who got the work, the levels, and what was looked at."""
    if isinstance(asked, SettingsAsked):
        _work_of_settings(asked)
    if told.course:
        st.header("Over the run", anchor="course")
        st.caption("Each policy by itself: to compare two, use the differences above.")
        show_blocks(told.course, key="compare course")
    if told.work:
        st.header("Who got the work", anchor="work")
        st.caption("Under each policy by itself.")
        show_blocks([each for each in told.work if isinstance(each, Drawing)], key="compare work")
        with st.expander("The figures"):
            show_blocks([each for each in told.work if not isinstance(each, Drawing)], key="compare figures")
    if told.levels:
        with st.expander("The levels themselves"):
            st.caption("What each came to by itself; to compare, use the differences above.")
            show_blocks(told.levels, key="compare levels")
    with st.expander("What was looked at"):
        show_blocks(told.checks, key="compare checks")


def _work_of_settings(asked: SettingsAsked) -> None:
    """Where to see who got the work under each: a sweep keeps no record of it."""
    links = []
    for each in asked.variants:
        setting = replace(each.setting, seed=asked.played_seed, replications=asked.played_replications)
        links.append(f"[{plain(each.label)}]({address('play', setting.query)})")
    told = "Who got the work under each is told by its run, which plays the same replications:"
    st.markdown(f"{told} {', '.join(links)}.")


def _again(asked: Asked, job: ComparePolicies | CompareSettings, told: Told) -> None:
    """How to have it again."""
    if isinstance(asked, PoliciesAsked):
        command = asked.origin.command
        files: Mapping[str, str] = {f"{asked.origin.scenario.name}.yaml": yaml_of(asked.origin)}
    else:
        assert isinstance(job, CompareSettings)
        command, files = job.command, {job.file.name: job.text}
    repeat(command=command, query=whole(asked), files=files, provenance=told.provenance, key="compare")
