from collections.abc import Iterator

import pytest

from coalesce_sim.lab.laboratory import Lab
from tests.lab.labs import opened


@pytest.fixture
def lab(tmp_path, monkeypatch) -> Iterator[Lab]:
    monkeypatch.chdir(tmp_path)
    with opened(tmp_path) as lab:
        yield lab
