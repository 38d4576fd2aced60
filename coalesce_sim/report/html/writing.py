"""From a folder of results to its report on the disk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from coalesce_sim.files import Folder
from coalesce_sim.report.html.page import Page, rendered
from coalesce_sim.report.opening import Opened, open_folder

NAME = "report.html"


@dataclass(frozen=True, slots=True)
class WrittenReport:
    """A report on the disk: its title, its answer and its size."""

    path: Path
    title: str
    answer: Sequence[str]
    bytes: int

    @property
    def summary(self) -> dict[str, Any]:
        """The object that ``--json`` prints."""
        return {
            "title": self.title,
            "answer": list(self.answer),
            "bytes": self.bytes,
            "outputs": [str(self.path)],
        }


def write_report(
    folder: str | Path,
    *,
    metrics: Sequence[str] = (),
    title: str | None = None,
    out: str | Path | None = None,
) -> WrittenReport:
    """Write the report of a folder of results as one HTML file, whole or not at all.

    `metrics` are those to show, the first of which decides what is best; left out, the main ones. `out` is
    the file, report.html in the folder by default. The same results give the same bytes.
    Raises `ResultsError` for what is no folder of results or has no such metric, `MissingExtra` where Jinja
    is not installed, `FolderError` and `WriteError` where the file cannot be written.
    """
    opened = open_folder(folder)
    for name in metrics:
        opened.metric(name)
    page = page_of(opened, metrics, title)
    content = rendered(page).encode("utf-8")
    path = Path(folder) / NAME if out is None else Path(out)
    with Folder(path.parent) as place, place.writing():
        (place.aside / path.name).write_bytes(content)
        place.put_in_place([path.name])
    return WrittenReport(path, page.title, page.answer, len(content))


def page_of(opened: Opened, metrics: Sequence[str] = (), title: str | None = None) -> Page:
    """What the report of any results says."""
    if opened.kind == "comparison":
        from coalesce_sim.report.html.comparison import comparison_page

        return comparison_page(opened, metrics, title)
    if opened.kind == "frictions":
        from coalesce_sim.report.html.frictions import frictions_page

        return frictions_page(opened, title)
    if opened.kind == "run":
        from coalesce_sim.report.html.run import run_page

        return run_page(opened, metrics, title)
    from coalesce_sim.report.html.sweep import sweep_page

    assert opened.sweep is not None
    return sweep_page(opened.sweep, metrics, title, opened.sensitivity)
