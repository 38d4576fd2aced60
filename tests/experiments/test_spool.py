"""Numbers come back from a spool as they went in, however many."""

from __future__ import annotations

import numpy as np
import pytest

from coalesce_sim import spool
from coalesce_sim.spool import Spool


@pytest.mark.parametrize("most_held", [1, 7, 1_000])
def test_all_come_back_in_order(most_held: int, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(spool, "_MOST_HELD", most_held)
    kept, given = Spool(), np.random.default_rng(1).normal(size=100)
    assert kept.values().tolist() == []
    for some in np.split(given[:60], 20):
        kept.add(some)
    assert kept.values().tolist() == given[:60].tolist()
    kept.values()[:] = 0.0  # a copy: whoever asks may change it
    for some in np.split(given[60:], 4):
        kept.add(some)
    assert kept.values().tolist() == given.tolist()
