"""An import as a job: a complete folder of ``coalesce-sim import``."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from coalesce_sim.lab.own.choices import Importing
from coalesce_sim.lab.own.uploads import by_name
from coalesce_sim.lab.workshop.job import Failed, Progress
from coalesce_sim.lab.workshop.run import is_whole, kept_at
from coalesce_sim.lab.workshop.signs import sign
from coalesce_sim.logs.imported import FACTS, MARKET, import_log
from coalesce_sim.logs.tables import REQUESTS, RUNS, SELLERS
from coalesce_sim.scenario.problems import ScenarioError


@dataclass(frozen=True, slots=True)
class Import:
    """A market of a log that was uploaded; its result is the folder. `log` and `prices` are digests of what
    was uploaded, `prices_file` is None without a price list."""

    log: str
    files: tuple[Path, ...]
    prices: str
    prices_file: Path | None
    choices: Importing

    @property
    def digest(self) -> str:
        """The same for imports whose results are the same."""
        return sign("import", self.log, self.prices, self.choices)

    @property
    def key(self) -> str:
        return f"import {self.digest}"

    def folder(self, keep: Path) -> Path:
        """Where it is kept."""
        return kept_at(keep, "imports", self.files[0].stem, self.digest)

    def kept(self, keep: Path) -> Path | None:
        """The folder, where it is there already and whole."""
        folder = self.folder(keep)
        there = all((folder / name).is_file() for name in (MARKET, REQUESTS, RUNS, SELLERS))
        return folder if there and is_whole(folder / FACTS) else None

    def play(self, keep: Path, progress: Progress) -> Path:
        folder = self.folder(keep)
        if self.kept(keep) is None:
            progress(0.0)
            self._import(folder)
        return folder

    def _import(self, folder: Path) -> None:
        chosen, files = self.choices, [*self.files, *filter(None, [self.prices_file])]
        try:
            import_log(
                chosen.kind,
                [os.path.relpath(each) for each in self.files],
                os.path.relpath(folder),
                home=chosen.home or None,
                prices=None if self.prices_file is None else os.path.relpath(self.prices_file),
                price_date=chosen.price_date,
                group_by=chosen.group_by or None,
                type_by=chosen.type_by or None,
                keep_names=chosen.keep_names,
                sessions=chosen.sessions,
                columns=dict(chosen.columns),
                zone=chosen.zone,
                retry_within_s=chosen.retry_within_s,
            )
        except ScenarioError as error:
            raise Failed(by_name("; ".join(map(str, error.problems)), files)) from error
