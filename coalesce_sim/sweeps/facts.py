"""sweep.json: what a folder says of the sweep it holds."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from coalesce_sim.files import ResultsError, read_sealed
from coalesce_sim.provenance import is_newer
from coalesce_sim.scenario.document import read_plain
from coalesce_sim.scenario.problems import ScenarioError
from coalesce_sim.scenario.validation import validate
from coalesce_sim.version import __version__

FORMAT = 2
"""Of the folder's files; a folder of a later format was made by a later version."""

UNCHECKED = 1
"""The format of folders whose files carry no digests."""

FACTS = "sweep.json"


M = TypeVar("M", bound=BaseModel)


class _Made(BaseModel):
    model_config = ConfigDict(extra="allow")

    command: str
    coalesce_sim: str


class _Asked(BaseModel):
    coalesce_sim: str
    sweep: dict[str, Any]
    files: list[str]


class _Facts(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")

    format: Annotated[int, Field(ge=1)]
    shards: Annotated[str, Field(pattern=r"\Ashards-[1-9][0-9]*\z")]
    specification: dict[str, Any]
    asked: _Asked
    seed: Annotated[int, Field(ge=0, lt=2**63)]
    title: str
    paper_metrics: bool = True
    provenance: _Made


def read_facts(folder: Path) -> dict[str, Any]:
    """What a folder says of its sweep. Raises `ResultsError` for one that holds none, or a newer one."""
    path = folder / FACTS
    try:
        facts, sealed = read_sealed(path)
    except FileNotFoundError:
        raise ResultsError(f"{str(folder)!r} holds no sweep: there is no {FACTS}") from None
    except OSError as error:
        raise ResultsError(f"{path}: cannot be read: {error}") from error
    if not isinstance(facts.get("format"), int):
        raise ResultsError(f"{path}: says no format: it is not the file of a sweep")
    made = facts.get("provenance")
    version = str(made.get("coalesce_sim", "0")) if isinstance(made, dict) else "0"
    if facts["format"] > FORMAT:
        raise ResultsError(
            f"{path}: has format {facts['format']}, written by coalesce_sim {version}; this version reads up "
            f"to format {FORMAT}: install a newer one"
        )
    if is_newer(version):
        raise ResultsError(f"{path}: written by coalesce_sim {version}, newer than this one, {__version__}")
    if facts["format"] != UNCHECKED and not sealed:
        raise ResultsError(f"{path}: cannot be read: its digest is missing")
    checked(facts, _Facts, str(path))
    return facts


def checked(facts: Mapping[str, Any], model: type[M], file: str) -> M:
    """What was read in a file, as an instance of a model. Raises `ResultsError` with all that is wrong."""
    try:
        return validate(read_plain(facts, file), model)
    except ScenarioError as error:
        raise ResultsError(str(error)) from error


def identity(facts: Mapping[str, Any]) -> str:
    """What is the same for all rows of a sweep and different for those of another: all that was asked for."""
    return hashlib.sha256(json.dumps(facts["asked"], sort_keys=True).encode()).hexdigest()[:32]


def own_seed(seed: int, key: str) -> int:
    """The seed of a point that has luck of its own in a sweep of that seed."""
    return int.from_bytes(hashlib.sha256(f"{seed} {key}".encode()).digest()[:8], "big") >> 1
