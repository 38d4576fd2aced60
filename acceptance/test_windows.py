"""As much of Windows as another system has: modules of POSIX hidden, worker processes spawned."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import coalesce_sim

ROOT = Path(__file__).resolve().parents[1]

PROGRAM = """
import builtins, importlib, multiprocessing, os, pkgutil, sys

HIDDEN = {"curses", "fcntl", "grp", "posix", "pty", "pwd", "readline", "resource", "syslog", "termios", "tty"}
plain = builtins.__import__

def refuse(name, globals=None, locals=None, fromlist=(), level=0):
    if name.partition(".")[0] in HIDDEN and (globals or {}).get("__name__", "").startswith("coalesce_sim"):
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)
    return plain(name, globals, locals, fromlist, level)

builtins.__import__ = refuse
del os.sched_getaffinity

import coalesce_sim

if __name__ == "__main__":
    for module in pkgutil.walk_packages(coalesce_sim.__path__, "coalesce_sim."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    multiprocessing.set_start_method("spawn")
    vary = {"policy.epsilon": [0, 0.1], "clock.days": [0.05]}
    result = coalesce_sim.sweep("dur_03", vary=vary, replications=2, out="spawned", jobs=2)
    print(result.digest)
"""


def test_a_sweep_without_what_only_posix_has_comes_to_the_same(tmp_path: Path):
    (tmp_path / "program.py").write_text(PROGRAM)
    done = subprocess.run(
        [sys.executable, "program.py"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    vary = {"policy.epsilon": [0, 0.1], "clock.days": [0.05]}
    here = coalesce_sim.sweep("dur_03", vary=vary, replications=2, out=tmp_path / "here", jobs=1)
    assert done.stdout.split() == [here.digest]
