from __future__ import annotations

import io
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from rich.console import Console

from coalesce_sim.experiments.routing import HOME, Routing
from coalesce_sim.files import digest_of_file
from coalesce_sim.report.html.page import Passage, Table
from coalesce_sim.report.html.routing import routing_sections, who
from coalesce_sim.report.opening import Kind, Opened, ResultsError
from coalesce_sim.report.routing import MOST_ROWS, headline, print_routing, sentences

Tasks = dict[str, dict[str, int]]


def rows(tasks: Tasks, replication: int = 0, *, good: float = 1.0, late: int = 0) -> pa.Table:
    """By type, how many tasks went to whom, at 0.5 USD and 60 s each; a share of them is good."""
    flat = [(name, kind, count) for kind, each in tasks.items() for name, count in each.items()]
    counts = [count for _, _, count in flat]
    return pa.table(
        {
            "replication": [replication] * len(flat),
            "contractor": pa.array([None if name == HOME else name for name, _, _ in flat], pa.string()),
            "type": [kind for _, kind, _ in flat],
            "tasks": counts,
            "explored": [0] * len(flat),
            "good": [good * count for count in counts],
            "late": [late] * len(flat),
            "attempts": counts,
            "turnaround_s": [60.0 * count for count in counts],
            "paid_usd": [0.0 if name == HOME else 0.25 * count for name, _, count in flat],
            "realised_usd": [0.5 * count for count in counts],
        }
    )


def printed(routing: Routing, width: int = 80) -> list[str]:
    stream = io.StringIO()
    print_routing(Console(file=stream, width=width), routing)
    return stream.getvalue().splitlines()


def test_a_sentence_tells_to_whom_at_what_cost_and_how_well():
    tasks = {"coding": {"open_weights": 62, HOME: 36, "edge": 2}, "law": {HOME: 10}}
    assert sentences(Routing.of([rows(tasks)], 1)) == [
        "coding: 62 % to open_weights (0.500 USD a task), 36 % at home (0.500 USD a task), 2 % to edge.",
        "law: 100 % at home (0.500 USD a task).",
    ]
    many = {f"type {place}": {HOME: 10 - place} for place in range(5)}
    assert sentences(Routing.of([rows(many)], 1))[-1] == "2 more types of task are not told here."
    [bad] = sentences(Routing.of([rows({"a": {"one": 100}}, good=0.75, late=10)], 1))
    assert bad == "a: 100 % to one (0.500 USD a task, 10 % late, 75 % good)."


def test_a_headline_adds_up_all_types():
    tasks = {"coding": {"one": 50, HOME: 40}, "law": {HOME: 110}}
    assert headline(Routing.of([rows(tasks)], 1)) == "75 % of tasks stay at home and 25 % go to one"
    many = {f"c{place}": 1 for place in range(50)}
    assert headline(Routing.of([rows({"a": many})], 1)) == "The work went to many, a little to each"


def test_the_rows_with_most_tasks_come_first_and_the_others_are_added_up():
    tasks = {"coding": {HOME: 60} | {f"c{place:02}": 30 - place for place in range(30)}}
    lines = printed(Routing.of([rows(tasks)], 1))
    named = [line.split()[0] for line in lines if line.startswith(("   c", "   home"))]
    assert named == [HOME, *(f"c{place:02}" for place in range(MOST_ROWS - 1))]
    rest = sum(30 - place for place in range(MOST_ROWS - 1, 30))
    assert (
        f"and 19 others: {100 * rest / 525:.1f} % of all tasks, paid {rest / 4:.1f} USD, 0.500 USD a task."
        in lines
    )


def test_all_figures_fit_on_eighty_columns():
    tasks = {"portfolio_optimization": {HOME: 60_000, "gpu_specialist_of_a_kind": 30_000, "edge": 1_234}}
    more = {"portfolio_optimization": {HOME: 61_000, "gpu_specialist_of_a_kind": 32_000, "edge": 1_534}}
    routing = Routing.of([rows(tasks, good=0.5, late=3), rows(more, 1, good=0.6, late=4)], 2)
    lines = printed(routing)
    assert max(map(len, lines)) <= 80
    for figure in ("65.1 ± 7.9", "7,750", "0.500", "60.0", "55.0"):
        assert any(figure in line for line in lines), figure


def opened(folder: Path, kind: Kind, table: pa.Table, **facts: object) -> Opened:
    path = folder / "routing.parquet"
    pq.write_table(table, path)
    about = {"replications": 1, "files": {path.name: digest_of_file(path)}, **facts}
    return Opened(kind, folder, "a", "A", "coalesce-sim run a", 1, "0.6.0", (), (), about)


def test_a_page_tells_who_got_the_work_by_type(tmp_path: Path):
    results = opened(tmp_path, "run", rows({"law": {HOME: 1}, "coding": {"one": 3, HOME: 1}}))
    [section] = routing_sections(results)
    assert who(results)[0] == "coding: 75 % to one (0.500 USD a task), 25 % at home (0.500 USD a task)."
    [table] = [block for block in section.blocks if isinstance(block, Table)]
    assert [[cell.text for cell in row[:3]] for row in table.rows] == [
        ["coding", "one", "75.0"],
        ["coding", HOME, "25.0"],
        ["law", HOME, "100"],
    ]


def test_a_page_of_a_comparison_tells_it_by_policy(tmp_path: Path):
    parts = {"greedy": {"a": {"one": 3}}, "topsis": {"a": {HOME: 3}}}
    tables = [rows(tasks).add_column(0, "policy", [[name] * 1]) for name, tasks in parts.items()]
    [section] = routing_sections(opened(tmp_path, "comparison", pa.concat_tables(tables), policies=parts))
    said = [block.text for block in section.blocks if isinstance(block, Passage)]
    assert said == ["greedy: 100 % of tasks go to one.", "topsis: 100 % of tasks stay at home."]


def test_results_without_the_table_have_no_section_and_damaged_ones_are_told(tmp_path: Path):
    results = opened(tmp_path, "run", rows({"a": {"one": 3}}))
    (tmp_path / "routing.parquet").write_bytes(b"damaged")
    with pytest.raises(ResultsError, match=r"routing\.parquet: is damaged"):
        routing_sections(results)
    assert routing_sections(Opened("run", tmp_path, "a", "A", "", 1, "0.5.0", (), (), {"files": {}})) == []
