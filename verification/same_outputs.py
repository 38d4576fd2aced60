"""``python -m verification.same_outputs OLD NEW``: do two checkouts give the same outputs, byte for byte?

All bundled scenarios, shortened, and variants of two of them with what no bundled one uses are played in both
checkouts by the same Python, each in processes of its own: four policies each, both cores, one process and
two; then a sweep and some commands. What is compared are SHA-256

- of each table of a `RunResult` but the offers: for every column its name, its type and its values, of
  categories the codes and the names,
- of `RunResult.summary` as JSON, which holds neither times nor versions, but for who played,
- of a sweep's `runs` and `points`, without the hash that has the version in it, and of its digest where both
  checkouts have the same version,
- of the JSON that commands print and write, without provenance, digests and the names of folders, and of the
  tables in their Parquet files.

Where a scenario does not admit a policy the text of the error is compared. Nothing is compared with hashes
kept from before: they differ between machines.
"""

from __future__ import annotations

import importlib.util
import itertools
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import click

from verification import outputs
from verification.outputs import FILES, SWEEPING, Found, hash_of_json, hash_of_table, plays_of

COMMAND_LINE = "command line"
_SHORT = ("--set", "workload.arrivals.limit=60")
_OUT = ("--replications", "2", "--out", "OUT")
COMMANDS = (
    ("run", "dur_01", *_OUT),
    ("run", "market_day", "--detail", "offers", *_SHORT, *_OUT),
    ("compare", "market_day", "--policies", "scenario,ucb1,vickrey", *_SHORT, *_OUT),
    ("doctor", "market_day", "--replications", "2", *_SHORT),
    ("explain", "market_day", "--task", "40", *_SHORT),
    ("hardware", "h100_sxm"),
    ("scenarios",),
)
"""What is asked of the command line, with ``--json``."""


class Checkout:
    """One of the two, copied to a folder of its own: whoever goes on working there changes nothing here."""

    def __init__(self, root: Path, scratch: Path) -> None:
        self.scratch, self.root = scratch, scratch / "checkout"
        for folder in ("coalesce_sim", "scenarios"):
            shutil.copytree(root / folder, self.root / folder)

    def python(self, *arguments: str, asked: str = "") -> str:
        """What Python prints with the checkout first on its path; it reads `asked`."""
        done = subprocess.run(
            [sys.executable, "-P", *arguments],
            input=asked,
            capture_output=True,
            text=True,
            cwd=self.root,
            env={**os.environ, "PYTHONPATH": str(self.root), "NUMBA_CACHE_DIR": str(self.scratch / "numba")},
        )
        if done.returncode:
            what = " ".join(arguments)
            raise click.ClickException(f"{self.scratch.name}: {what} stopped:\n{done.stderr or done.stdout}")
        return done.stdout

    def played(self, asked: dict[str, Any]) -> dict[str, Any]:
        """What `play_all` gives there."""
        told: dict[str, Any] = json.loads(
            self.python(str(Path(outputs.__file__).resolve()), asked=json.dumps(asked))
        )
        return told

    def told(self) -> dict[str, Any]:
        """What commands print and write there."""
        import pandas as pd

        found = []
        for number, (command, *arguments) in enumerate(COMMANDS):
            out = self.scratch / str(number)
            words = [str(out) if word == "OUT" else word for word in arguments]
            texts = {"--json": self.python("-m", "coalesce_sim", command, *words, "--json")}
            texts |= {path.name: path.read_text(encoding="utf-8") for path in sorted(out.glob("*.json"))}
            hashes = {
                path.name: hash_of_table(pd.read_parquet(path)) for path in sorted(out.glob("*.parquet"))
            }
            for name, text in texts.items():
                facts = json.loads(text.replace(str(self.scratch), "OUT"))
                for name_of_origin in ("provenance", "files", "sha256"):
                    facts.pop(name_of_origin, None)
                hashes[name] = hash_of_json(facts)
            found += [
                Found(COMMAND_LINE, " ".join((command, *arguments[:1])), "once", *each)
                for each in hashes.items()
            ]
        return {"found": found}

    def scenarios(self) -> list[str]:
        """The names of the bundled scenarios there."""
        told = json.loads(self.python("-m", "coalesce_sim", "scenarios", "--json"))
        return [each["name"] for each in told["scenarios"]]


