"""CSV files of tasks, prices and recorded runs, as spreadsheets and disks leave them, and a second reader.

Who is paid is known beforehand: what the program paid is held against what this module reads in the files.
"""

from __future__ import annotations

import csv
import io
import math
import random
from collections.abc import Mapping
from typing import Any

import pyarrow.parquet as pq

from acceptance.fuzzing import bases, books, damage, manners, sellers
from acceptance.fuzzing.case import Case
from acceptance.fuzzing.reader import Cells, Content, Due, Reading, number, read

_MOST = 1e12

_RUNS = ("model", "benchmark", "instance_id", "resolved", "cost_usd")
_LISTINGS = (
    *("model", "benchmark", "openness", "input_usd_per_mtok", "output_usd_per_mtok"),
    *("cache_read_usd_per_mtok", "avg_runtime_s"),
)
_BENCHMARKS, _MODELS = ("one", "two"), ("alpha", "beta", "home")


def play(case: Case) -> None:
    """Play a market from files of which one may be damaged."""
    rng = case.rng
    files, scenario, due = (sellers.requests if rng.random() < 0.6 else _recordings)(rng)
    damaged = rng.choice(sorted(files))
    data = _text(rng, *files[damaged]).encode()
    for _ in range(rng.choice((0, 1, 1, 1, 2))):
        data = rng.choice((_spreadsheet, _spreadsheet, _spreadsheet, damage.at_random, damage.lines))(
            rng, data
        )
    for name, content in files.items():
        case.path(name).write_bytes(data if name == damaged else _text(rng, *content).encode())
    bases.write(scenario, case.path("market.yaml"))
    played = case.run("run", "market.yaml", "--out", "out", "--quiet", "--jobs", "1")
    done = manners.look(case, played, out=case.path("out"))
    readings = {name: read(case.path(name).read_bytes(), columns) for name, (columns, _) in files.items()}
    _judge(case, readings[damaged], damaged, done=done, stderr=played.stderr)
    if done:
        books.audit(case.path("out"), case.complain)
        if not any(reading.broken for reading in readings.values()):
            _paid(case, due({name: reading.rows for name, reading in readings.items()}))


def _judge(case: Case, reading: Reading, name: str, *, done: bool, stderr: str) -> None:
    """What is broken is refused, and the file named; what is clean is taken."""
    if reading.broken and done:
        case.complain(f"{name} was read, though it is broken: {reading.broken[:200]}")
    if reading.broken and not done and name not in stderr:
        case.complain(f"{name} is broken, but the refusal does not name it: {stderr.strip()[:300]}")
    numeric = {"prompt", "cached", "answer", "cost_usd", *_LISTINGS[3:], *sellers.PRICES, *sellers.CONDITION}
    stated = [row[each] for row in reading.rows for each in row if each in numeric and row[each] != ""]
    wrong = [text for text in stated if math.isnan(number(text.strip(" \t")))]
    if wrong and done and not (name in ("prices.csv", "models.csv") and reading.doubtful):
        case.complain(f"{name} was read, though it holds {wrong[0]!r} for a number")


def _paid(case: Case, due_usd: list[float] | None) -> None:
    """Every task was paid what the files say; None where that does not follow from them alone."""
    if due_usd is None or any(not 0 <= each < _MOST for each in due_usd):
        return
    decisions = pq.read_table(case.path("out") / "decisions.parquet").to_pylist()
    paid_usd = sorted(row["price_usd"] for row in decisions)
    right_usd = sorted(due_usd)
    same = len(paid_usd) == len(right_usd) and all(
        math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-12)
        for one, other in zip(paid_usd, right_usd, strict=True)
    )
    if not same:
        case.complain(f"paid {paid_usd}; by the files {right_usd}")


