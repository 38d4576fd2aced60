"""What a sweep is asked to be, and how it is to be played: what travels from the user to the store as one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

EngineName = Literal["local", "dask"]


@dataclass(frozen=True, slots=True)
class Request:
    """A sweep file, or its content, and what is said beside it.

    `vary` are factors, by field or as text (`factor_of_text`); with any, `source` may also be a scenario,
    which becomes the base. `overrides` are fixed changes as text. `replications`, `design` and `seed` replace
    those of the file where they are not None.
    """

    source: str | Path | Mapping[str, Any]
    vary: Mapping[str, Any] | Sequence[str] = ()
    overrides: Sequence[str] = ()
    replications: int | Mapping[str, Any] | None = None
    design: str | Mapping[str, Any] | None = None
    seed: int | None = None


@dataclass(frozen=True, slots=True)
class Playing:
    """Where a sweep is kept and who plays it; nothing here changes what comes out.

    `out` is the folder, ``results/NAME`` by default, `jobs` the number of processes, all cores by default,
    `scheduler` the address of a Dask cluster. With `extend` a folder of fewer points goes on; `retry_failed`
    plays failed runs again. `command` is what the results say of how they were made.
    """

    out: str | Path | None = None
    jobs: int | None = None
    engine: EngineName = "local"
    scheduler: str | None = None
    extend: bool = False
    retry_failed: bool = False
    command: str | None = None