def differences(old: Sequence[Found], new: Sequence[Found]) -> dict[str, list[str]]:
    """What differs, in words, for each policy of a line of the table."""
    before, after = ({each[:4]: each.value for each in found} for found in (old, new))
    differing: dict[tuple[str, str], dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    words: dict[tuple[str, str], str] = {}
    for key in dict.fromkeys([*before, *after]):
        line, policy, way, output = key
        if before.get(key) != after.get(key):
            differing[line, policy][way].append(output)
            if output == "error":
                words[line, policy] = f"error: OLD {before.get(key)!r}, NEW {after.get(key)!r}"
    told: dict[str, list[str]] = defaultdict(list)
    for (line, policy), ways in differing.items():
        names = ", ".join(dict.fromkeys(itertools.chain(*ways.values())))
        told[line].append(f"{policy}: {words.get((line, policy), names)} [{'; '.join(ways)}]")
    return told


_FOLDER: Any = click.Path(exists=True, file_okay=False, path_type=Path)


@click.command()
@click.argument("old", type=_FOLDER)
@click.argument("new", type=_FOLDER)
@click.option("--data", type=_FOLDER, help="Where data files are; ../shared/data beside NEW by default.")
@click.option("--only", multiple=True, metavar="LINE", help="Only that line of the table; repeatable.")
def main(old: Path, new: Path, data: Path | None, only: tuple[str, ...]) -> None:
    """Say whether the checkouts OLD and NEW give the same outputs, byte for byte.

    Takes some minutes on two cores and prints a line a scenario. Exit codes: 0 all that was played is equal,
    1 something differs or stopped, 2 wrong usage.
    """
    began = time.perf_counter()
    for root in (old, new):
        if not (root / "coalesce_sim" / "__init__.py").is_file():
            raise click.UsageError(f"not a checkout of coalesce_sim: {root}")
    folder = (data or new.resolve().parent / "shared" / "data").resolve()
    cores = ["simpy", "compiled"] if importlib.util.find_spec("numba") else ["simpy"]
    with tempfile.TemporaryDirectory() as scratch, ThreadPoolExecutor(2) as pool:
        both = [Checkout(root, Path(scratch).resolve() / name) for root, name in ((old, "OLD"), (new, "NEW"))]
        names, later = pool.map(Checkout.scenarios, both)
        plays = plays_of(names, folder) | {SWEEPING: [], COMMAND_LINE: []}
        for line in only:
            if line not in plays:
                raise click.UsageError(f"--only: must be one of {'; '.join(plays)} (got {line!r})")
        plays = {line: each for line, each in plays.items() if line in (only or plays)}
        asked = {"plays": list(itertools.chain(*plays.values())), "sweep": SWEEPING in plays}
        work = [[pool.submit(each.played, asked | {"core": core}) for each in both] for core in cores]
        if COMMAND_LINE in plays:
            work.append([pool.submit(each.told) for each in both])
        before, after = zip(*([side.result() for side in pair] for pair in work), strict=True)
    found = [[Found(*each) for part in side for each in part["found"]] for side in (before, after)]
    same_version = before[0]["version"] == after[0]["version"]
    if not same_version:
        found = [[each for each in side if each.output != "digest"] for side in found]
    differing = differences(*found)
    skipped = [line for line, each in plays.items() if line in FILES and not each]
    _print_table(plays, found[0], differing, dict.fromkeys(skipped, f"not in {folder}"))
    if added := sorted({*later} - {*names}):
        click.echo(f"Only in NEW, not played: {', '.join(added)}.")
    if not same_version:
        click.echo("The sweep's digest has the version in it and was not compared.")
    if len(cores) == 1:
        click.echo("The compiled core was not played: numba is not installed.")
    equal = len(plays) - len(differing) - len(skipped)
    taken = f"{time.perf_counter() - began:.0f} s ({sum(os.times()[:4]):.0f} CPU s)"
    click.echo(f"{equal} equal, {len(differing)} different, {len(skipped)} skipped; in {taken}.")
    sys.exit(1 if differing else 0)


def _print_table(
    lines: Iterable[str], old: Sequence[Found], differing: Mapping[str, list[str]], skipped: Mapping[str, str]
) -> None:
    refused: dict[str, dict[str, None]] = defaultdict(dict)
    for each in old:
        if each.output == "error":
            refused[each.line][each.policy] = None
    width = max(map(len, lines))
    for line in lines:
        if line in differing:
            for told in differing[line]:
                click.echo(f"{line:<{width}}  DIFFERS  {told}")
        elif line in skipped:
            click.echo(f"{line:<{width}}  skipped  {', '.join(FILES[line].values())}: {skipped[line]}")
        else:
            also = f"    refused alike: {', '.join(refused[line])}" if line in refused else ""
            click.echo(f"{line:<{width}}  equal{also}")


if __name__ == "__main__":
    main()
