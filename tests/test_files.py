from __future__ import annotations

import os
import signal
from pathlib import Path, PurePosixPath, PureWindowsPath

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from coalesce_sim.files import (
    Folder,
    FolderError,
    ResultsError,
    WriteError,
    is_folder_name,
    read_sealed,
    sealed_text,
    whole_file,
    write_errors,
)
from coalesce_sim.parquet import ROWS_PER_GROUP, ParquetStream


def table(first: int, rows: int, names: tuple[str, ...] = ("a", "b")) -> pa.Table:
    codes = pa.array([i % len(names) for i in range(first, first + rows)], pa.int32())
    return pa.table(
        {
            "task": list(range(first, first + rows)),
            "contractor": pa.DictionaryArray.from_arrays(codes, pa.array(names)),
        }
    )


def written(folder: Path, *tables: pa.Table) -> Path:
    with Folder(folder) as aside:
        with ParquetStream(aside, "rows.parquet", {"made": "by a test"}) as stream:
            for each in tables:
                stream.add(each)
        aside.put_in_place(["rows.parquet"])
    return folder / "rows.parquet"


def test_bytes_do_not_depend_on_how_the_rows_were_cut(tmp_path: Path):
    """Two replications with other names for their contractors, whole or in blocks."""
    n, others = ROWS_PER_GROUP, ("c", "a", "d")
    whole = written(tmp_path / "whole", table(0, n + 10), table(n + 10, n + 500, others))
    blocks = [table(first, 2048) for first in range(0, n, 2048)] + [table(n, 10)]
    blocks += [table(n + 10, n - 10, others), table(2 * n, 0, ("z",)), table(2 * n, 510, others)]
    cut = written(tmp_path / "cut", *blocks)
    assert whole.read_bytes() == cut.read_bytes()
    rows = pq.read_table(whole)
    assert rows["task"].to_pylist() == list(range(2 * n + 510))
    assert rows["contractor"].to_pylist()[n + 10 : n + 13] == [others[i % 3] for i in range(n + 10, n + 13)]
    parquet = pq.ParquetFile(whole)
    assert [parquet.metadata.row_group(i).num_rows for i in range(3)] == [n, n, 510]
    assert parquet.metadata.row_group(0).column(0).compression == "ZSTD"
    assert parquet.schema_arrow.metadata[b"made"] == b"by a test"


def test_without_rows_the_columns_are_there_and_without_tables_there_is_no_file(tmp_path: Path):
    empty = pq.read_table(written(tmp_path / "empty", table(0, 0), table(0, 0, ("c",))))
    assert (empty.num_rows, empty.column_names) == (0, ["task", "contractor"])
    with Folder(tmp_path / "none") as folder:
        with ParquetStream(folder, "rows.parquet", {}):
            pass
        assert list(folder.aside.iterdir()) == []
    assert not (tmp_path / "none").exists()


def test_an_error_leaves_earlier_files_and_no_new_ones(tmp_path: Path):
    path = written(tmp_path / "results", table(0, 10))
    before = path.read_bytes()

    class Stop(BaseException):
        pass

    def stop_half_way() -> None:
        with Folder(path.parent) as folder, ParquetStream(folder, "rows.parquet", {}) as stream:
            stream.add(table(0, ROWS_PER_GROUP + 1))
            assert (folder.aside / "rows.parquet").exists()
            raise Stop

    with pytest.raises(Stop):
        stop_half_way()
    assert [each.name for each in path.parent.iterdir()] == ["rows.parquet"]
    assert path.read_bytes() == before


def test_retired_files_go_when_the_new_ones_come(tmp_path: Path):
    (tmp_path / "old.txt").write_text("old")
    (tmp_path / "kept.txt").write_text("kept")
    with Folder(tmp_path) as folder:
        (folder.aside / "new.txt").write_text("new")
        folder.put_in_place(["new.txt", "old.txt", "never_was.txt"])
    assert {each.name for each in tmp_path.iterdir()} == {"new.txt", "kept.txt"}


def test_a_signal_waits_until_all_files_are_in_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    replace = os.replace

    def interrupted_replace(source: Path, target: Path) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        replace(source, target)

    monkeypatch.setattr(os, "replace", interrupted_replace)
    before = signal.getsignal(signal.SIGINT)
    with Folder(tmp_path) as folder:
        for name in ("a", "b"):
            (folder.aside / name).write_text(name)
        folder.put_in_place(["a", "b"])
    assert {each.name for each in tmp_path.iterdir()} == {"a", "b"}
    assert signal.getsignal(signal.SIGINT) == before


