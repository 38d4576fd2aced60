"""Folders of sweeps that were damaged: read and gone on with, they give the true rows or name a bad file."""

from __future__ import annotations

import atexit
import json
import os
import random
import shutil
import tempfile
import warnings
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

import coalesce_sim
from acceptance.fuzzing import bases, damage, manners
from acceptance.fuzzing.case import Case
from acceptance.fuzzing.mutation import change_structure, change_value
from coalesce_sim.cli import main

_OF_THE_MOMENT = {"wall_s", "attempt", "traceback"}
_SWEEP = {"base": "market.yaml", "factors": {"policy.epsilon": [0, 0.5]}, "replications": 2, "seed": 1}


def play(case: Case) -> None:
    """Damage a copy of a finished sweep; then it is looked at, and gone on with."""
    rng = case.rng
    sound = _finished(rng.choice((1, 1, 2)))
    shutil.copytree(sound, case.folder, dirs_exist_ok=True)
    folder = case.path("out")
    what = rng.choice(_DAMAGES)(rng, folder)
    _opened(case, folder, sound, what)
    resumed = case.run(
        "sweep",
        "sweep.yaml",
        "--out",
        "out",
        "--quiet",
        "--jobs",
        "1",
        *["--retry-failed"] * (rng.random() < 0.2),
    )
    if manners.look(case, resumed):
        _made_again(case, folder, sound, f"{what}; after `sweep`")
        if rng.random() < 0.1:
            manners.look(case, case.run("report", "out"))
            manners.page(case, folder / "report.html")
    elif resumed.code == 1:
        case.complain(f"{what}: `sweep` plays on and fails: {resumed.stderr.strip()[-200:]}")


def _made_again(case: Case, folder: Path, sound: Path, what: str) -> None:
    """A sweep that ends well leaves its tables whole, whatever they were before."""
    try:
        rows = _rows(folder / "runs.parquet")
        points = (folder / "points.csv").read_bytes()
    except (OSError, pa.ArrowException) as error:
        case.complain(f"{what}: a table that cannot be read: {error}")
        return
    _same_rows(case, rows, sound, what)
    if points != (sound / "out" / "points.csv").read_bytes():
        case.complain(f"{what}: points.csv is another")


