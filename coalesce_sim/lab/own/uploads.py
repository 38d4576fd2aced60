"""What was uploaded: kept in a folder of its own, under names that do no harm, until it is deleted."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from coalesce_sim.files import Folder
from coalesce_sim.lab.setting import UPLOADS
from coalesce_sim.numbers import number

_DIGEST = re.compile(r"[0-9a-f]{16}")
_STRANGE = re.compile(r"[^A-Za-z0-9_.-]+")
_LONGEST = 80


@dataclass(frozen=True, slots=True)
class Upload:
    """Files that were uploaded together; `digest` is of their names and contents."""

    digest: str
    files: tuple[Path, ...]

    @property
    def names(self) -> str:
        """What they are called."""
        return ", ".join(each.name for each in self.files)

    @property
    def size(self) -> str:
        """How large they are, in words."""
        size = sum(each.stat().st_size for each in self.files)
        return f"{number(size / 1e6, 1)} MB" if size >= 1e5 else f"{number(size / 1e3, 1)} kB"


def by_name(text: str, files: Iterable[Path]) -> str:
    """The text with files called by their names alone: where they are kept is nobody's matter."""
    for file in files:
        for path in (str(file), os.path.relpath(file), Path(os.path.relpath(file)).as_posix()):
            text = text.replace(path, file.name)
    return text


def kept(keep: Path, files: Mapping[str, bytes | memoryview]) -> Upload:
    """Keep files by name, below the folder `keep` and nowhere else, whatever they are called.

    Raises `FolderError` and `WriteError`.
    """
    named = dict(zip(safe_names(list(files)), files.values(), strict=True))
    digest = hashlib.sha256()
    for name, content in named.items():
        digest.update(f"{name}\n{len(content)}\n".encode())
        digest.update(content)
    short = digest.hexdigest()[:16]
    there = found(keep, short)
    if there is not None:
        return there
    with Folder(keep / UPLOADS / short, claimed=True) as folder, folder.writing():
        for name, content in named.items():
            (folder.aside / name).write_bytes(content)
        folder.put_in_place(list(named))
    again = found(keep, short)
    assert again is not None
    return again


def found(keep: Path, digest: str) -> Upload | None:
    """What is kept under a digest; None where that is none, or nothing is kept any longer."""
    if not _DIGEST.fullmatch(digest):
        return None
    folder = keep / UPLOADS / digest
    files = sorted(each for each in folder.glob("*") if each.is_file() and not each.name.startswith("."))
    return Upload(digest, tuple(files)) if files else None


def delete(keep: Path, digest: str) -> None:
    """Delete what is kept under a digest, if it is."""
    if found(keep, digest) is not None:
        shutil.rmtree(keep / UPLOADS / digest)


def safe_names(names: list[str]) -> list[str]:
    """Names for files that are letters, digits, dots, dashes and underscores, in the same order, each another
    one."""
    safe: list[str] = []
    for name in names:
        word = _STRANGE.sub("_", name.replace("\\", "/").rpartition("/")[2]).lstrip("._-")
        word = word[-_LONGEST:].lstrip("._-") or "file"
        safe.append(next(each for each in _each_another(word) if each not in safe))
    return safe


def _each_another(word: str) -> Iterator[str]:
    """The word, and with a number before it."""
    yield word
    yield from (f"{number}_{word}" for number in count(2))
