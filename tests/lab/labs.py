"""A lab for tests: its workshop plays within the process, and what pages change there is put back."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from coalesce_sim.errors import CoalesceError
from coalesce_sim.lab.laboratory import KEPT, Lab, open_lab
from coalesce_sim.lab.workshop.job import Failed, Job
from coalesce_sim.lab.workshop.workshop import Workshop


class Here:
    """Plays a job in the thread that asks for it, as a process would."""

    def __init__(self, keep: Path) -> None:
        self._keep = keep

    def play(self, job: Job[Any], progress: Callable[[float], None]) -> Any:
        try:
            return job.play(self._keep, progress)
        except CoalesceError as error:
            raise error if isinstance(error, Failed) else Failed(str(error)) from error

    @property
    def lives(self) -> bool:
        return True

    def end(self) -> None:
        """Threads cannot be ended; what comes of it is thrown away."""


@contextmanager
def opened(start: Path, source: str | None = None, results: Path | None = None) -> Iterator[Lab]:
    """The lab of a folder, while it is open."""
    workshop = Workshop(start / KEPT, start=Here)
    lab = Lab(start, start / KEPT, workshop, source, results)
    open_lab(lab)
    try:
        yield lab
    finally:
        workshop.close()


def settled(page: AppTest) -> AppTest:
    """The page once all that it asked for is played."""
    for _ in range(100):
        page.run(timeout=30)
        if not any(each.label == "Stop" for each in page.button):
            return page
    raise AssertionError("the page is still playing")


@pytest.fixture(autouse=True)
def main_module() -> Iterator[None]:
    """Streamlit puts the script of a page in the place of the main module, which processes that are started
    later would read again."""
    main = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = main


@pytest.fixture(autouse=True)
def no_search_for_components(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page of a test would look through all packages that are installed for components; the lab's are its
    own."""
    monkeypatch.setattr("streamlit.components.v2.manifest_scanner.scan_component_manifests", list)


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lab]:
    """An empty one, in the folder of a test."""
    monkeypatch.chdir(tmp_path)
    with opened(tmp_path) as lab:
        yield lab
