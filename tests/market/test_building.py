"""Who compiles a kernel, and who waits for it."""

from __future__ import annotations

import threading
import time
from pathlib import Path

from coalesce_sim.market.compiled.building import Kept


def test_one_compiles_while_the_others_wait(tmp_path: Path):
    at_it: list[str] = []
    most: list[int] = []

    def play(who: str) -> str:
        at_it.append(who)
        time.sleep(0.1)  # compiles
        most.append(len(at_it))
        at_it.remove(who)
        return who

    kernels = {who: Kept(play, tmp_path) for who in ("one", "other")}
    threads = [threading.Thread(target=kernel, args=(who,)) for who, kernel in kernels.items()]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert most == [1, 1]
    assert kernels["one"]("again") == "again"


def test_nobody_waits_for_what_was_kept(tmp_path: Path):
    (tmp_path / "test_building.play-7.py311.1.nbi").touch()
    kernel = Kept(lambda: sorted(path.name for path in tmp_path.iterdir()), tmp_path)
    kernel._function.__name__ = "play"
    assert kernel() == ["test_building.play-7.py311.1.nbi"]  # no lock
