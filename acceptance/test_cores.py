"""What was compiled is compiled anew when anything changes that it is made of."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import coalesce_sim

_EXPLORED = """
import coalesce_sim
result = coalesce_sim.run(coalesce_sim.load("dur_03"), replications=1, core="compiled")
print(round(result.replications[0]["exploration_rate"], 1))
"""


def test_a_changed_callee_in_another_file_is_seen(tmp_path: Path):
    package = tmp_path / "coalesce_sim"
    shutil.copytree(Path(coalesce_sim.__file__).parent, package)
    shutil.copytree(
        Path(coalesce_sim.__file__).parents[1] / "scenarios", package / "scenarios", dirs_exist_ok=True
    )
    before, again = _explored(tmp_path), _explored(tmp_path)
    assert before == again
    draws = package / "market" / "compiled" / "draws.py"
    text = draws.read_text()
    draws.write_text(text.replace("+ 0.5) * 2.0**-52", "+ 0.5) * 2.0**-53"))  # explores twice as often
    assert draws.read_text() != text
    assert _explored(tmp_path) > 1.5 * before


def _explored(root: Path) -> float:
    given = os.environ | {"PYTHONPATH": str(root), "NUMBA_CACHE_DIR": str(root / "cache")}
    command = [sys.executable, "-c", _EXPLORED]
    done = subprocess.run(command, env=given, cwd=root, check=True, capture_output=True, text=True)
    return float(done.stdout)
