"""Files that hold vectors of task types and contractors, worked out beforehand."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from coalesce_sim.arrays import FloatArray
from coalesce_sim.scenario.problems import Problem, ScenarioError, shown
from coalesce_sim.scenario.reading import read_bytes
from coalesce_sim.scenario.skills import Vectors

_PLACE = "skills.embedder.path"
_MOST_BYTES = 1_000_000_000

SIDES = ("task", "contractor")


@dataclass(frozen=True, slots=True)
class Named:
    """Vectors by the names of task types or of contractors: (names, dimensions)."""

    names: tuple[str, ...]
    vectors: FloatArray


def read_vectors(settings: Vectors) -> tuple[Named, Named]:
    """The vectors of task types and of contractors; read once as long as the file's content is the same.

    Raises `ScenarioError` for a file that cannot be read or lacks something, a name stated twice, vectors
    that differ in dimensions or hold what is no finite number, and a vector of zeros, near to nothing.
    """
    suffix = Path(settings.path).suffix.lower()
    if suffix not in (".npz", ".parquet"):
        message = f"must be a .npz or .parquet file (got {settings.path!r})"
        raise ScenarioError([Problem("", None, _PLACE, message)])
    try:
        content = read_bytes(settings.path, _MOST_BYTES)
    except OSError as error:
        problem = Problem("", None, _PLACE, f"{settings.path}: {error.strerror}")
        raise ScenarioError([problem]) from None
    return _Reading(settings.path, suffix, content).sides()


class _Reading:
    """The bytes of a file to be read, equal to others of the same name and content."""

    def __init__(self, file: str, suffix: str, content: bytes) -> None:
        self.file, self.suffix, self.content = file, suffix, content
        self._key = file, hashlib.sha256(content).digest()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Reading) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)

    def sides(self) -> tuple[Named, Named]:
        return _sides(self)

    def error(self, path: str, message: str) -> ScenarioError:
        return ScenarioError([Problem(self.file, None, path, message)])


@lru_cache(maxsize=4)
def _sides(reading: _Reading) -> tuple[Named, Named]:
    raw = _of_npz(reading) if reading.suffix == ".npz" else _of_parquet(reading)
    task, contractor = (_checked(reading, side, *raw[side]) for side in SIDES)
    wide, other = task.vectors.shape[1], contractor.vectors.shape[1]
    if wide != other:
        message = f"must have the {wide} dimensions of the task types' vectors (got {other})"
        raise reading.error("contractor", message)
    return task, contractor


_Raw = dict[str, tuple[Sequence[Any], Any]]
"""Names and vectors by side, as they stand in the file."""


def _of_npz(reading: _Reading) -> _Raw:
    try:
        with zipfile.ZipFile(io.BytesIO(reading.content)) as archive:
            unpacked = sum(member.file_size for member in archive.infolist())
        if unpacked > _MOST_BYTES:
            raise ValueError(f"holds {unpacked:,} bytes; the limit is {_MOST_BYTES:,} bytes")
        with np.load(io.BytesIO(reading.content), allow_pickle=False) as held:
            wanted = [f"{side}_{what}" for side in SIDES for what in ("names", "vectors")]
            if missing := [name for name in wanted if name not in held]:
                found = ", ".join(held) or "none"
                raise ValueError(f"lacks the arrays {', '.join(missing)} (found: {found})")
            arrays = {name: held[name] for name in wanted}
    except (ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
        raise reading.error("", f"cannot be used as npz: {error}") from None
    return {side: (arrays[f"{side}_names"].tolist(), arrays[f"{side}_vectors"]) for side in SIDES}


def _of_parquet(reading: _Reading) -> _Raw:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(pa.BufferReader(reading.content))
        columns = {name: table[name].to_pylist() for name in ("side", "name", "vector")}
    except (pa.ArrowException, KeyError, OSError, ValueError) as error:
        raise reading.error("", f"cannot be used as Parquet with side, name and vector: {error}") from None
    for side in columns["side"]:
        if side not in SIDES:
            raise reading.error("side", f"must be task or contractor (got {shown(side)})")
    rows = list(zip(columns["side"], columns["name"], columns["vector"], strict=True))
    of_side = {side: [row[1:] for row in rows if row[0] == side] for side in SIDES}
    return {side: ([name for name, _ in own], [each for _, each in own]) for side, own in of_side.items()}


def _checked(reading: _Reading, side: str, names: Any, vectors: Any) -> Named:
    if not isinstance(names, list) or not all(isinstance(name, str) and name for name in names):
        raise reading.error(f"{side} names", "must be a list of texts")
    try:
        table: FloatArray = np.array(vectors, dtype=float)
    except (ValueError, TypeError):
        table = np.empty(0)
    if table.ndim != 2 or len(table) != len(names) or not table.size:
        message = f"must be {len(names)} vectors of numbers, one a name, all of the same dimensions"
        raise reading.error(f"{side} vectors", message)
    seen: set[str] = set()
    for name, vector in zip(names, table, strict=True):
        if name in seen:
            raise reading.error(f"{side} {name}", "stated twice")
        seen.add(name)
        if not np.isfinite(vector).all():
            raise reading.error(f"{side} {name}", f"must be finite (got {vector[~np.isfinite(vector)][0]})")
        if not vector.any():
            raise reading.error(f"{side} {name}", "must not be all 0: such a vector is near to nothing")
    table.flags.writeable = False
    return Named(tuple(names), table)
