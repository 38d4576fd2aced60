"""Files that are whole or not there, written aside and put in place, and known by what they hold."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import signal
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path, PurePath
from types import MappingProxyType
from typing import Any, NamedTuple, Self

from filelock import FileLock, Timeout

from coalesce_sim.errors import CoalesceError

UNFINISHED_FILE = ".writing-"
"""With this begins the name of a file that is not whole yet."""

_UNFINISHED_FOLDER = ".unfinished-"
"""With this begins the name of a folder of results that are not all there yet."""

_DRAWING_FOLDER = ".drawing-"
"""The same of what is made from results, such as a report: several may be under way at once."""

_LOCK = ".lock"


class FolderError(CoalesceError, OSError):
    """Raised where results cannot be put in a folder: it cannot be made or written to, or is in use."""


class WriteError(CoalesceError, OSError):
    """Raised where a file cannot be written to its end, as on a full disk; earlier results stay."""


class ResultsError(CoalesceError, ValueError):
    """Raised where a folder of results cannot be read, gone on with, or drawn as asked."""


class ChangedFile(CoalesceError, RuntimeError):
    """Raised where a file is read that is not any more what it was when its use began."""


class Content(NamedTuple):
    """The bytes of a file, and the SHA-256 of just these."""

    data: bytes
    sha256: str


_EXPECTED: ContextVar[Mapping[str, str]] = ContextVar("expected digests", default=MappingProxyType({}))


def read_bytes(path: str | Path) -> Content:
    """What is in a file now. Raises OSError, and `ChangedFile` where it should be other (`expecting`)."""
    data = Path(path).read_bytes()
    content = Content(data, hashlib.sha256(data).hexdigest())
    check_expected(str(path), content.sha256)
    return content


@contextmanager
def expecting(digests: Mapping[str, str]) -> Iterator[None]:
    """Within, files that are read must have the SHA-256 that stands here under their path, if one does."""
    before = _EXPECTED.set({**expected(), **digests})
    try:
        yield
    finally:
        _EXPECTED.reset(before)


def expected() -> Mapping[str, str]:
    """The digests that files must have here, for another process to expect the same."""
    return _EXPECTED.get()


def check_expected(name: str, sha256: str) -> None:
    """Raises `ChangedFile` where what has that name is expected to have another digest."""
    wanted = expected().get(name, sha256)
    if wanted != sha256:
        raise ChangedFile(
            f"{name}: has changed since this began: its SHA-256 was {wanted[:12]}… and is {sha256[:12]}…"
        )


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


def sealed_text(facts: Mapping[str, Any]) -> str:
    """Facts as a file has them, with a digest of all of them as the last."""
    seal = hashlib.sha256(json_text(facts).encode()).hexdigest()
    return json_text({**facts, "sha256": seal})


def read_sealed(path: Path) -> tuple[dict[str, Any], bool]:
    """The facts in a file, without their digest, and whether there was one.

    Raises `ResultsError` where they are no JSON object or not what the digest was made of; OSError.
    """
    data = path.read_bytes()
    try:
        facts = json.loads(data.decode("utf-8"))
        if not isinstance(facts, dict):
            raise ValueError(f"must hold one JSON object (got {facts!r:.40})")
        sealed = facts.pop("sha256", None) is not None
        if sealed and sealed_text(facts).encode() != data:
            raise ValueError("is not what it was when it was written: its digest differs")
    except (ValueError, RecursionError) as error:
        raise ResultsError(f"{path}: cannot be read: {error}") from error
    return facts, sealed


def digest_of_file(path: Path) -> str:
    """The SHA-256 of a file, which may be larger than memory."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def is_folder_name(name: str, flavour: type[PurePath] = PurePath) -> bool:
    """Whether one folder can have that name, on this machine or in that flavour of paths."""
    return name not in ("", "..") and flavour(name).name == name and "\0" not in name


