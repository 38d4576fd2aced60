"""How the results of a command come to their folder: played, drawn, written down, all of them or none."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Generic, Self, TypeVar

from coalesce_sim.files import Folder, FolderError, digest_of_file, sealed_text, write_text
from coalesce_sim.provenance import provenance

Result = TypeVar("Result")

_MARK = b"coalesce_sim"
"""What the first of a command's files says, which is put in place before the others."""


@dataclass(frozen=True, slots=True)
class Written(Generic[Result]):
    """What was played, the object that ``--json`` prints, the files there are, and how long playing took."""

    result: Result
    summary: Mapping[str, Any]
    outputs: tuple[Path, ...]
    wall_s: float

    @property
    def listing(self) -> str:
        """Where the files are, and what they are called."""
        return f"{self.outputs[0].parent}: {', '.join(path.name for path in self.outputs)}"


class ResultsFolder(Folder):
    """A folder for results that replace earlier ones of the same command; nobody else writes there meanwhile.

    `own` are all files that the command may leave, in the order in which they are listed, the summary first.
    Raises `FolderError` where the folder cannot be made or written to, is in use, or holds a sweep or files
    of such names that are not of this command.
    """

    def __init__(self, path: Path, own: Sequence[str]) -> None:
        super().__init__(path, claimed=True)
        self._own = own
        self._started, self._began = datetime.now(UTC), time.perf_counter()
        self._wall_s = 0.0

    def __enter__(self) -> Self:
        super().__enter__()
        why = self._other_use()
        if why is not None:
            self.__exit__()
            raise FolderError(f"the folder {str(self.path)!r} {why}; give another one")
        return self

    def _other_use(self) -> str | None:
        """What the folder holds that would be lost; None where there is nothing but files of this command."""
        if (self.path / "sweep.json").exists():
            return "holds a sweep"
        first = self.path / self._own[0]
        if first.is_file() and _MARK in first.read_bytes():
            return None
        others = [name for name in self._own if (self.path / name).exists()]
        return f"holds {others[0]}, which this command did not write" if others else None

    @contextmanager
    def played(self) -> Iterator[None]:
        """Entered when all is played, to draw and to `finish`: the clock stops, and what a disk refuses is a
        `WriteError`."""
        self._wall_s = time.perf_counter() - self._began
        with self.writing():
            yield

    def finish(
        self,
        result: Result,
        summary: Mapping[str, Any],
        made: Mapping[str, Any] | None = None,
        *,
        packages: Sequence[str] = (),
    ) -> Written[Result]:
        """Put everything in place; with `made` also the summary as JSON, with provenance and all digests."""
        names = [path.name for path in self.aside.iterdir()] + ([] if made is None else [self._own[0]])
        outputs = tuple(self.path / name for name in self._own if name in names)
        summary = {**summary, "outputs": [str(path) for path in outputs]}
        if made is not None:
            about = provenance(made, self._started, self._wall_s, packages=packages)
            files = {path.name: digest_of_file(self.aside / path.name) for path in outputs[1:]}
            text = sealed_text({**summary, "provenance": about, "files": files})
            write_text(self.aside / self._own[0], text)
        self.put_in_place(self._own)
        return Written(result, summary, outputs, self._wall_s)
