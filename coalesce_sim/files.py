"""Files that are whole or not there: written aside, and put in place only when all of them are complete."""

from __future__ import annotations

import json
import os
import shutil
import signal
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path, PurePath
from typing import Any, Self

import pyarrow as pa
import pyarrow.parquet as pq

from coalesce_sim.errors import CoalesceError

ROWS_PER_GROUP = 65_536

UNFINISHED_FILE = ".writing-"
"""With this begins the name of a file that is not whole yet."""

_UNFINISHED_FOLDER = ".unfinished-"
"""With this begins the name of a folder of files that are not all there yet."""


class FolderError(CoalesceError, OSError):
    """Raised where results cannot be put in a folder: it cannot be made or written to, or is in use."""


class WriteError(CoalesceError, OSError):
    """Raised where a file cannot be written to its end, as on a full disk; earlier results stay."""


@contextmanager
def write_errors(what: str) -> Iterator[None]:
    """Turn an OSError, such as for a full disk, into a `WriteError` that begins with `what` failed."""
    try:
        yield
    except WriteError:
        raise
    except OSError as error:
        raise WriteError(f"{what}: {error.strerror or error}") from error


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """A path beside `path` to write a file to, which then takes its place; whatever goes wrong leaves none.

    Under the name of `path` there is the earlier file or the whole new one, flushed to the disk, however the
    process or the machine ends.
    """
    aside = path.with_name(f"{UNFINISHED_FILE}{os.getpid()}-{path.name}")
    try:
        yield aside
        _flush(aside)
        os.replace(aside, path)
        _flush_names(path.parent)
    except BaseException:
        with suppress(OSError):
            aside.unlink(missing_ok=True)
        raise


def _flush(file: Path) -> None:
    """Have a file on the disk for good."""
    with open(file, "r+b") as written:  # Windows flushes only what is open for writing
        os.fsync(written.fileno())


def _flush_names(folder: Path) -> None:
    """Have the names in a folder on the disk for good; Windows sees to that itself."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 with the line ends that the text has, on every platform."""
    path.write_text(text, encoding="utf-8", newline="")


def json_text(facts: Mapping[str, Any]) -> str:
    """Facts as a file has them. Raises ValueError for NaN and infinity, which JSON does not have."""
    return json.dumps(facts, indent=2, allow_nan=False, ensure_ascii=False) + "\n"


def is_folder_name(name: str, flavour: type[PurePath] = PurePath) -> bool:
    """Whether one folder can have that name, on this machine or in that flavour of paths."""
    return name not in ("", "..") and flavour(name).name == name and "\0" not in name


def not_a_sweeps(path: Path) -> Path:
    """The folder, for results that replace earlier ones. Raises `FolderError` where a sweep keeps its."""
    if (path / "sweep.json").exists():
        raise FolderError(f"the folder {str(path)!r} holds a sweep; give another one")
    return path


class Folder:
    """A folder that receives the files of one run, all or none.

    Used as a context: files are written to `aside`, a hidden folder within; `put_in_place` moves them to
    their final names. What goes wrong before leaves earlier results untouched and no trace.
    Raises `FolderError` where the folder cannot be made or written to.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._made: list[Path] = []

    def __enter__(self) -> Self:
        try:
            for missing in reversed([each for each in (self.path, *self.path.parents) if not each.exists()]):
                missing.mkdir()
                self._made.append(missing)
            self.aside = Path(tempfile.mkdtemp(prefix=_UNFINISHED_FOLDER, dir=self.path))
        except (OSError, ValueError) as error:  # ValueError: a NUL character in the path
            self._remove_empty()
            reason = getattr(error, "strerror", None) or error
            raise FolderError(f"cannot write to the folder {str(self.path)!r}: {reason}") from error
        return self

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self.aside, ignore_errors=True)
        self._remove_empty()

    def _remove_empty(self) -> None:
        """Remove the folders that were made on the way, unless something is in them."""
        for each in reversed(self._made):
            with suppress(OSError):
                each.rmdir()

    def writing(self) -> AbstractContextManager[None]:
        """Turn an OSError, such as for a full disk, into a `WriteError` that names the folder."""
        return write_errors(f"cannot write to {str(self.path)!r}")

    def write_json(self, name: str, facts: Mapping[str, Any]) -> None:
        """Write facts to `aside`; see `json_text`."""
        write_text(self.aside / name, json_text(facts))

    def put_in_place(self, own: Sequence[str]) -> None:
        """Move the `own` files that are in `aside` to their final names; delete others of earlier runs."""
        there = [name for name in own if (self.aside / name).exists()]
        for name in there:
            _flush(self.aside / name)
        with _uninterrupted():
            for name in there:
                os.replace(self.aside / name, self.path / name)
            for name in own:
                if name not in there:
                    (self.path / name).unlink(missing_ok=True)
            _flush_names(self.path)


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Ignore Ctrl-C and SIGTERM for a moment: they could only leave a mixture of old and new results."""
    if threading.current_thread() is not threading.main_thread():  # others get no signals
        yield
        return
    before = {number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class ParquetStream:
    """A Parquet file that grows table by table, in row groups of `ROWS_PER_GROUP`; used as a context.

    The bytes depend on the rows and their order, not on how they were cut into tables. `about` goes into the
    file's metadata. Without any table there is no file.
    """

    def __init__(self, folder: Folder, name: str, about: Mapping[str, str]) -> None:
        self._folder = folder
        self._path = folder.aside / name
        self._about = about
        self._writer: pq.ParquetWriter | None = None
        self._empty: pa.Table | None = None
        self._waiting: list[pa.Table] = []
        self._rows = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            if self._writer is None and not self._waiting and self._empty is not None:
                self._waiting.append(self._empty)
            self._write_waiting()
            if self._writer is not None:
                with self._folder.writing():
                    self._writer.close()
        elif self._writer is not None:
            with suppress(OSError):  # there is an error already; nobody will read this file
                self._writer.close()

    def add(self, table: pa.Table) -> None:
        """Append rows, if any."""
        if self._empty is None:
            self._empty = table.slice(0, 0)
        while self._rows + len(table) >= ROWS_PER_GROUP:
            room = ROWS_PER_GROUP - self._rows
            self._waiting.append(table.slice(0, room))
            self._write_waiting()
            table = table.slice(room)
        if len(table):
            self._waiting.append(table)
            self._rows += len(table)

    def _write_waiting(self) -> None:
        if not self._waiting:
            return
        group = pa.concat_tables(self._waiting).unify_dictionaries().combine_chunks()
        with self._folder.writing():
            if self._writer is None:
                schema = group.schema.with_metadata(self._about)
                self._writer = pq.ParquetWriter(self._path, schema, compression="zstd")
            self._writer.write_table(group, row_group_size=ROWS_PER_GROUP)
        self._waiting.clear()
        self._rows = 0
