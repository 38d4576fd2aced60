"""A market as it is asked for: its scenario, what is changed of it, its seed and how often it is played."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from coalesce_sim import bundled
from coalesce_sim.lab import laboratory
from coalesce_sim.lab.named_code import loaded
from coalesce_sim.lab.named_files import lies_here, refuse_far_upload
from coalesce_sim.loading import data_digests
from coalesce_sim.provenance import Origin
from coalesce_sim.scenario.problems import Problem, ScenarioError
from coalesce_sim.scenario.schema import Scenario

FIRST = "dur_03"
"""The market that is shown where none is asked for."""

_AT_FIRST = 20
"""Replications of the first market at most: the first view need not wait for more."""

UPLOADS = "uploads"
"""The folder of what was uploaded, below that of what is kept."""


@dataclass(frozen=True)
class Setting:
    """One market as it is asked for. Left out, `seed` and `replications` are the scenario's.

    `source` is a bundled name, the scenario that the lab was opened with, or a file below the folder that it
    was started in; others are refused, since a link may ask for anything.
    """

    source: str
    overrides: tuple[str, ...] = ()
    seed: int | None = None
    replications: int | None = None

    @cached_property
    def scenario(self) -> Scenario:
        """The scenario with its changes. Raises `ScenarioError` where it cannot be played, and where it would
        have code of a user's own executed that no file of theirs asks for."""
        allowed(self.source)
        return loaded(self.source, self.overrides, uploaded=self.uploaded)

    @property
    def uploaded(self) -> bool:
        """Whether the scenario came from a page."""
        return _uploaded(self.source)

    @property
    def origin(self) -> Origin:
        """Everything that its results depend on; raises `ScenarioError` like `scenario`."""
        return Origin(
            self.source,
            self.overrides,
            self.scenario,
            self.scenario.seed if self.seed is None else self.seed,
            self.scenario.replications if self.replications is None else self.replications,
        )

    @cached_property
    def key(self) -> str:
        """Holds all that its results depend on: version, scenario, seed, replications, data files."""
        facts = {**self.origin.facts(), "data": data_digests(self.scenario)}
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:16]

    @property
    def query(self) -> dict[str, str | list[str]]:
        """As it stands in the address of a page."""
        query: dict[str, str | list[str]] = {"scenario": self.source}
        if self.overrides:
            query["set"] = list(self.overrides)
        for name, value in (("seed", self.seed), ("replications", self.replications)):
            if value is not None:
                query[name] = str(value)
        return query

    @classmethod
    def of_query(cls, query: Mapping[str, Sequence[str]]) -> Setting | None:
        """From an address, each name with all its values; None where it names no scenario.

        Raises `ScenarioError` where a number is none.
        """
        if not query.get("scenario"):
            return None
        return cls(
            query["scenario"][-1],
            tuple(query.get("set", ())),
            _whole(query, "seed", 0, 2**63 - 1),
            _whole(query, "replications", 1, 1_000_000),
        )


def _whole(query: Mapping[str, Sequence[str]], name: str, least: int, most: int) -> int | None:
    if not query.get(name):
        return None
    text = query[name][-1]
    if not (text.isascii() and text.isdigit() and len(text) <= 19 and least <= int(text) <= most):
        raise ScenarioError(
            [Problem("", None, name, f"must be a whole number from {least:,} to {most:,} (got {text!r})")]
        )
    return int(text)


def allowed(source: str) -> None:
    """Raise `ScenarioError` for what is neither bundled nor at hand, and for what was uploaded and asks for
    such: a link may ask for anything."""
    if source == laboratory.current().source or (not bundled.is_path(source) and bundled.has(source)):
        return
    if bundled.is_path(source) and lies_here(Path(source)):
        if _uploaded(source):
            refuse_far_upload(source)
        return
    message = "is neither bundled nor a YAML file below the folder that the lab was started in"
    raise ScenarioError([Problem("", None, "scenario", f"{message} (got {source!r})")])


def _uploaded(source: str) -> bool:
    return Path(source).resolve().is_relative_to((laboratory.current().keep / UPLOADS).resolve())


def first(source: str | None) -> Setting:
    """What is shown where nothing else is asked for: the market that the lab was opened with, or one of the
    paper's, and few replications of it.

    Raises `ScenarioError` where it cannot be played.
    """
    setting = Setting(source or FIRST)
    many = setting.scenario.replications > _AT_FIRST
    return Setting(setting.source, replications=_AT_FIRST) if many else setting