def _recordings(rng: random.Random) -> tuple[dict[str, Content], Any, Due]:
    """Recorded tasks, all sent to one model, which bills what it was recorded to bill."""
    instances = [(rng.choice(_BENCHMARKS), f"t-{place}") for place in range(rng.randrange(2, 8))]
    instances += [(benchmark, f"all-{benchmark}") for benchmark in _BENCHMARKS]
    runs = [
        [model, benchmark, instance, rng.choice(("True", "False")), f"{rng.uniform(0, 3):.4g}"]
        for benchmark, instance in instances
        for model in _MODELS
    ]
    prices = {model: [f"{rng.uniform(0, 3):.3g}", "1.25", rng.choice(("", "0.1"))] for model in _MODELS}
    listings = [
        [model, benchmark, "open", *prices[model], f"{rng.uniform(1, 900):.4g}"]
        for model in _MODELS
        for benchmark in _BENCHMARKS
    ]
    scenario = bases.short("real_agents_twin")
    scenario["records"] = {
        "path": "runs.csv",
        "models_path": "models.csv",
        "benchmarks": list(_BENCHMARKS),
        "own_agent": "home",
        "exclude": [],
    }
    scenario["workload"] = {
        "arrivals": {"kind": "recorded", "drawing": "each_once", "gap_s": 1000},
        "types": {name: {"max_latency_min": 120} for name in _BENCHMARKS},
    }
    for name in ("price_usd", "outcomes"):
        del scenario["clients"][name]
    scenario["contractors"] = {"recorded": {"reliability": 1}}
    scenario["skills"]["threshold"] = 0
    scenario["policy"] = {"kind": "fixed", "contractor": "alpha"}

    def due_usd(files: Mapping[str, Cells]) -> list[float] | None:
        bills: dict[tuple[str, str], dict[str, float]] = {}
        for row in files["runs.csv"]:
            bill_usd = number(row["cost_usd"])
            if (
                row["resolved"] not in ("True", "False")
                or math.isnan(bill_usd)
                or row["model"] not in _MODELS
            ):
                return None  # who then is replayed is a matter of more rules
            bills.setdefault((row["benchmark"], row["instance_id"]), {})[row["model"]] = bill_usd
        if any(set(each) != set(_MODELS) for each in bills.values()):
            return None
        return [each["alpha"] for each in bills.values()]

    return {"runs.csv": (_RUNS, runs), "models.csv": (_LISTINGS, listings)}, scenario, due_usd


def _text(rng: random.Random, columns: tuple[str, ...], rows: list[list[str]]) -> str:
    """A clean file: columns in any order, perhaps one more of notes, either kind of line ends."""
    order = rng.sample(range(len(columns)), len(columns))
    notes = rng.random() < 0.3
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator=rng.choice(("\n", "\r\n")), quoting=rng.choice((0, 0, 1)))
    writer.writerow([columns[place] for place in order] + ["note"] * notes)
    for row in rows:
        note = [rng.choice(("", "a, b", 'say "x"', "two\nlines", "\N{GREEK SMALL LETTER EPSILON}"))] * notes
        writer.writerow([row[place] for place in order] + note)
    return rng.choice(("", "", "", "\ufeff")) + out.getvalue()


def _spreadsheet(rng: random.Random, data: bytes) -> bytes:
    """Something that a spreadsheet, or who types into one, does to a file."""
    rows = data.split(b"\n")
    place = rng.randrange(len(rows))
    cells = rows[place].rstrip(b"\r").split(b",")
    at = rng.randrange(len(cells))
    match rng.randrange(12):
        case 0:
            return data.replace(b",", rng.choice((b";", b"\t", b", ")))
        case 1:
            cells[at] = cells[at].replace(b".", b",")
        case 2:
            cells[at] = rng.choice(_CELLS).encode()
        case 3:
            cells[at] = (
                rng.choice((b"$%s", b"%s %%", b" %s", b"%s ", b"'%s", b"%s_0", b"%s,000", b"1_%s", b"-%s"))
                % cells[at]
            )
        case 4:
            cells.append(b"")
        case 5:
            del cells[at]
        case 6:
            cells.insert(at, cells[at])
        case 7:
            return data.decode("utf-8", "replace").encode(
                rng.choice(("utf-16", "utf-16-le", "utf-8-sig", "utf-32"))
            )
        case 8:
            return data.replace(b"\r\n", b"\n").replace(
                b"\n", rng.choice((b"\r", b"\n\n", b"\r\n", b"\r\r\n"))
            )
        case 9:
            rows[0] = rows[0].replace(b",", b",,", 1) if rng.random() < 0.3 else rows[0].swapcase()
            return b"\n".join(rows)
        case 10:
            return rng.choice((b"sep=,\n", b"# made by hand\n", b"\n", b" ")) + data
        case 11:
            return data + rng.choice((b",,,\n", b"\n\n", b"Total,,1\n", b"\x1a", b"  \n"))
    rows[place] = b",".join(cells)
    return b"\n".join(rows)


_CELLS = (
    *(
        "",
        " ",
        "-",
        "n/a",
        "NaN",
        "nan",
        "inf",
        "-inf",
        "Infinity",
        "1e400",
        "1e308",
        "-0",
        "-0.0",
        "1e-320",
        "0x10",
        "1_000",
    ),
    *(
        "\uff11\uff12",
        "\u0661",
        "1\u00a0000",
        "1 000",
        "1.000,5",
        "TRUE",
        "true",
        "#REF!",
        "1/2",
        "45000.5",
        "+5",
        "5.",
        ".5",
    ),
    *(
        "2026-03-02",
        "02.03.2026",
        "2026-03-02T09:00:00Z",
        "2026-03-02 09:00",
        '"',
        '""',
        "9" * 400,
        "x" * 200,
    ),
)
