"""CSV files of tasks, prices and recorded runs, as spreadsheets and disks leave them, and a second reader.

Who is paid is known beforehand: what the program paid is held against what this module reads in the files.
"""

from __future__ import annotations

import csv
import io
import math
import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow.parquet as pq

from acceptance.fuzzing import bases, books, damage, manners
from acceptance.fuzzing.case import Case

_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?", re.ASCII)
_MOST = 1e12

_TASKS = ("at", "prompt", "answer")
_PRICES = ("provider", "model", "input_usd_per_mtok", "output_usd_per_mtok")
_RUNS = ("model", "benchmark", "instance_id", "resolved", "cost_usd")
_LISTINGS = (
    *("model", "benchmark", "openness", "input_usd_per_mtok", "output_usd_per_mtok"),
    *("cache_read_usd_per_mtok", "avg_runtime_s"),
)
_BENCHMARKS, _MODELS = ("one", "two"), ("alpha", "beta", "home")

Cells = list[dict[str, str]]


@dataclass(frozen=True)
class Reading:
    """What a strict reader sees in a file: rows, or why there are none that could be believed (`broken`).

    `doubtful` says that another reader may as well refuse it: it has what is neither clearly right nor wrong.
    """

    rows: Cells
    broken: str = ""
    doubtful: bool = False


def play(case: Case) -> None:
    """Play a market from files of which one may be damaged."""
    rng = case.rng
    files, scenario, due = (_requests if rng.random() < 0.6 else _recordings)(rng)
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


def read(data: bytes, columns: tuple[str, ...]) -> Reading:
    """Read a table of `columns`, and others, by the strictest rules that users were promised."""
    try:
        text = data.decode("utf-8-sig")
        read = csv.reader(io.StringIO(text, newline=""), strict=True)
        lines = [[cell.strip(" \t") for cell in cells] for cells in read]
    except (UnicodeDecodeError, csv.Error) as error:
        return Reading([], str(error))
    doubtful = any(not cells for cells in lines) or bool(
        re.search(r"[\0\v\f\x1b\x85\u2028\ufeff]|\r(?!\n)", text)
    )
    header, *rest = [cells for cells in lines if cells] or [[]]
    if len(set(header)) != len(header) or not set(columns) <= set(header):
        return Reading([], f"header {header}")
    rows = []
    for cells in rest:
        if len(cells) != len(header):
            return Reading([], f"{len(cells)} cells: {cells}", doubtful=False)
        rows.append({name: cell for name, cell in zip(header, cells, strict=True) if name in columns})
    return Reading(rows, doubtful=doubtful or not rows)


def number(text: str) -> float:
    """A number in ASCII digits; NaN for what is none."""
    return float(text) if _NUMBER.fullmatch(text) else math.nan


def _judge(case: Case, reading: Reading, name: str, *, done: bool, stderr: str) -> None:
    """What is broken is refused, and the file named; what is clean is taken."""
    if reading.broken and done:
        case.complain(f"{name} was read, though it is broken: {reading.broken[:200]}")
    if reading.broken and not done and name not in stderr:
        case.complain(f"{name} is broken, but the refusal does not name it: {stderr.strip()[:300]}")
    numeric = {"prompt", "answer", "cost_usd", *_LISTINGS[3:]}
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


Content = tuple[tuple[str, ...], list[list[str]]]
Due = Callable[[Mapping[str, Cells]], list[float] | None]


def _requests(rng: random.Random) -> tuple[dict[str, Content], Any, Due]:
    """Requests sent to the first of two sellers at list prices."""
    arrivals = sorted(
        rng.choice((0, 1, 2.5, 60, round(rng.uniform(0, 90), 3))) for _ in range(rng.randrange(1, 8))
    )
    stamps = rng.random() < 0.3
    tasks = [
        [f"2026-03-02T09:{at // 60:02.0f}:{at % 60:06.3f}" if stamps else f"{at:g}", *map(str, _tokens(rng))]
        for at in arrivals
    ]
    prices = [
        ["north", "m", f"{rng.uniform(0, 5):.3g}", "1.5"],
        ["south", "m", "0.02", f"{rng.uniform(0, 5):.3g}"],
    ]
    scenario = bases.short("azure_code_like")
    scenario["workload"]["arrivals"] = {
        "kind": "csv",
        "path": "tasks.csv",
        "columns": {"arrival_s": "at", "prompt_tokens": "prompt", "output_tokens": "answer"},
        "type": "code_completion",
    }
    scenario["workload"]["attributes"] = {"expected_output_tokens": 28}
    scenario["contractors"] = {
        "price_file": "prices.csv",
        "price_date": "2026-11-22",
        "sellers": {"north": "m", "south": "m"},
        "template": {"slots": 16, "prefill_tokens_per_s": 7760, "decode_tokens_per_s": 87, "reliability": 1},
    }
    scenario["policy"] = {"kind": "fixed", "contractor": "north"}

    def due_usd(files: Mapping[str, Cells]) -> list[float] | None:
        sold = [row for row in files["prices.csv"] if (row["provider"], row["model"]) == ("north", "m")]
        if len(sold) != 1:
            return None
        in_usd, out_usd = (number(sold[0][name]) for name in _PRICES[2:])
        return [
            (number(row["prompt"]) * in_usd + number(row["answer"]) * out_usd) / 1e6
            for row in files["tasks.csv"]
        ]

    return {"tasks.csv": (_TASKS, tasks), "prices.csv": (_PRICES, prices)}, scenario, due_usd


def _tokens(rng: random.Random) -> tuple[int, int]:
    return rng.randrange(1, 5000), rng.randrange(0, 800)


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
