"""Small tables of one's own, and how they are understood without anything being written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from acceptance.exports.formats import write_rows
from coalesce_sim.logs.importing import Reading, understood
from coalesce_sim.logs.request import checked

DEFAULTS: dict[str, Any] = {
    "home": None,
    "prices": None,
    "price_date": None,
    "group_by": None,
    "type_by": None,
    "keep_names": False,
    "sessions": "tasks",
    "columns": {},
    "zone": "UTC",
    "retry_within_s": 60.0,
}


def read(*logs: Path | str, kind: str = "csv", **options: Any) -> Reading:
    """What is understood of a log."""
    return understood(checked(kind, [str(log) for log in logs], **(DEFAULTS | options)))


def rows(count: int = 40) -> list[dict[str, Any]]:
    """Calls of two models, at 2 and 8 and at 1 and 4 USD a million tokens, one a minute."""
    made = []
    for number in range(count):
        big = number % 2 == 0
        prompt, output = 1000 + 37 * number, 50 + (11 * number) % 90
        usd = (2 * prompt + 8 * output) / 1e6 if big else (1 * prompt + 4 * output) / 1e6
        made.append(
            {
                "id": f"r{number}",
                "start": f"2026-11-02T09:{number:02}:00Z",
                "duration_s": 2 + output / 50,
                "prompt_tokens": prompt,
                "output_tokens": output,
                "usd": usd,
                "model": "acme/big" if big else "zeta/small",
                "tag": "ask" if number % 3 else "sum",
                "status": "success",
                "question": "PRIVATE",
            }
        )
    return made


def told(reading: Reading) -> dict[str, int]:
    """By reason how many rows are left out or told of."""
    return {why: each.rows for why, each in (reading.remarks.left_out | reading.remarks.told).items()}


def written(folder: Path, changed: list[dict[str, Any]], name: str = "own.csv", separator: str = ",") -> Path:
    """The rows as a file."""
    write_rows(changed, folder / name, separator)
    return folder / name
