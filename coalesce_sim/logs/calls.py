"""Calls of models as columns of numbers, from what stands in a log; a row that cannot be one is left out, and
told."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from coalesce_sim.arrays import BoolArray, FloatArray, IntArray
from coalesce_sim.logs.opening import refusal
from coalesce_sim.logs.reading import LogFile, Stretch
from coalesce_sim.logs.remarks import Remarks
from coalesce_sim.logs.sources import Source
from coalesce_sim.logs.times import NONE, Clock

NAMES: Final = ("model", "requested", "provider", "user", "team", "tag", "agent")
"""Fields of few different values, which are numbered."""

MOST_NAMES: Final = 1_000_000
"""Different values of a field; what comes after so many counts as the first of them."""

MOST_TOKENS: Final = 100_000_000
MOST_S: Final = 7 * 86_400.0


@dataclass(slots=True)
class Names:
    """Different values of a field, in the order in which they came; number -1 is nothing."""

    values: list[str] = field(default_factory=list)
    numbers: dict[str, int] = field(default_factory=dict)

    def of(self, cells: pa.Array | None, rows: int) -> np.ndarray:
        """The number of each cell's value."""
        if cells is None or cells.null_count == len(cells):
            return np.full(rows, -1, dtype=np.int32)
        coded = cells.cast(pa.string()).dictionary_encode()
        numbers = [self.number(each) for each in coded.dictionary.to_pylist()]
        places = np.array([*numbers, -1], dtype=np.int32)
        of_cell: np.ndarray = places[np.asarray(coded.indices.fill_null(len(numbers)))]
        return of_cell

    def number(self, value: str) -> int:
        """The number of a value, a new one if need be."""
        if value not in self.numbers and len(self.values) == MOST_NAMES:
            return 0
        if value not in self.numbers:
            self.numbers[value] = len(self.values)
            self.values.append(value)
        return self.numbers[value]


@dataclass(slots=True)
class Calls:
    """Calls, a row each. Times are microseconds of the epoch; what is not known is NaN, or -1.

    There may be millions: columns are reordered and let go one by one, so that none is there twice for long.
    """

    start: IntArray
    end: IntArray
    first_s: np.ndarray
    prompt: np.ndarray
    cached: np.ndarray
    output: np.ndarray
    usd: FloatArray
    failed: BoolArray
    model: np.ndarray
    requested: np.ndarray
    provider: np.ndarray
    user: np.ndarray
    team: np.ndarray
    tag: np.ndarray
    agent: np.ndarray
    session: np.ndarray
    id: np.ndarray
    row: np.ndarray
    file: np.ndarray

    def __len__(self) -> int:
        return len(self.start)

    def keep(self, chosen: np.ndarray) -> None:
        """Keep some of them, or all in another order."""
        for each in fields(self):
            column = getattr(self, each.name)
            if len(column):
                setattr(self, each.name, column[chosen])

    def forget(self, *names: str) -> None:
        """Let columns go that nobody asks for any more."""
        for name in names:
            setattr(self, name, getattr(self, name)[:0].copy())


@dataclass(slots=True)
class Gathering:
    """Calls that come in stretch by stretch; the rows that are none go into `remarks`."""

    source: Source
    clock: Clock
    remarks: Remarks = field(default_factory=Remarks)
    names: dict[str, Names] = field(default_factory=lambda: {name: Names() for name in NAMES})
    files: list[str] = field(default_factory=list)
    has: set[str] = field(default_factory=set)
    _columns: dict[str, Growing] = field(default_factory=dict)

    def add(self, log: LogFile, stretch: Stretch) -> None:
        """Take up rows. Raises `ScenarioError` for money in two currencies, or in another than USD."""
        if not self.files or self.files[-1] != log.name:
            self.files.append(log.name)
        rows = _Rows(self, log.name, stretch)
        part = rows.read()
        self.has.update(
            name
            for name, cells in stretch.cells.items()
            if ((part[name] >= 0).any() if name in NAMES else cells.null_count < len(cells))
        )
        for name, values in part.items():
            self._columns.setdefault(name, Growing(values.dtype)).extend(values)

    def calls(self) -> Calls:
        """All of them, in the order of the log."""
        calls = Calls(**{name: self._columns.pop(name).all() for name in list(self._columns)})
        pa.default_memory_pool().release_unused()
        return calls


