"""A calibration written down: the scenario that it makes, its draws, its errors and its figure."""

from __future__ import annotations

from pathlib import Path

from coalesce_sim import bundled
from coalesce_sim.calibration.figures import draw
from coalesce_sim.calibration.overlay import DRAWS_FILE, overlay_text
from coalesce_sim.calibration.study import Calibration
from coalesce_sim.files import FolderError, write_text
from coalesce_sim.report.look import our_style, save
from coalesce_sim.report.results_folder import ResultsFolder, Written
from coalesce_sim.version import __version__

SCENARIO_FILE = "calibrated.yaml"
_OWN_FILES = ("calibration.json", SCENARIO_FILE, DRAWS_FILE, "calibration.png", "calibration.svg")
"""Every file that a calibration may leave in its folder, in the order in which they are listed."""


def write_calibration(found: Calibration, source: str, out: Path, *, command: str) -> Written[Calibration]:
    """Leave scenario, draws, errors and figure in the folder `out`, all or none.

    Raises `FolderError` where the folder cannot be written to, or holds under the same name the scenario that
    was calibrated; `WriteError`.
    """
    if bundled.is_path(source) and Path(source).resolve() == (out / SCENARIO_FILE).resolve():
        raise FolderError(f"{SCENARIO_FILE} in {str(out)!r} is what is calibrated; give another folder")
    with ResultsFolder(out, _OWN_FILES) as folder, folder.played():
        write_text(folder.aside / SCENARIO_FILE, overlay_text(found, source, out))
        if found.uncertain:
            found.draws.to_csv(
                folder.aside / DRAWS_FILE, index=False, lineterminator="\n", float_format="%.8g"
            )
        write_figure(found, folder.aside)
        made = {"command": command, "coalesce_sim": __version__, "scenario": found.before.resolved()}
        return folder.finish(found, found.summary, made)


def write_figure(found: Calibration, folder: Path) -> None:
    """The figure as PNG and SVG."""
    with our_style():
        figure = draw(found)
        save(figure, folder / "calibration.png")
        figure.set_layout_engine("none")  # both files have the same layout
        figure.savefig(folder / "calibration.svg", metadata={"Date": None, "Creator": None})
