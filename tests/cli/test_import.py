"""``coalesce-sim import``: what is printed, and what is refused."""

from __future__ import annotations

from pathlib import Path

from tests.cli.calling import Call
from tests.logs.own import rows, written


def test_the_command_tells_what_it_did_and_what_comes_next(call: Call, tmp_path: Path):
    written(tmp_path, rows())
    called = call("import", "csv", "own.csv", "--out", "my")
    assert (called.code, called.err) == (0, "")
    assert called.out.startswith("40 rows read, 40 kept, 0 left out; oldest first\n")
    assert "next: coalesce-sim calibrate my/market.yaml --runs my/runs.csv\n" in called.out
    called = call("import", "litellm", "own.csv", "--out", "other")
    assert (called.code, called.out, called.err.count("\n")) == (2, "", 1)
    assert not (tmp_path / "other").exists()
    assert call("import", "csv", "own.csv", "--columns", "usd").code == 2