class Growing:
    """An array that grows where it is: large ones are never copied."""

    def __init__(self, dtype: np.dtype[Any]) -> None:
        self._array = np.empty(1 << 16, dtype=dtype)
        self._length = 0

    def extend(self, values: np.ndarray) -> None:
        """Append values."""
        needed = self._length + len(values)
        if needed > len(self._array):
            self._array.resize(max(needed, len(self._array) + len(self._array) // 8), refcheck=False)
        self._array[self._length : needed] = values
        self._length = needed

    def all(self) -> np.ndarray:
        """The array, which is not to grow any more."""
        self._array.resize(self._length, refcheck=False)
        return self._array


class _Rows:
    """A stretch of rows on their way to calls."""

    def __init__(self, all_: Gathering, file: str, stretch: Stretch) -> None:
        self._all, self._file, self._stretch = all_, file, stretch
        self._kept = np.ones(stretch.rows, dtype=np.bool_)

    def read(self) -> dict[str, np.ndarray]:
        self._only_calls()
        start, end = self._times()
        prompt, cached, output = self._tokens()
        usd = self._money()
        failed = self._failed()
        self._worked(prompt, output, failed)
        cells = self._stretch.cells
        part: dict[str, np.ndarray] = {
            "start": start,
            "end": end,
            "first_s": self._first_s(start, end, failed),
            "prompt": prompt.astype(np.int32),
            "cached": cached.astype(np.int32),
            "output": output.astype(np.int32),
            "usd": usd,
            "failed": failed,
            "session": _hashed(cells.get("session"), self._stretch.rows),
            "id": _hashed(cells.get("id"), self._stretch.rows),
            "row": np.arange(self._stretch.first, self._stretch.first + self._stretch.rows, dtype=np.int32),
            "file": np.full(self._stretch.rows, len(self._all.files) - 1, dtype=np.int16),
        }
        for name in NAMES:
            column = _tags(cells.get(name)) if name == "tag" else cells.get(name)
            part[name] = self._all.names[name].of(column, self._stretch.rows)
        self._leave_out("no model", part["model"] < 0, "model")
        if self._kept.all():
            return part
        return {name: column[self._kept] for name, column in part.items()}

    def _column(self, name: str) -> str:
        """What a column is called where something in it is told of."""
        options = next(
            (each.paths[name] for each in self._all.source.releases if name in each.paths), (name,)
        )
        return options[0]

    def _leave_out(self, why: str, which: np.ndarray, name: str = "") -> None:
        self._count(self._all.remarks.leave_out, why, which & self._kept, name)
        self._kept &= ~which

    def _tell(self, why: str, which: np.ndarray, name: str = "") -> None:
        self._count(self._all.remarks.tell, why, which & self._kept, name)

    def _count(self, count: Any, why: str, which: np.ndarray, name: str) -> None:
        places = np.flatnonzero(which)
        if len(places):
            first = int(places[0])
            cells = self._stretch.cells.get(name)
            value = "" if cells is None or name in ("session", "user") else cells[first].as_py()
            column = self._column(name) if name else ""
            count(why, len(places), self._file, self._stretch.first + first, column, value)

    def _words(self, name: str) -> tuple[np.ndarray, list[str]] | None:
        """The number of each row's word, and the words in lower case; the last is for rows without."""
        cells = self._stretch.cells.get(name)
        if cells is None or cells.null_count == len(cells):
            return None
        coded = cells.cast(pa.string()).dictionary_encode()
        words = [each.strip().lower() for each in coded.dictionary.to_pylist()]
        return np.asarray(coded.indices.fill_null(len(words))), [*words, ""]

    def _which(self, name: str, test: Callable[[str], bool]) -> BoolArray:
        """The rows whose word in a column passes a test."""
        found = self._words(name)
        if found is None:
            return np.zeros(self._stretch.rows, dtype=np.bool_)
        numbers, words = found
        which: BoolArray = np.array([bool(word) and test(word) for word in words])[numbers]
        return which

    def _only_calls(self) -> None:
        source = self._all.source
        if source.calls:
            self._leave_out(
                "no answer of a model", self._which("call", lambda word: word not in source.calls), "call"
            )
        if source.not_calls:
            strange = self._which("call", lambda word: any(part in word for part in source.not_calls))
            self._leave_out("no answer in tokens", strange, "call")
        hits = self._which("cache_hit", lambda word: word in ("true", "1", "yes", "hit"))
        self._leave_out("answered from the gateway's own cache", hits, "cache_hit")

    def _times(self) -> tuple[IntArray, IntArray]:
        cells, rows = self._stretch.cells, self._stretch.rows
        start, bad = self._all.clock.microseconds(cells["start"])
        self._leave_out("no time", _places(bad, rows), "start")
        self._leave_out("no start", start == NONE, "start")
        if "end" in cells:
            end, bad = Clock(self._all.clock.zone).microseconds(cells["end"])
            self._leave_out("no time", _places(bad, rows), "end")
            name = "end"
        else:
            name = "duration_s" if "duration_s" in cells else "duration_ms"
            took = self._numbers(name) * (1e6 if name == "duration_s" else 1e3)
            end = np.where(np.isnan(took), NONE, start + np.nan_to_num(took)).astype(np.int64)
        self._leave_out("no end", end == NONE, name)
        self._leave_out("ends before it starts: a clock ran backwards", (end < start) & (start != NONE), name)
        took_long = (end - start > MOST_S * 1e6) & (start != NONE) & (end != NONE)
        self._leave_out("took more than a week", took_long, name)
        return start, end

    def _first_s(self, start: IntArray, end: IntArray, failed: BoolArray) -> np.ndarray:
        cells = self._stretch.cells
        if "first" in cells:
            first, _ = Clock(self._all.clock.zone).microseconds(cells["first"])
            seconds = np.where(first == NONE, np.nan, (first - start) / 1e6)
        elif "first_s" in cells:
            seconds = self._numbers("first_s")
        elif "first_ms" in cells:
            seconds = self._numbers("first_ms") / 1e3
        else:
            return np.full(self._stretch.rows, np.nan, dtype=np.float32)
        # Who does not stream has the first token with the last: that says nothing of the first.
        known = (seconds > 0) & (seconds < (end - start) / 1e6) & ~failed
        return np.where(known, seconds, np.nan).astype(np.float32)

    def _numbers(self, name: str, *, money: bool = False) -> FloatArray:
        """The numbers of a column, NaN where there is none; rows with what is no number are left out."""
        cells = self._stretch.cells.get(name)
        if cells is None:
            return np.full(self._stretch.rows, np.nan)
        if pa.types.is_string(cells.type):
            try:
                values = cells.cast(pa.float64())
            except pa.ArrowInvalid:
                values = self._one_by_one(name, cells, money=money)
        else:
            values = cells.cast(pa.float64(), safe=False)
        found: FloatArray = values.fill_null(math.nan).to_numpy(zero_copy_only=False)
        self._leave_out("is below 0", found < 0, name)
        self._leave_out("no finite number", np.isinf(found), name)
        return found

    def _one_by_one(self, name: str, cells: pa.Array, *, money: bool) -> pa.Array:
        """Numbers of texts of which some are none; money may have its currency beside it."""
        plain = pc.utf8_trim_whitespace(cells)
        if money:
            self._check_currency(plain)
            plain = pc.utf8_trim_whitespace(pc.replace_substring_regex(plain, r"^(US)?\$|\s*USD$", ""))
        comma = pc.match_substring_regex(plain, r"^-?\d+,\d+$")
        decimal = np.asarray(comma.fill_null(False))
        if decimal.any():
            self._tell("the comma is taken for a decimal point", decimal, name)
            plain = pc.if_else(comma, pc.replace_substring(plain, ",", "."), plain)
        fine = pc.match_substring_regex(plain, r"^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$")
        self._leave_out("no number", ~np.asarray(fine.fill_null(True)), name)
        return pc.if_else(fine, plain, pa.scalar(None, pa.string())).cast(pa.float64())

    def _check_currency(self, cells: pa.Array) -> None:
        other = np.asarray(
            pc.match_substring_regex(cells, r"[€£¥₹]|\b(EUR|GBP|JPY|CNY|INR|CHF)\b").fill_null(False)
        )
        if other.any():
            first = int(np.flatnonzero(other)[0])
            raise refusal(
                self._file,
                self._stretch.first + first,
                self._column("usd"),
                f"is not in USD (got {cells[first].as_py()!r}); convert it first",
            )

    def _money(self) -> FloatArray:
        found = self._words("currency")
        if found is not None:
            numbers, words = found
            for place, word in enumerate(words):
                if word and word not in ("usd", "$", "us$"):
                    first = int(np.flatnonzero(numbers == place)[0])
                    others = {each for each in words if each} - {word}
                    two = f"; other rows are in {', '.join(sorted(others)).upper()}" if others else ""
                    message = f"is not USD (got {word.upper()!r}{two}); convert all to USD first"
                    raise refusal(self._file, self._stretch.first + first, self._column("currency"), message)
        return self._numbers("usd", money=True)

    def _tokens(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        counts = {}
        for name in ("prompt_tokens", "cached_tokens", "beside_tokens", "output_tokens", "total_tokens"):
            found = self._numbers(name)
            whole = np.isnan(found) | (found == np.floor(found))
            self._leave_out("no whole number", ~whole, name)
            self._leave_out(f"more than {MOST_TOKENS:,} tokens", found > MOST_TOKENS, name)
            counts[name] = np.where(whole & (found >= 0) & (found <= MOST_TOKENS), found, 0)
        prompt, cached, output = counts["prompt_tokens"], counts["cached_tokens"], counts["output_tokens"]
        beside = counts["beside_tokens"]
        if beside.any():
            within = prompt + output == counts["total_tokens"]
            prompt = np.where(within, prompt, prompt + beside)
            cached = beside
        above = cached > prompt
        self._tell(
            "more cached tokens than the prompt has; all of it is taken for cached", above, "cached_tokens"
        )
        return prompt, np.minimum(cached, prompt), output

    def _failed(self) -> BoolArray:
        failures = self._all.source.failures
        failed: BoolArray = self._which("status", lambda word: word in failures or _is_http_error(word))
        cells = self._stretch.cells.get("error")
        if cells is not None:
            failed |= np.asarray(cells.is_valid())
        broken_off = self._which("cancelled", lambda word: word in ("true", "1", "yes"))
        self._tell("broken off by the client: taken for failed", broken_off & ~failed, "cancelled")
        failed |= broken_off
        return failed

    def _worked(self, prompt: FloatArray, output: FloatArray, failed: BoolArray) -> None:
        self._leave_out("no tokens, and yet no failure", (prompt + output == 0) & ~failed, "prompt_tokens")


def _is_http_error(word: str) -> bool:
    return len(word) == 3 and word[0] in "45" and word.isdigit()


def _places(bad: IntArray, rows: int) -> BoolArray:
    which = np.zeros(rows, dtype=np.bool_)
    which[bad] = True
    return which


def _hashed(cells: pa.Array | None, rows: int) -> np.ndarray:
    """A number by which equal texts are equal, 0 for nothing."""
    if cells is None or cells.null_count == len(cells):
        return np.zeros(rows, dtype=np.uint64)
    texts = cells.cast(pa.string())
    hashes = pd.util.hash_array(texts.fill_null("").to_numpy(zero_copy_only=False), categorize=False)
    return np.where(np.asarray(texts.is_valid()), hashes | np.uint64(1), np.uint64(0))


def _tags(cells: pa.Array | None) -> pa.Array | None:
    """Of lists of tags the first that is not the gateway's own."""
    if cells is None or cells.null_count == len(cells):
        return cells
    if pa.types.is_list(cells.type) or pa.types.is_large_list(cells.type):
        cells = pa.array(
            [None if each is None else json.dumps(each) for each in cells.to_pylist()], pa.string()
        )
    coded = cells.cast(pa.string()).dictionary_encode()
    first = pa.array([_first_tag(each) for each in coded.dictionary.to_pylist()], pa.string())
    return first.take(coded.indices)


def _first_tag(text: str) -> str | None:
    listed: Any = text
    if text.startswith("["):
        try:
            listed = json.loads(text)
        except ValueError:
            listed = text.strip("[]").replace("'", "").split(",")
    elif text.startswith("{"):
        listed = text.strip("{}").replace('"', "").split(",")
    parts = [str(each).strip() for each in (listed if isinstance(listed, list) else [listed])]
    return next((each for each in parts if each and not each.startswith("User-Agent:")), None)


def remark(
    count: Any, why: str, calls: Calls, which: np.ndarray, files: Sequence[str], column: str, value: str = ""
) -> None:
    """Count calls among those of which the same is to be said; the first of them is told by file and row."""
    if len(which):
        first = which[np.lexsort((calls.row[which], calls.file[which]))[0]]
        count(why, len(which), files[calls.file[first]], int(calls.row[first]), column, value)
