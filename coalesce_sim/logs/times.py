"""Times as logs write them: with a zone or without, or as a number of seconds, milli-, micro- or
nanoseconds."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from coalesce_sim.arrays import IntArray

_ZONED = r"(Z|z|[+-]\d\d(:?\d\d)?)$"
_UNITS = ((1e17, "ns", 1e-3), (1e14, "us", 1.0), (1e11, "ms", 1e3), (1e8, "s", 1e6))
"""From which number on an epoch time is in which unit, and its microseconds. Seconds from 1973 on."""

NONE = np.iinfo(np.int64).min
"""Stands where there is no time."""


@dataclass(slots=True)
class Clock:
    """How a log's times were read: zones that they name, in rows, and units of numbers."""

    zone: str
    zones: Counter[str] = field(default_factory=Counter)
    units: Counter[str] = field(default_factory=Counter)

    def microseconds(self, values: pa.Array) -> tuple[IntArray, IntArray]:
        """Microseconds of the epoch, `NONE` where there is no time, and the places of what is no time at
        all."""
        if pa.types.is_timestamp(values.type):
            return self._typed(values)
        if pa.types.is_integer(values.type) or pa.types.is_floating(values.type):
            return self._numbers(values)
        parsed = self._alike(values)
        if parsed is None:
            plain = pc.replace_substring_regex(pc.utf8_trim_whitespace(values), r"\s*(UTC|GMT)$", "Z")
            parsed = self._alike(plain) or self._mixed(plain)
        return parsed

    def _alike(self, values: pa.Array) -> tuple[IntArray, IntArray] | None:
        """Texts that are all times with a zone, all without, or all numbers."""
        return self._zoned(values) or self._naive(values) or self._number_texts(values)

    def _typed(self, values: pa.Array) -> tuple[IntArray, IntArray]:
        zoned = values.type.tz is not None
        self.zones[str(values.type.tz) if zoned else self.zone] += len(values) - values.null_count
        plain = values.cast(pa.timestamp("us", values.type.tz), safe=False)
        return _filled(plain if zoned else self._placed(plain)), _nobody()

    def _zoned(self, values: pa.Array) -> tuple[IntArray, IntArray] | None:
        try:
            parsed = _to_us(values, "UTC")
        except pa.ArrowInvalid:
            return None
        self._count_zones(values.drop_null())
        return _filled(parsed), _nobody()

    def _count_zones(self, values: pa.Array) -> None:
        others = values.filter(pc.invert(pc.ends_with(values, "Z")))
        self.zones["UTC"] += len(values) - len(others)
        for end in pc.value_counts(pc.utf8_slice_codeunits(others, -6)).to_pylist():
            self.zones[_zone_of(end["values"])] += end["counts"]

    def _naive(self, values: pa.Array) -> tuple[IntArray, IntArray] | None:
        try:
            parsed = _to_us(values, None)
        except pa.ArrowInvalid:
            return None
        self.zones[self.zone] += len(parsed) - parsed.null_count
        return _filled(self._placed(parsed)), _nobody()

    def _placed(self, naive: pa.Array) -> pa.Array:
        """What a naive time is in UTC; where the clock goes back an hour the earlier one."""
        if self.zone == "UTC":
            return naive
        return pc.assume_timezone(naive, self.zone, ambiguous="earliest", nonexistent="latest")

    def _number_texts(self, values: pa.Array) -> tuple[IntArray, IntArray] | None:
        try:
            return self._numbers(values.cast(pa.int64()))
        except pa.ArrowInvalid:
            pass
        try:
            return self._numbers(values.cast(pa.float64()))
        except pa.ArrowInvalid:
            return None

    def _numbers(self, values: pa.Array) -> tuple[IntArray, IntArray]:
        known = np.asarray(values.is_valid())
        whole = pa.types.is_integer(values.type)
        numbers = values.fill_null(0).to_numpy(zero_copy_only=False)
        us = np.full(len(numbers), NONE, dtype=np.int64)
        left = known.copy()
        for least, unit, factor in _UNITS:
            chosen = left & (numbers >= least) & (numbers < least * 1e4)
            if chosen.any():
                self.units[unit] += int(chosen.sum())
                part = numbers[chosen]
                us[chosen] = part // 1000 if whole and unit == "ns" else np.round(part * factor)
                left &= ~chosen
        return us, np.flatnonzero(left)

    def _mixed(self, values: pa.Array) -> tuple[IntArray, IntArray]:
        """Each as it is: some with a zone, some without, some none at all."""
        us = np.full(len(values), NONE, dtype=np.int64)
        known = np.asarray(values.is_valid())
        zoned = np.asarray(pc.match_substring_regex(values.fill_null(""), _ZONED)) & known
        bad: list[int] = []
        for chosen in (np.flatnonzero(zoned), np.flatnonzero(known & ~zoned)):
            part = values.take(pa.array(chosen))
            parsed = self._alike(part) or self._one_by_one(part)
            us[chosen] = parsed[0]
            bad += chosen[parsed[1]].tolist()
        return us, np.array(sorted(bad), dtype=np.int64)

    def _one_by_one(self, values: pa.Array) -> tuple[IntArray, IntArray]:
        us, bad = np.full(len(values), NONE, dtype=np.int64), []
        for place in range(len(values)):
            part = values.slice(place, 1)
            parsed = self._alike(part)
            if parsed is None or len(parsed[1]):
                bad.append(place)
            else:
                us[place] = parsed[0][0]
        return us, np.array(bad, dtype=np.int64)


def is_zone(name: str) -> bool:
    """Whether there is a time zone of that name."""
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        return False
    return True


def _to_us(values: pa.Array, zone: str | None) -> pa.Array:
    """Parsed texts. Raises `pa.ArrowInvalid`."""
    try:
        return values.cast(pa.timestamp("us", zone))
    except pa.ArrowInvalid:
        return values.cast(pa.timestamp("ns", zone)).cast(pa.timestamp("us", zone), safe=False)


def _zone_of(end: str) -> str:
    if end.endswith(("Z", "z")):
        return "UTC"
    sign = max(end.find("+"), end.find("-"))
    digits = end[sign:].replace(":", "").ljust(5, "0")
    return "UTC" if digits[1:] == "0000" else f"{digits[:3]}:{digits[3:]}"


def _filled(parsed: pa.Array) -> IntArray:
    return np.asarray(parsed.cast(pa.int64()).fill_null(NONE))


def _nobody() -> IntArray:
    return np.empty(0, dtype=np.int64)
