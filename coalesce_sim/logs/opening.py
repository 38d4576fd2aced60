"""Open a log, whatever it is called: gzip, Parquet, JSON or a table of text is seen by its first bytes."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import sys
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

from coalesce_sim.scenario.problems import Problem, ScenarioError

STDIN: Final = "-"
_HEAD: Final = 1 << 18
DAMAGED: Final = (OSError, EOFError, zlib.error)
"""What reading a file ends with that is not whole."""

_SEPARATORS: Final = (",", ";", "\t", "|")


class Hashed(io.RawIOBase):
    """A stream that is read once, and the SHA-256 of what was read of it."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._digest = hashlib.sha256()

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read on, and take the bytes into the digest."""
        data = self._stream.read(len(buffer))
        buffer[: len(data)] = data
        self._digest.update(data)
        return len(data)

    def close(self) -> None:
        """Let the file go; standard input stays open."""
        if not self.closed and self._stream is not getattr(sys.stdin, "buffer", None):
            self._stream.close()
        super().close()

    def finish(self) -> str:
        """The digest of all of it, read to the end."""
        while data := self._stream.read(1 << 20):
            self._digest.update(data)
        return self._digest.hexdigest()


@dataclass(frozen=True, slots=True)
class Opened:
    """A log that is about to be read.

    `form` is ``parquet``, ``json`` or ``table``; the latter has cells apart by `separator`, and a `header`.
    """

    name: str
    form: str
    content: IO[bytes]
    raw: Hashed
    separator: str = ","
    header: tuple[str, ...] = ()
    told: tuple[str, ...] = ()


def open_log(name: str) -> Opened:
    """Open a file, or standard input for ``-``. Raises `ScenarioError`."""
    try:
        stream = sys.stdin.buffer if name == STDIN else open(name, "rb")  # noqa: SIM115  # read on by others
    except OSError as error:
        raise refusal(name, None, "", f"cannot be read: {error.strerror}") from None
    if name != STDIN and Path(name).is_dir():
        raise refusal(name, None, "", "is a folder; name its files")
    raw = Hashed(stream)
    content: Any = io.BufferedReader(raw, _HEAD)
    try:
        if content.peek(2)[:2] == b"\x1f\x8b":
            content = io.BufferedReader(gzip.GzipFile(fileobj=content), _HEAD)
        head: bytes = content.peek(_HEAD)
    except DAMAGED as error:
        raise refusal(name, None, "", f"cannot be unpacked: {error}") from None
    if not head.strip():
        raise refusal(name, None, "", "is empty")
    if head[:4] == b"PAR1":
        return Opened(name, "parquet", content, raw)
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    called = name.removesuffix(".gz").rpartition(".")[2].lower()
    if start in (b"{", b"["):
        told = (f"{name}: holds JSON, whatever its name says",) if called in ("csv", "tsv", "parquet") else ()
        return Opened(name, "json", content, raw, told=told)
    return _table(name, head, content, raw)


def _table(name: str, head: bytes, content: IO[bytes], raw: Hashed) -> Opened:
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise refusal(name, 1, "", "is UTF-16; save it as UTF-8")
    try:
        line = head.splitlines()[0].decode("utf-8-sig")
    except UnicodeDecodeError:
        raise refusal(name, 1, "", "the header is no UTF-8 text; save the file as UTF-8") from None
    separator = max(_SEPARATORS, key=line.count)
    try:
        header = tuple(cell.strip() for cell in next(csv.reader([line], delimiter=separator)))
    except csv.Error as error:
        raise refusal(name, 1, "", f"is no header of a table: {error}") from None
    told = (f"{name}: its cells are apart by {separator!r}",) if separator != "," else ()
    return Opened(name, "table", content, raw, separator, header, told)


def refusal(file: str, row: int | None, column: str, message: str) -> ScenarioError:
    """A log that cannot be used, with the row, from 1 below the header, and the column to blame."""
    shown = "standard input" if file == STDIN else file
    place = ", ".join(filter(None, (f"row {row:,}" if row else "", column)))
    return ScenarioError([Problem(shown, None, place, message)])
