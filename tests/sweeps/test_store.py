from __future__ import annotations

import json
import multiprocessing
import os
import resource
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from coalesce_sim.files import FolderError, ResultsError, WriteError
from coalesce_sim.sweeps import store as storing
from coalesce_sim.sweeps.facts import read_facts
from coalesce_sim.sweeps.shards import read_done, read_rows
from coalesce_sim.sweeps.store import Store
from tests.sweeps.small import FACTS, row


@contextmanager
def begun(path: Path) -> Iterator[Store]:
    with Store(path) as store:
        if store.facts is None:
            store.begin(FACTS)
        yield store


def runs_in(store: Store) -> list[tuple[int, int]]:
    rows = read_rows(store.shards)
    return list(zip(rows["point"].to_pylist(), rows["replication"].to_pylist(), strict=True))


def test_rows_come_back_sorted_and_once_however_they_were_written(tmp_path: Path):
    with begun(tmp_path) as store:
        store.add([row(2, 0, 0.25), row(0, 1)])
        store.add([row(0, 0)])
        store.add([row(2, 0, 0.25)])  # an interrupted merge leaves some rows twice
        assert runs_in(store) == [(0, 0), (0, 1), (2, 0)]
        assert read_rows(store.shards)["cost_reduction"].to_pylist() == [0.5, 0.5, 0.25]


def test_a_metric_that_a_run_does_not_have_is_null_and_one_that_is_undefined_nan(tmp_path: Path):
    rows = [row(0, 0, metrics={"a": 1.0}), row(1, 0, metrics={"a": np.nan, "b": 2.0}), row(2, 0, error="no")]
    tables = []
    for name, cut in (("together", 3), ("apart", 1)):
        with begun(tmp_path / name) as store:
            for start in range(0, 3, cut):
                store.add(rows[start : start + cut])
            tables.append(read_rows(store.shards))
    together, apart = tables
    assert together["b"].to_pylist() == [None, 2.0, None]
    assert [value is not None and np.isnan(value) for value in together["a"].to_pylist()] == [
        False,
        True,
        False,
    ]
    for name in ("a", "b"):
        assert together[name].is_null().to_pylist() == apart[name].is_null().to_pylist()


def test_small_shards_are_merged_without_losing_a_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(storing, "_SMALL_SHARDS", 5)
    with begun(tmp_path) as store:
        for replication in range(23):
            store.add([row(0, replication)])
        assert len(store.shards.files()) == 4 + 3
        assert runs_in(store) == [(0, replication) for replication in range(23)]
        store.compact(read_rows(store.shards))
        assert len(store.shards.files()) == 1
        assert runs_in(store) == [(0, replication) for replication in range(23)]


def test_a_good_row_counts_more_than_failed_ones_and_of_failed_ones_the_last(tmp_path: Path):
    with begun(tmp_path) as store:
        store.add([row(0, 0, error="first"), row(1, 0, error="first"), row(2, 0, 0.1)])
        store.attempt = 1
        store.add([row(0, 0, 0.9), row(1, 0, error="second"), row(2, 0, error="second")])
        rows = read_rows(store.shards)
        assert rows["error"].to_pylist() == [None, "second", None]
        assert rows["cost_reduction"].to_pylist() == [0.9, None, 0.1]
        done = read_done(store.shards, "cost_reduction")
        assert done.failed.tolist() == [False, True, False]
        np.testing.assert_array_equal(done.value, [0.9, np.nan, 0.1])


def test_what_an_interrupted_process_left_is_removed(tmp_path: Path):
    with begun(tmp_path) as store:
        store.add([row(0, 0)])
        (store.shards.path / ".writing-x.parquet").write_bytes(b"PAR1 half a file")
        (tmp_path / ".writing-runs.parquet").write_bytes(b"")
        (tmp_path / "shards-7").mkdir()  # of an extension that did not come to its end
        (tmp_path / "shards-of-mine").mkdir()
        assert runs_in(store) == [(0, 0)]
    with begun(tmp_path) as store:
        assert runs_in(store) == [(0, 0)]
    assert list(tmp_path.rglob(".writing*")) == []
    assert sorted(path.name for path in tmp_path.glob("shards*")) == ["shards-1", "shards-of-mine"]


def test_nothing_of_a_folder_without_a_sweep_is_touched(tmp_path: Path):
    (tmp_path / "shards-2020").mkdir()
    with Store(tmp_path):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["shards-2020"]
    with Store(tmp_path / "new"):
        pass
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("content", [b"", b"PAR1 this is no parquet PAR1"])
def test_an_unreadable_shard_is_named(tmp_path: Path, content: bytes):
    with begun(tmp_path) as store:
        store.add([row(0, 0)])
        bad = store.shards.path / "bad.parquet"
        bad.write_bytes(content)
        with pytest.raises(ResultsError, match=r"shards-1/bad\.parquet: is not what it was .*; move it away"):
            read_rows(store.shards)
        with pytest.raises(ResultsError, match=r"bad\.parquet"):
            read_done(store.shards, None)
        with pytest.raises(ResultsError, match=r"bad\.parquet: cannot be read: .*; move it away"):
            read_rows(replace(store.shards, sweep=None))
        bad.unlink()
        assert runs_in(store) == [(0, 0)]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (None, "holds no sweep: there is no sweep.json"),
        ("{", "cannot be read"),
        ("[]", "must hold one JSON object"),
        ("{}", "says no format"),
        (
            '{"format": 99, "provenance": {"coalesce_sim": "9.0"}}',
            "written by coalesce_sim 9.0; this version reads",
        ),
    ],
)
def test_a_folder_that_is_no_sweep_of_ours_is_refused(tmp_path: Path, text: str | None, told: str):
    if text is not None:
        (tmp_path / "sweep.json").write_text(text)
    with pytest.raises(ResultsError, match=told):
        read_facts(tmp_path)


