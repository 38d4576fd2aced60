import sys
from collections.abc import Iterator

import pytest

from coalesce_sim.lab.laboratory import Lab
from tests.lab.labs import opened


@pytest.fixture
def lab(tmp_path, monkeypatch) -> Iterator[Lab]:
    monkeypatch.chdir(tmp_path)
    with opened(tmp_path) as lab:
        yield lab


@pytest.fixture(autouse=True)
def _main_module() -> Iterator[None]:
    """Streamlit puts the script of a page in the place of the main module, which processes that are started
    later would read again."""
    main = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = main


@pytest.fixture(autouse=True)
def _no_search_for_components(monkeypatch) -> None:
    """A page of a test would look through all packages that are installed for components; the lab's are its
    own."""
    monkeypatch.setattr("streamlit.components.v2.manifest_scanner.scan_component_manifests", list)