class Claim:
    """A folder, made if need be, that nobody else claims, in this process or another, until it is released.

    The claim goes with its process, however that ends; worker processes do not inherit it. What a killed
    process left unfinished is removed. Raises `FolderError` where the folder cannot be had.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._made: list[Path] = []
        try:
            self._made = made_folders(path)
            self._known = (path / _LOCK).exists()
            if self._known and (path / _LOCK).stat().st_size:  # claiming it would empty it
                raise FolderError(
                    f"the folder {str(path)!r} holds a {_LOCK} of somebody else; give another one"
                )
            self._lock = FileLock(path / _LOCK, thread_local=False)
            self._lock.acquire(blocking=False)
        except Timeout as error:
            raise FolderError(
                f"another command is writing to {str(path)!r}; wait for it, or give another folder"
            ) from error
        except FolderError:
            raise
        except OSError as error:
            remove_empty(self._made)
            raise _no_folder(path, error) from error
        for left in path.glob(f"{_UNFINISHED_FOLDER}*"):
            shutil.rmtree(left, ignore_errors=True)

    def release(self, *, used: bool) -> None:
        """Let others have the folder; if it was not `used`, no trace of the claim is left."""
        if os.name == "nt":  # where nothing that is open can be removed, by whomever
            self._lock.release()
        if not used:
            with suppress(OSError):
                if not self._known:
                    (self._path / _LOCK).unlink(missing_ok=True)
            remove_empty(self._made)
        self._lock.release()


def made_folders(path: Path) -> list[Path]:
    """Make a folder and those around it; those that were not there. Raises `FolderError`."""
    made: list[Path] = []
    try:
        for missing in reversed([each for each in (path, *path.parents) if not each.exists()]):
            missing.mkdir(exist_ok=True)
            made.append(missing)
        if not path.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
    except (OSError, ValueError) as error:  # ValueError: a NUL character in the path
        remove_empty(made)
        raise _no_folder(path, error) from error
    return made


def remove_empty(folders: Sequence[Path]) -> None:
    """Remove folders that were made on the way, unless something is in them."""
    for each in reversed(folders):
        with suppress(OSError):
            each.rmdir()


def _no_folder(path: Path, error: Exception) -> FolderError:
    reason = getattr(error, "strerror", None) or error
    return FolderError(f"cannot write to the folder {str(path)!r}: {reason}")


class Folder:
    """A folder that receives some files, all or none.

    Used as a context: files are written to `aside`, a hidden folder within; `put_in_place` moves them to
    their final names. What goes wrong before leaves earlier results untouched and no trace.
    Raises `FolderError` where the folder cannot be made or written to. With `claimed` nobody else can write
    results there meanwhile.
    """

    def __init__(self, path: Path, *, claimed: bool = False) -> None:
        self.path = path
        self._made: list[Path] = []
        self._claim: Claim | None = None
        self._claimed = claimed
        self._used = False

    def __enter__(self) -> Self:
        if self._claimed:
            self._claim = Claim(self.path)
        else:
            self._made = made_folders(self.path)
        try:
            prefix = _UNFINISHED_FOLDER if self._claimed else _DRAWING_FOLDER
            self.aside = Path(tempfile.mkdtemp(prefix=prefix, dir=self.path))
        except OSError as error:
            self._leave()
            raise _no_folder(self.path, error) from error
        return self

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self.aside, ignore_errors=True)
        self._leave()

    def _leave(self) -> None:
        if self._claim is not None:
            self._claim.release(used=self._used)
        else:
            remove_empty(self._made)

    def writing(self) -> AbstractContextManager[None]:
        """Turn an OSError, such as for a full disk, into a `WriteError` that names the folder."""
        return write_errors(f"cannot write to {str(self.path)!r}")

    def put_in_place(self, own: Sequence[str]) -> None:
        """Move the `own` files that are in `aside` to their final names; delete others of earlier runs."""
        there = [name for name in own if (self.aside / name).exists()]
        for name in there:
            _flush(self.aside / name)
        self._used = True
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
