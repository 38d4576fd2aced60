"""Settings and inputs shared by all tests."""

from __future__ import annotations

import gc
from pathlib import Path

import pytest
from hypothesis import settings

# The machine's load must not decide whether a property holds.
settings.register_profile("untimed", deadline=None, derandomize=True)
settings.load_profile("untimed")


def pytest_collection_finish() -> None:
    """What was imported and collected stays to the end: the garbage collector need not walk it each time."""
    gc.collect()
    gc.freeze()


_SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real inputs beside the project; tests that need them are skipped only where there are none at all."""
    if not _SHARED.exists():
        pytest.skip("needs the real inputs in ../shared")
    return _SHARED / "data"