@pytest.mark.parametrize("where", ["file", "file/below", "file/below/more", "nul\0"])
def test_a_folder_that_cannot_be_is_refused_before_anything_is_made(tmp_path: Path, where: str):
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(FolderError, match="cannot write to the folder"), Folder(tmp_path / where):
        pytest.fail("must not be entered")
    assert [each.name for each in tmp_path.iterdir()] == ["file"]


def test_folders_made_on_the_way_to_one_that_cannot_be_are_removed(tmp_path: Path):
    with pytest.raises(FolderError), Folder(tmp_path / "new" / ("x" * 300)):
        pytest.fail("must not be entered")
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_cannot_be_written_to_its_end_is_told_with_its_folder(tmp_path: Path):
    with (
        pytest.raises(WriteError, match=r"results.*No space left"),
        Folder(tmp_path / "results") as folder,
        folder.writing(),
    ):
        raise OSError(28, "No space left on device")
    assert list(tmp_path.iterdir()) == []


def test_a_whole_file_takes_the_place_of_the_earlier_one(tmp_path: Path):
    path = tmp_path / "facts.json"
    for text in ("first", "second"):
        with whole_file(path) as aside:
            aside.write_text(text)
            assert not path.exists() or path.read_text() == "first"
        assert path.read_text() == text
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_file_that_is_not_whole_leaves_the_earlier_one(tmp_path: Path, error: BaseException):
    path = tmp_path / "facts.json"
    path.write_text("first")

    def stop_half_way() -> None:
        with whole_file(path) as aside:
            aside.write_text("sec")
            raise error

    with pytest.raises(type(error)):
        stop_half_way()
    assert path.read_text() == "first"
    assert list(tmp_path.iterdir()) == [path]


def test_an_error_of_writing_is_told_once():
    with (
        pytest.raises(WriteError, match=r"^cannot write 'inner': No space left on device$"),
        write_errors("cannot write to 'outer'"),
        write_errors("cannot write 'inner'"),
    ):
        raise OSError(28, "No space left on device")


@pytest.mark.parametrize(
    ("name", "posix", "windows"),
    [
        ("dur_03", True, True),
        ("mine.yaml", True, True),
        ("", False, False),
        (".", False, False),
        ("..", False, False),
        ("a/b", False, False),
        ("nul\0", False, False),
        ("a\\b", True, False),
        ("c:mine", True, False),
    ],
)
def test_what_can_be_the_name_of_one_folder(name: str, posix: bool, windows: bool):
    assert is_folder_name(name, PurePosixPath) is posix
    assert is_folder_name(name, PureWindowsPath) is windows


def test_two_writers_never_share_a_folder(tmp_path: Path):
    with Folder(tmp_path / "new", claimed=True):
        for _ in range(2):
            with (
                pytest.raises(FolderError, match=r"another command is writing to '.*new'; wait for"),
                Folder(tmp_path / "new", claimed=True),
            ):
                pytest.fail("must not be entered")
        with Folder(tmp_path / "new") as drawing:  # a report may be written meanwhile
            (drawing.aside / "report.html").write_text("")
            drawing.put_in_place(["report.html"])
    assert [each.name for each in (tmp_path / "new").iterdir()] == ["report.html"]


def test_what_a_killed_run_left_is_removed_by_the_next(tmp_path: Path):
    left = tmp_path / ".unfinished-abc"
    left.mkdir()
    (left / "decisions.parquet").write_text("half a fi")
    (tmp_path / ".drawing-abc").mkdir()  # perhaps of a report under way
    with Folder(tmp_path, claimed=True) as folder:
        (folder.aside / "new.txt").write_text("new")
        folder.put_in_place(["new.txt"])
    assert {each.name for each in tmp_path.iterdir()} == {".lock", ".drawing-abc", "new.txt"}


def test_facts_that_are_not_what_was_written_are_refused(tmp_path: Path):
    path = tmp_path / "facts.json"
    facts = {"name": "ü", "x": 0.1, "list": [1, None, {"deep": -1e-300}]}
    path.write_text(sealed_text(facts), encoding="utf-8")
    assert read_sealed(path) == (facts, True)
    for old, new in (("0.1", "0.2"), ("0.1", "0.10"), ("null", "true"), ("{\n", "{ \n"), ("ü", "u")):
        path.write_text(sealed_text(facts).replace(old, new, 1), encoding="utf-8")
        with pytest.raises(ResultsError, match=r"facts\.json: cannot be read: is not what it was"):
            read_sealed(path)
    path.write_text("{}")
    assert read_sealed(path) == ({}, False)