def _opened(case: Case, folder: Path, sound: Path, what: str) -> None:
    """In Python too: the true rows, or an error of the project that names a file of the folder."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", coalesce_sim.ResultsWarning)
            runs = coalesce_sim.open_results(folder).runs
        rows: list[dict[Any, Any]] = runs.to_dict("records")
    except coalesce_sim.CoalesceError as error:
        if "out" not in str(error):
            case.complain(f"{what}: refused without a file's name: {error}")
    except Exception as error:
        case.complain(f"{what}: `open_results` raises {type(error).__name__}: {str(error)[:300]}")
    else:
        if len(rows) == len(_rows(sound / "out" / "runs.parquet")):
            _same_rows(case, rows, sound, f"{what}; opened")


def _same_rows(case: Case, rows: list[dict[str, Any]], sound: Path, what: str) -> None:
    """Complain where rows differ from those of the undamaged sweep in more than when they were played."""
    right = {(row["point"], row["replication"]): row for row in _rows(sound / "out" / "runs.parquet")}
    found = {(row["point"], row["replication"]): row for row in rows}
    if len(found) != len(rows) or set(found) != set(right):
        case.complain(f"{what}: the runs are {sorted(found)}")
        return
    for key, row in found.items():
        for name, value in right[key].items():
            told = row.get(name)
            both_undefined = told != told and (value is None or value != value)
            if name not in _OF_THE_MOMENT and not (told == value or both_undefined):
                case.complain(f"{what}: run {key} has {name} {row.get(name)!r}, not {value!r}")
                return


def _rows(path: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = pq.read_table(path).to_pylist()
    return rows


@cache
def _finished(seed: int) -> Path:
    """A folder with a sweep file, its base, and in `out` what came of it; made once a process."""
    folder, before = Path(tempfile.mkdtemp(prefix="fuzzing-store-")), Path.cwd()
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    os.chdir(folder)
    try:
        bases.write(bases.short("published"), folder / "market.yaml")
        bases.write({**_SWEEP, "seed": seed}, folder / "sweep.yaml")
        main(["sweep", "sweep.yaml", "--out", "out", "--quiet", "--jobs", "1"])
    except SystemExit:
        pass
    finally:
        os.chdir(before)
    return folder


def _any_file(rng: random.Random, folder: Path, pattern: str = "*") -> Path:
    return rng.choice(
        sorted(path for path in folder.rglob(pattern) if path.is_file() and path.name != ".lock")
    )


def _shard(folder: Path) -> Path:
    return next(folder.glob("shards-*/*.parquet"))


def _flip(rng: random.Random, folder: Path) -> str:
    path = _any_file(rng, folder) if rng.random() < 0.5 else _shard(folder)
    path.write_bytes(damage.flip_a_bit(rng, path.read_bytes()))
    return f"a bit of {path.name} flipped"


def _cut(rng: random.Random, folder: Path) -> str:
    path = _any_file(rng, folder)
    path.write_bytes(damage.cut_off(rng, path.read_bytes()))
    return f"{path.name} cut off"


def _bytes(rng: random.Random, folder: Path) -> str:
    path = _any_file(rng, folder)
    path.write_bytes(damage.at_random(rng, path.read_bytes()))
    return f"bytes of {path.name} changed"


def _delete(rng: random.Random, folder: Path) -> str:
    path = _any_file(rng, folder)
    path.unlink()
    return f"{path.name} deleted"


def _swap(rng: random.Random, folder: Path) -> str:
    one, other = _any_file(rng, folder), _any_file(rng, folder)
    first, second = one.read_bytes(), other.read_bytes()
    one.write_bytes(second)
    other.write_bytes(first)
    return f"{one.name} and {other.name} swapped"


def _stranger(_rng: random.Random, folder: Path) -> str:
    """A shard of the same sweep with another seed lies among its own."""
    own = json.loads((folder / "outcome.json").read_text(encoding="utf-8"))["seed"]
    shutil.copy(_shard(_finished(3 - own) / "out"), _shard(folder).with_name(f"{'0' * 32}.parquet"))
    return "a shard of another sweep"


def _twice(_rng: random.Random, folder: Path) -> str:
    shutil.copy(_shard(folder), _shard(folder).with_name(f"{'0' * 32}.parquet"))
    return "a shard that is there twice"


def _table(rng: random.Random, folder: Path) -> str:
    """A value in a shard is another, in a file that is sound as such."""
    path = _shard(folder)
    table = pq.read_table(path)
    name = rng.choice([each.name for each in table.schema if each.name not in _OF_THE_MOMENT])
    values = table[name].to_pylist()
    place = rng.randrange(len(values))
    values[place] = rng.choice(
        (None, values[0], *(value * 2 + 1 for value in values[:1] if isinstance(value, int | float)))
    )
    column = table.schema.get_field_index(name)
    pq.write_table(table.set_column(column, name, pa.array(values, table.schema.field(name).type)), path)
    return f"{name} of a row set to {values[place]!r}"


def _facts(rng: random.Random, folder: Path) -> str:
    path = folder / rng.choice(("sweep.json", "sweep.json", "outcome.json"))
    facts = json.loads(path.read_text(encoding="utf-8"))
    rng.choice((change_value, change_structure))(rng, facts)
    path.write_text(json.dumps(facts, indent=2), encoding="utf-8")
    return f"{path.name} edited"


def _left(rng: random.Random, folder: Path) -> str:
    """What a killed process leaves, and what users put beside it."""
    name = rng.choice(
        (
            ".writing-1-x.parquet",
            "notes.txt",
            "shards-1/.writing-2-y.parquet",
            "shards-2/x.parquet",
            "shards-1/notes.txt",
        )
    )
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_bytes(rng.randbytes(50))
    return f"{name} lies there"


_DAMAGES: tuple[Callable[[random.Random, Path], str], ...] = (
    *(_flip, _flip, _flip, _cut, _bytes, _delete, _swap, _stranger, _twice, _table, _facts, _facts, _left),
)
