"""Which kind of log a file is, by its first rows: columns that an export has, and the models it names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

import pyarrow.parquet as pq

from coalesce_sim.logs.jsonrows import read_objects
from coalesce_sim.logs.opening import DAMAGED, Opened, open_log, refusal
from coalesce_sim.logs.reading import LogFile, read_log
from coalesce_sim.logs.sources import SOURCES
from coalesce_sim.scenario.problems import ScenarioError

_FIRST_ROWS: Final = 200
_ORDER: Final = ("litellm", "openrouter", "langfuse", "otel", "csv")


@dataclass(frozen=True, slots=True)
class Recognised:
    """What the first rows of a log tell: kinds that it can be, the likeliest first, its columns, and names of
    models that stand in it, the most frequent first, of the likeliest kind."""

    kinds: tuple[str, ...]
    columns: tuple[str, ...]
    models: tuple[str, ...]


def recognised(name: str) -> Recognised:
    """Look at the first rows of a file. Raises `ScenarioError` for what cannot be read as a log at all."""
    columns = _columns(name)
    kinds = tuple(kind for kind in _ORDER if SOURCES[kind].wrote(columns))
    return Recognised(kinds, columns, _models(name, kinds[0]) if kinds else ())


def _columns(name: str) -> tuple[str, ...]:
    opened = open_log(name)
    try:
        if opened.form == "table":
            return opened.header
        if opened.form == "parquet":
            return tuple(pq.ParquetFile(name).schema_arrow.names)
        return tuple(dict.fromkeys(key for row in _first_objects(opened) for key in row))
    except DAMAGED as error:
        raise refusal(name, None, "", f"cannot be read: {error}") from None
    except ValueError as error:
        if isinstance(error, ScenarioError):
            raise
        raise refusal(name, None, "", f"cannot be read: {str(error).splitlines()[0]}") from None
    finally:
        opened.content.close()
        opened.raw.close()


def _first_objects(opened: Opened) -> Iterator[dict[str, Any]]:
    """Objects as they stand and, of spans, those of language models with their attributes beside them."""
    rows = list(islice(read_objects(opened, spans=False), _FIRST_ROWS))
    spans = any("resourceSpans" in row or "attributes" in row for row in rows)
    if not spans:
        yield from rows
        return
    opened.content.close()
    again = open_log(opened.name)
    try:
        yield from islice(read_objects(again, spans=True), _FIRST_ROWS)
    finally:
        again.content.close()
        again.raw.close()


def _models(name: str, kind: str) -> tuple[str, ...]:
    """Models by how often they are named in the first stretch of rows that is read at once."""
    reading = read_log(name, SOURCES[kind], {}, LogFile(name))
    with suppress(ScenarioError):  # told where the log is read
        for stretch in islice(reading, 1):
            counted = stretch.cells["model"].value_counts()
            return _most_frequent(counted.field("values").to_pylist(), counted.field("counts").to_pylist())
    return ()


def _most_frequent(names: Sequence[Any], counts: Sequence[int]) -> tuple[str, ...]:
    ranked = sorted(zip(counts, names, strict=True), key=lambda each: (-each[0], str(each[1])))
    return tuple(str(name) for _, name in ranked if name not in (None, ""))
