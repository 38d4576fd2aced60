"""A run that is killed while it writes its book: under each name there is the whole file or none."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from coalesce_sim.files import digest_of_file, read_sealed
from coalesce_sim.report.book import FILES
from tests.markets import queueing

ROOT = Path(__file__).resolve().parents[1]
TASKS = 2_000
PATIENCE_S = 60.0


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[[], subprocess.Popen[str]]]:
    """Start a run of some thousand contracts, whose book takes a while to be written."""
    tasks = [{"type": "job", "arrival_s": 2.0 * number} for number in range(TASKS)]
    scenario = queueing({"kind": "listed", "tasks": tasks}, policy={"kind": "always_outsource"})
    scenario["clock"]["start"] = "2025-06-02T00:00:00"
    scenario["contractors"][0]["slots"] = "unlimited"
    (tmp_path / "small.yaml").write_text(json.dumps({**scenario, "contracts": {}}))
    words = ["run", "small.yaml", "--replications", "1", "--no-figures", "--quiet"]
    started: list[subprocess.Popen[str]] = []

    def begin() -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "coalesce_sim", *words, "--book", "book", "--payments"],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield begin
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


def visible(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if not path.name.startswith(".")}


def is_begun(folder: Path, name: str) -> bool:
    return any(folder.glob(f".unfinished-*/{name}"))


def test_killed_while_it_writes_a_file_it_leaves_none(
    tmp_path: Path, start: Callable[[], subprocess.Popen[str]]
):
    """Each file in turn, as soon as it is begun; with the last, book.json, all may be put in place."""
    book = tmp_path / "book"
    for name in ("journal.parquet", "book.beancount", "payments.jsonl", "book.json"):
        process, give_up = start(), time.monotonic() + PATIENCE_S
        while not is_begun(book, name):
            assert process.poll() is None, f"ended before {name} was seen"
            assert time.monotonic() < give_up
            time.sleep(0.001)
        process.kill()
        process.wait()
        if name != "book.json":
            assert visible(book) == set()
            assert any(book.glob(".unfinished-*"))
    there = visible(book)
    if there:
        told, sealed = read_sealed(book / "book.json")
        assert sealed
        assert all(digest_of_file(book / each) == told["files"][each] for each in there - {"book.json"})

    process = start()
    assert process.communicate(timeout=PATIENCE_S) == ("", "")
    assert process.returncode == 0
    assert visible(book) == set(FILES)
    assert not any(book.glob(".unfinished-*"))
    told, _ = read_sealed(book / "book.json")
    assert {each: digest_of_file(book / each) for each in told["files"]} == told["files"]
    assert told["contracts"] == len(
        set(pq.read_table(book / "journal.parquet")["contract"].to_pylist()) - {None}
    )
