"""The examples of the public names that load an extra."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.test_docstrings import WITH_AN_EXTRA, play


@pytest.mark.parametrize("name", WITH_AN_EXTRA)
def test_the_example_does_what_it_shows(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    play(name)
