"""A run whose results go to files as they come, so that memory does not grow with them."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path
from typing import NamedTuple, get_args

import pyarrow as pa

from coalesce_sim.experiments.cores import AskedCore, ChosenCore, choose_core
from coalesce_sim.experiments.queues import QueueWatch
from coalesce_sim.experiments.replication import TableName, Wanted
from coalesce_sim.experiments.runs import RunResult, metrics_of, others
from coalesce_sim.experiments.staging import Metrics
from coalesce_sim.experiments.uncertainty import Twins, check_draws, pairs_of, sources_of
from coalesce_sim.files import Folder, expecting
from coalesce_sim.loading import data_digests
from coalesce_sim.market.hired import hired_is_drawn
from coalesce_sim.parquet import ParquetStream
from coalesce_sim.provenance import Origin
from coalesce_sim.report.book import Book, BookFolder, write_book
from coalesce_sim.report.results_folder import ResultsFolder, Written
from coalesce_sim.report.timeline import TIMELINE_COLUMNS, Timeline

_OWN_FILES = (
    "summary.json",
    *(f"{name}.parquet" for name in get_args(TableName) if name != "journal"),
    "outsourcing_rate.png",
    "cost_reduction.png",
    "routing.png",
    "reputation.png",
    "estimation_error.png",
)
"""Every file that a run may leave in its folder, in the order in which they are listed."""


class WrittenRun(NamedTuple):
    """A run in its folder, and its book in another where one was asked for."""

    run: Written[RunResult]
    book: Written[Book] | None


def write_run(
    origin: Origin,
    out: Path,
    *,
    jobs: int,
    progress: Callable[[float], None],
    core: AskedCore = "auto",
) -> WrittenRun:
    """Play the replications and leave summary, tables and figures in the folder `out`, all or none; where a
    book is asked for, of replication 0, it goes to a folder of its own in the same way.

    `progress` is told the share of the work that is done. Raises `FolderError` before anything runs if the
    folder cannot be written to, `ScenarioError` if who is to be hired is not there, `WriteError` if it later
    turns out that a file cannot.
    """
    check_draws(origin.scenario, origin.seed, origin.replications)
    hired_is_drawn(origin.scenario, origin.seed, range(origin.replications))
    chosen = choose_core(core, [origin.scenario], runs=origin.replications, watched=origin.offers)
    with ExitStack() as folders:
        folder = folders.enter_context(ResultsFolder(out, _OWN_FILES))
        booked = None if origin.book is None else folders.enter_context(BookFolder(origin.book))
        result, timeline = _play(origin, folder, jobs, chosen, progress)
        with folder.played():
            if origin.figures:
                _draw(folder.aside, result, timeline)
        book = None if booked is None else write_book(booked, origin, result.tables["journal"][0])
        with folder.writing():
            return WrittenRun(folder.finish(result, result.summary, origin.made), book)


def _draw(folder: Path, result: RunResult, timeline: Timeline) -> None:
    from coalesce_sim.report import experience_figures, figures, routing_figure  # and matplotlib with them

    figures.draw_figures(folder, result, timeline)
    routing_figure.draw_routing(folder, result)
    experience_figures.draw_experience(folder, result)


def _play(
    origin: Origin, folder: Folder, jobs: int, chosen: ChosenCore, progress: Callable[[float], None]
) -> tuple[RunResult, Timeline]:
    """The metrics of all replications, and of the timeline what the figures need; tables go to the folder."""
    scenario, count = origin.scenario, origin.replications
    about = {"coalesce_sim": json.dumps(origin.facts(), allow_nan=False)}
    timeline: list[pa.Table] = []
    kept: dict[TableName, list[pa.Table]] = {"routing": [], "sellers": [], "journal": []}
    metrics: list[Metrics] = []
    watch = QueueWatch(queues=scenario.queues)
    wanted = Wanted(
        decisions=True,
        timeline=True,
        experience=True,
        offers=origin.offers,
        routing=True,
        book=origin.book is not None,
    )
    with ExitStack() as open_files:
        streams = {
            name: open_files.enter_context(ParquetStream(folder, f"{name}.parquet", about))
            for name in wanted.tables(scenario)
            if name != "journal"
        }

        def emit(name: TableName, table: pa.Table) -> None:
            if name in streams:
                streams[name].add(table)
            if name == "decisions":
                watch.add(table)
            if name == "timeline":
                timeline.append(table.select(TIMELINE_COLUMNS))
            if name in kept:
                kept[name].append(table)

        items = [(scenario, origin.seed, replication) for replication in range(count)]
        open_files.enter_context(expecting(data_digests(scenario)))
        share = count / (count + len(sources_of(scenario)) * pairs_of(count))
        played = metrics_of(
            items,
            jobs=jobs,
            emit=emit,
            wanted=wanted,
            progress=lambda done: progress(done * share),
            core=chosen.core,
        )
        with closing(played):
            metrics.extend(played)
        play = others(jobs=jobs, core=chosen.core, progress=lambda done: progress(share + done * (1 - share)))
        twins = Twins.played(scenario, origin.seed, count, play)
    whole = Timeline.of(pa.concat_tables(timeline), count)
    result = RunResult(scenario, origin.seed, metrics, kept, watch.judged(), chosen, twins)
    return result, whole
