"""What is chosen at each step, with the commands' defaults: for a job, and for the address of the page."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from coalesce_sim.calibration.options import HOLD_OUT, LIMIT
from coalesce_sim.logs.request import RETRY_WITHIN_S
from coalesce_sim.scenario.problems import Problem, ScenarioError

Query = Mapping[str, Sequence[str]]
SESSIONS: Final = ("tasks", "composite")


@dataclass(frozen=True, slots=True)
class Importing:
    """What `import` is told besides the files; empty is left out."""

    kind: str
    home: str = ""
    type_by: str = ""
    group_by: str = ""
    keep_names: bool = False
    sessions: Literal["tasks", "composite"] = "tasks"
    zone: str = "UTC"
    retry_within_s: float = RETRY_WITHIN_S
    price_date: date | None = None
    columns: tuple[tuple[str, str], ...] = ()

    @property
    def query(self) -> dict[str, str | list[str]]:
        """As it stands in an address: what is other than by default."""
        told: dict[str, str | list[str]] = {"kind": self.kind}
        for name in ("home", "type_by", "group_by"):
            if getattr(self, name):
                told[name] = getattr(self, name)
        if self.keep_names:
            told["keep_names"] = "yes"
        if self.sessions != "tasks":
            told["sessions"] = self.sessions
        if self.zone != "UTC":
            told["zone"] = self.zone
        if self.retry_within_s != RETRY_WITHIN_S:
            told["retry_within_s"] = f"{self.retry_within_s:g}"
        if self.price_date is not None:
            told["price_date"] = self.price_date.isoformat()
        if self.columns:
            told["columns"] = [f"{field}={column}" for field, column in self.columns]
        return told

    @classmethod
    def of_query(cls, query: Query) -> Importing | None:
        """From an address; None where it says nothing of it. Raises `ScenarioError` for what is no choice."""
        kind = _last(query, "kind")
        if not kind:
            return None
        return cls(
            kind,
            home=_last(query, "home"),
            type_by=_last(query, "type_by"),
            group_by=_last(query, "group_by"),
            keep_names=_yes(query, "keep_names"),
            sessions="composite" if _one_of(query, "sessions", SESSIONS) == "composite" else "tasks",
            zone=_last(query, "zone") or "UTC",
            retry_within_s=_number(query, "retry_within_s", RETRY_WITHIN_S, 0, math.inf),
            price_date=_day(query, "price_date"),
            columns=tuple(map(_pair, query.get("columns", ()))),
        )


@dataclass(frozen=True, slots=True)
class Calibrating:
    """What `calibrate` is told besides the market and its runs; without `seed` that of the market counts."""

    hold_out: float = HOLD_OUT
    limit: float = LIMIT
    seed: int | None = None

    @property
    def query(self) -> dict[str, str]:
        """As it stands in an address."""
        told = {"hold_out": f"{self.hold_out:g}", "limit": f"{self.limit:g}"}
        return told if self.seed is None else told | {"calibration_seed": str(self.seed)}

    @classmethod
    def of_query(cls, query: Query) -> Calibrating | None:
        """From an address; None where it says nothing of it. Raises `ScenarioError` for what is no choice."""
        if not _last(query, "hold_out"):
            return None
        return cls(
            _number(query, "hold_out", HOLD_OUT, 0.01, 0.99),
            _number(query, "limit", LIMIT, 0.01, 1000),
            _whole(query, "calibration_seed", 0, 2**63 - 1),
        )


@dataclass(frozen=True, slots=True)
class Advising:
    """What `advise` is told besides the market; without `seed` that of the market counts."""

    replications: int
    seed: int | None = None
    extrapolate: bool = False

    @property
    def query(self) -> dict[str, str]:
        """As it stands in an address."""
        told = {"advise": str(self.replications)}
        told |= {} if self.seed is None else {"seed": str(self.seed)}
        return told | ({"extrapolate": "yes"} if self.extrapolate else {})

    @classmethod
    def of_query(cls, query: Query) -> Advising | None:
        """From an address; None where it says nothing of it. Raises `ScenarioError` for what is no choice."""
        replications = _whole(query, "advise", 1, 1_000)
        if replications is None:
            return None
        return cls(replications, _whole(query, "seed", 0, 2**63 - 1), _yes(query, "extrapolate"))


@dataclass(frozen=True, slots=True)
class Way:
    """How far somebody is: digests of what they uploaded, and the choices of the steps they have taken."""

    log: str = ""
    prices: str = ""
    importing: Importing | None = None
    calibrating: Calibrating | None = None
    advising: Advising | None = None

    @property
    def query(self) -> dict[str, str | list[str]]:
        """As it stands in the address of the page."""
        told: dict[str, str | list[str]] = {"log": self.log} if self.log else {}
        told |= {"prices": self.prices} if self.prices else {}
        for step in (self.importing, self.calibrating, self.advising):
            told |= {} if step is None else step.query
        return told

    @classmethod
    def of_query(cls, query: Query) -> Way:
        """From an address. Raises `ScenarioError` for what is no choice."""
        return cls(
            _last(query, "log"),
            _last(query, "prices"),
            Importing.of_query(query),
            Calibrating.of_query(query),
            Advising.of_query(query),
        )


def _last(query: Query, name: str) -> str:
    values = query.get(name, ())
    return values[-1] if values else ""


def _one_of(query: Query, name: str, known: Sequence[str]) -> str:
    """A word, the first of those that are known where the address has none."""
    word = _last(query, name) or known[0]
    if word not in known:
        raise _refused(name, f"must be {' or '.join(known)}", word)
    return word


def _yes(query: Query, name: str) -> bool:
    return _one_of(query, name, ("no", "yes")) == "yes"


def _pair(text: str) -> tuple[str, str]:
    field, _, column = text.partition("=")
    if not field or not column:
        raise _refused("columns", "must be FIELD=COLUMN", text)
    return field, column


def _number(query: Query, name: str, default: float, least: float, most: float) -> float:
    text = _last(query, name)
    if not text:
        return default
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not least <= value <= most:
        raise _refused(name, f"must be a number from {least:g} to {most:g}", text)
    return value


def _whole(query: Query, name: str, least: int, most: int) -> int | None:
    text = _last(query, name)
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 19 and least <= int(text) <= most):
        raise _refused(name, f"must be a whole number from {least:,} to {most:,}", text)
    return int(text)


def _day(query: Query, name: str) -> date | None:
    text = _last(query, name)
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise _refused(name, "must be a day, as in 2026-11-02", text) from None


def _refused(name: str, message: str, text: str) -> ScenarioError:
    return ScenarioError([Problem("", None, name, f"{message} (got {text!r})")])
