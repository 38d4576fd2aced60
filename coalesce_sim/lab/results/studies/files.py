"""The files of a study: its facts, its tables and its figures, none of which is believed unread."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from coalesce_sim.errors import ResultsWarning
from coalesce_sim.files import ResultsError, digest_of_file, read_sealed
from coalesce_sim.provenance import is_newer
from coalesce_sim.version import __version__

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Study:
    """A folder of a study, and the facts in its first file."""

    folder: Path
    facts: Mapping[str, Any]

    @property
    def origin(self) -> Mapping[str, Any]:
        """Where it came from."""
        provenance: Mapping[str, Any] = self.facts["provenance"]
        return provenance

    @property
    def version(self) -> str:
        """The version of the program that made it."""
        return str(self.origin["coalesce_sim"])

    @property
    def name(self) -> str:
        """What its scenario is called."""
        told = self.facts["scenario"]
        return told if isinstance(told, str) else str(told["name"])

    @property
    def title(self) -> str:
        """The title of its scenario, or the name of one that has none."""
        return str(self.origin["scenario"].get("title") or self.name)

    def table(self, name: str) -> pd.DataFrame:
        """One of its CSV files. Raises `ResultsError` where it is not what was written."""
        import pandas as pd

        try:
            return pd.read_csv(self.checked(name), keep_default_na=True)
        except (OSError, ValueError) as error:
            raise ResultsError(f"{self.folder / name}: cannot be read: {error}") from error

    def picture(self, name: str) -> bytes | None:
        """One of its figures; None where it left none. Raises `ResultsError` as `table`."""
        if not (self.folder / name).is_file():
            return None
        try:
            return self.checked(name).read_bytes()
        except OSError as error:
            raise ResultsError(f"{self.folder / name}: cannot be read: {error}") from error

    def checked(self, name: str) -> Path:
        """A file of it. Raises `ResultsError` where its digest is not the one written down; OSError."""
        path = self.folder / name
        written = self.facts.get("files", {}).get(name)
        if written is not None and digest_of_file(path) != written:
            raise ResultsError(f"{path}: is damaged; `{self.origin['command']}` makes it again")
        return path


def read_study(folder: Path, first: str) -> Study:
    """The study in a folder with that first file.

    Raises `ResultsError` where it cannot be read, or where a newer version made it. A `ResultsWarning` tells
    of one without digests.
    """
    path = folder / first
    try:
        facts, sealed = read_sealed(path)
        version = str(facts["provenance"]["coalesce_sim"])
    except OSError as error:
        raise ResultsError(f"{path}: cannot be read: {error}") from error
    except (KeyError, TypeError) as error:
        raise ResultsError(f"{path}: not the {first} of results: {error!r}") from error
    if is_newer(version):
        raise ResultsError(f"{folder}: written by coalesce_sim {version}, newer than this one, {__version__}")
    if not sealed:
        warnings.warn(
            f"{folder}: written without digests: its files are not checked", ResultsWarning, stacklevel=2
        )
    return Study(folder, facts)