def _try_to_write(path: Path, told: Connection) -> None:
    try:
        with Store(path):
            told.send("mine")
    except FolderError as error:
        told.send(str(error))


def test_two_processes_cannot_write_to_one_folder(tmp_path: Path):
    forking = multiprocessing.get_context("fork")
    here, there = forking.Pipe()
    with begun(tmp_path) as store:
        second = forking.Process(target=_try_to_write, args=(tmp_path, there))
        second.start()
        assert (
            here.recv() == f"another command is writing to '{tmp_path}'; wait for it, or give another folder"
        )
        second.join()
        store.add([row(0, 0)])
        assert runs_in(store) == [(0, 0)]


def _die_and_leave_a_child(path: Path, told: Connection) -> None:
    Store(path).__enter__()
    child = os.fork()
    if child == 0:
        time.sleep(60)
    told.send(child)
    os._exit(1)


def test_a_folder_is_free_when_its_process_is_dead_though_a_worker_of_it_lives(tmp_path: Path):
    forking = multiprocessing.get_context("fork")
    here, there = forking.Pipe()
    first = forking.Process(target=_die_and_leave_a_child, args=(tmp_path, there))
    first.start()
    child = here.recv()
    try:
        first.join()
        with begun(tmp_path) as store:
            assert runs_in(store) == []
    finally:
        os.kill(child, signal.SIGKILL)


def test_two_threads_cannot_write_to_one_folder_and_the_refused_one_does_not_free_it(tmp_path: Path):
    with begun(tmp_path) as store:
        with pytest.raises(FolderError, match="another command is writing"), Store(tmp_path):
            pass
        store.add([row(0, 0)])
    with Store(tmp_path):  # free again
        pass


def test_what_others_are_writing_below_is_left_alone(tmp_path: Path):
    (tmp_path / ".drawing-report").mkdir()
    (tmp_path / "other" / "shards-1").mkdir(parents=True)
    other = tmp_path / "other" / "shards-1" / ".writing-x.parquet"
    other.touch()
    with begun(tmp_path):
        assert other.exists()
    assert (tmp_path / ".drawing-report").exists()


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(FolderError, match="cannot write to the folder"), Store(tmp_path / "file" / "x"):
        pass


@contextmanager
def room_for(size: int) -> Iterator[None]:
    """Files cannot become larger, as on a disk that is full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


def test_on_a_full_disk_nothing_that_was_there_is_harmed(tmp_path: Path):
    with begun(tmp_path) as store:
        store.add([row(0, 0)])
        store.write("runs.parquet", read_rows(store.shards))
        before = {path: path.read_bytes() for path in tmp_path.rglob("*.*") if path.is_file()}
        with room_for(1_000):
            with pytest.raises(WriteError, match=r"cannot write '.*shards-1/.*\.parquet'"):
                store.add([row(1, replication) for replication in range(500)])
            with pytest.raises(WriteError, match=r"cannot write '.*runs\.parquet'"):
                store.write("runs.parquet", read_rows(store.shards))
            with pytest.raises(WriteError, match=r"cannot write '.*sweep\.json'"):
                store.begin(FACTS | {"title": "x" * 2_000})
        assert {path: path.read_bytes() for path in tmp_path.rglob("*.*") if path.is_file()} == before
        store.add([row(1, 0)])
        assert runs_in(store) == [(0, 0), (1, 0)]


def test_facts_and_rows_change_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    with begun(tmp_path) as store:
        store.add([row(0, 0)])
        moved = read_rows(store.shards)
        moved = moved.set_column(0, "point", pa.array([5]))

        def interrupted(*_: object) -> None:
            raise KeyboardInterrupt

        with monkeypatch.context() as patched:
            patched.setattr(Store, "write_json", interrupted)
            with pytest.raises(KeyboardInterrupt):
                store.begin(FACTS | {"title": "other"}, moved)
        assert runs_in(store) == [(0, 0)]
        store.begin(FACTS | {"title": "other"}, moved)
        assert runs_in(store) == [(5, 0)]
    assert sorted(path.name for path in tmp_path.glob("shards*")) == ["shards-2"]
    assert json.loads((tmp_path / "sweep.json").read_text())["title"] == "other"


def test_a_shard_is_there_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    seen: list[str] = []

    def watch(source: Path, target: Path) -> None:
        pq.read_table(source)  # whole before it has its name
        seen.append(Path(target).name)
        real(source, target)

    real = os.replace
    with begun(tmp_path) as store:
        monkeypatch.setattr(os, "replace", watch)
        store.add([row(0, 0)])
        assert seen == [path.name for path in store.shards.files()]
