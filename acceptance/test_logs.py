"""Logs of every supported kind, played as logged: the bill to the cent, the times to the millisecond."""

from __future__ import annotations

import random
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

import coalesce_sim
from acceptance.exports import draw, write
from tests.logs.test_exports import EXPORTS, HOME, OWN, PRICES

ROWS = 1_500


@pytest.mark.parametrize(("kind", "name"), EXPORTS)
def test_a_log_played_as_logged_gives_its_own_bill_and_times(tmp_path: Path, kind: str, name: str):
    world = draw(ROWS, seed=11, sessions=not kind.startswith("openrouter"))
    write(kind, world, tmp_path / name)
    (tmp_path / "prices.csv").write_text(PRICES)
    options: dict[str, Any] = {"columns": OWN} if kind.startswith("csv") else {}
    if kind.startswith("otel"):
        options |= {"prices": tmp_path / "prices.csv", "type_by": "agent"}
    made = coalesce_sim.import_log(
        kind.partition("-")[0], tmp_path / name, tmp_path / "my", home=HOME, **options
    )
    played = coalesce_sim.run(coalesce_sim.load(made.scenario, ["policy={kind: as_logged}"]), replications=1)
    truth = world.truth(kind)
    found = {each: played.estimates[each].mean for each in played.estimates}
    assert found["paid_to_contractors_usd"] == pytest.approx(truth["bill_usd"], abs=0.005)
    for quantile in ("p50", "p95", "p99"):
        seconds = truth[f"seconds_{quantile}"]
        assert found[f"as_logged_turnaround_{quantile}_s"] == pytest.approx(seconds, abs=1e-6)
        assert found[f"turnaround_{quantile}_s"] == pytest.approx(seconds, abs=1e-6)


DAMAGE = (
    *(
        b'""',
        b'"',
        b",",
        b";",
        b"\n",
        b"null",
        b"-1",
        b"1e400",
        b"NaN",
        b"\xff",
        b"{",
        b"}",
        b"[",
        b"]",
        b"\x00",
    ),
    *(b"99999999999999999999", b"2026-13-45", b"1793577657517", b"true", b"-0.5", b"", b"9" * 30),
)


def damaged(content: bytes, rng: random.Random) -> bytes:
    """A file as disks, spreadsheets and transfers leave it."""
    changed = bytearray(content)
    for _ in range(rng.choice([1, 1, 2, 5, 30])):
        place = rng.randrange(len(changed) or 1)
        match rng.choice(["replace", "replace", "flip", "cut", "end"]):
            case "replace":
                changed[place : place + rng.randrange(12)] = rng.choice(DAMAGE)
            case "flip":
                changed[place : place + 1] = bytes([rng.randrange(256)])
            case "cut":
                del changed[place : place + rng.randrange(1, 400)]
            case _:
                del changed[place + 1 :]
    return bytes(changed)


@pytest.mark.parametrize(("kind", "name"), [each for each in EXPORTS if not each[0].startswith("csv")])
def test_a_damaged_log_is_imported_and_loads_or_is_refused(tmp_path: Path, kind: str, name: str):
    write(kind, draw(60, seed=5), tmp_path / name)
    content, rng, ended = (tmp_path / name).read_bytes(), random.Random(kind + name), Counter[str]()
    for _ in range(40):
        (tmp_path / name).write_bytes(damaged(content, rng))
        home = rng.choice([None, HOME])
        try:
            made = coalesce_sim.import_log(
                kind.partition("-")[0], tmp_path / name, tmp_path / "my", home=home
            )
        except coalesce_sim.ScenarioError:
            ended["refused"] += 1
        else:
            coalesce_sim.load(made.scenario)
            ended["imported"] += 1
    assert ended["refused"]


@pytest.mark.skipif(sys.platform != "linux", reason="memory is read where Linux has it")
@pytest.mark.parametrize(
    ("kind", "name", "rows"), [("litellm", "big.csv", 500_000), ("langfuse", "big.jsonl", 200_000)]
)
def test_large_logs_take_little_memory(tmp_path: Path, kind: str, name: str, rows: int):
    write(kind, draw(rows, seed=2), tmp_path / name)
    code = (
        "import coalesce_sim\n"
        f"made = coalesce_sim.import_log({kind!r}, {name!r}, home={HOME!r})\n"
        "told = open('/proc/self/status').read()\n"  # where a process has its own peak, not its parent's
        "print(made.summary['rows']['kept'], told.partition('VmHWM:')[2].split()[0])\n"
    )
    run = [sys.executable, "-c", code]
    told = subprocess.run(run, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    kept, kib = map(int, told.split())
    assert kept == rows
    assert kib < 450 * 1024  # of which 200 MiB are code
