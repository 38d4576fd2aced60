"""Where text leaves the program: streams that are there, do what they can, and command no terminal."""

from __future__ import annotations

import errno
import io
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, TextIO, cast

from coalesce_sim.texts import visible


class CannotPrint(OSError):
    """Stdout does not take what is printed: it is closed, or a full disk is behind it."""

    def __str__(self) -> str:
        return f"cannot print the result: {self.strerror}; files that were written are kept"


class _Stream(io.TextIOBase):
    """A stream of the system's that shows what is written to it or, `verbatim`, passes it on.

    Stdout raises `CannotPrint` where it takes nothing; whoever does not listen on stderr misses it. After
    that what is written is lost.
    """

    def __init__(self, raw: TextIO, *, is_stdout: bool, verbatim: bool = False) -> None:
        self._raw, self._is_stdout = raw, is_stdout
        self._shown: Callable[[str], str] = str if verbatim else visible

    def verbatim(self) -> TextIO:
        """The same stream, which passes on what it is given."""
        return cast(TextIO, _Stream(self._raw, is_stdout=self._is_stdout, verbatim=True))

    def write(self, text: str) -> int:
        shown = self._shown(text)
        if shown:  # click tries a stream by writing nothing, which a full disk refuses too
            with self._failures():
                self._raw.write(shown)
        return len(text)

    def flush(self) -> None:
        with self._failures():
            self._raw.flush()

    @property
    def encoding(self) -> str:  # type: ignore[override]  # what io.TextIOBase has is a constant
        return self._raw.encoding

    @property
    def errors(self) -> str | None:  # type: ignore[override]  # click goes round a stream that has none
        return self._raw.errors

    def fileno(self) -> int:
        return self._raw.fileno()

    def isatty(self) -> bool:
        return self._raw.isatty()

    def writable(self) -> bool:
        return True

    def __getattr__(self, name: str) -> Any:
        return getattr(self._raw, name)

    @contextmanager
    def _failures(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            if self._is_stdout and error.errno == errno.EPIPE:  # a reader that has seen enough
                raise
            _lose(self._raw)
            if self._is_stdout:
                raise CannotPrint(error.errno, error.strerror) from error


def _lose(stream: TextIO) -> None:
    """From now on lose what is written to a stream, and what it has not passed on yet."""
    with suppress(OSError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


@contextmanager
def guarded_streams() -> Iterator[None]:
    """Within, stdout and stderr are there, show what they are given, and lack characters rather than fail."""
    _open_closed_ones()
    before = sys.stdout, sys.stderr
    for stream in before:
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that has no ± still shows the rest
    sys.stdout, sys.stderr = _Stream(before[0], is_stdout=True), _Stream(before[1], is_stdout=False)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before


def _open_closed_ones() -> None:
    """Give standard streams that are closed their numbers, or files that are opened would get these.

    Stdout is opened for reading: what is written to it fails, as it would if it were closed.
    """
    for number, name, flags, mode in (
        (0, "stdin", os.O_RDONLY, "r"),
        (1, "stdout", os.O_RDONLY, "w"),
        (2, "stderr", os.O_WRONLY, "w"),
    ):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, flags)
            setattr(sys, name, os.fdopen(number, mode))


class ResultsAlone:
    """Within, whatever prints to stdout, also from C or another process, prints to stderr; gives the stream
    that stdout was."""

    def __enter__(self) -> TextIO:
        self._stdout = sys.stdout
        self._stdout.flush()
        self._kept: TextIO | None = None
        with suppress(OSError):  # stdout is no descriptor, as in a notebook
            self._descriptor = self._stdout.fileno()
            self._kept = os.fdopen(
                os.dup(self._descriptor), "w", encoding=self._stdout.encoding, errors="replace"
            )
            os.dup2(sys.stderr.fileno(), self._descriptor)
        sys.stdout = sys.stderr
        return self._stdout if self._kept is None else cast(TextIO, _Stream(self._kept, is_stdout=True))

    def __exit__(self, *_: object) -> None:
        sys.stdout = self._stdout
        if self._kept is not None:
            self._stdout.flush()
            os.dup2(self._kept.fileno(), self._descriptor)
            self._kept.close()


def verbatim(stream: TextIO) -> TextIO:
    """The stream for text that is safe already, and styled."""
    return stream.verbatim() if isinstance(stream, _Stream) else stream
