"""The command `init` as a function: from answers to a folder with a market to go on from."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from coalesce_sim.files import Folder, FolderError, write_text
from coalesce_sim.logs.answers import Asked
from coalesce_sim.logs.beginning import WORTH, Beginning
from coalesce_sim.logs.made_up import made_up
from coalesce_sim.logs.tables import REQUESTS
from coalesce_sim.numbers import number, plural
from coalesce_sim.parquet import ParquetStream
from coalesce_sim.scenario.problems import Problem, ScenarioError
from coalesce_sim.scenario.routes import HOME

MARKET: Final = "market.yaml"
ANSWERS: Final = "answers.yaml"
_OWN: Final = (MARKET, REQUESTS, ANSWERS)


@dataclass(frozen=True, slots=True)
class Begun:
    """A folder that was made of answers; `summary` says what is in it and what it rests on, `lines` are the
    same for people."""

    folder: Path
    summary: Mapping[str, Any]
    lines: tuple[str, ...]

    @property
    def scenario(self) -> Path:
        """The market, for `coalesce_sim.load`."""
        return self.folder / MARKET

    @property
    def next_command(self) -> str:
        """What to do with it, as a command for a shell."""
        return f"coalesce-sim advise {shlex.quote(str(self.scenario))}"


def begin(asked: Asked, out: Path) -> Begun:
    """Write the market that the answers tell of: the scenario, its requests, and the answers.

    The same answers give the same files. Raises `ScenarioError` where no request came, `FolderError` where
    the folder holds such files already, and `WriteError`; then nothing is written.
    """
    made = drawn(asked)
    types = list(asked.answers.tasks)
    answered = out / ANSWERS
    text = made.market_text(shlex.join(["coalesce-sim", "init", "--answers", str(answered)]))
    with Folder(out, claimed=True) as writing:
        there = [name for name in _OWN if (out / name).exists()]
        if there:
            raise FolderError(f"the folder {str(out)!r} holds {there[0]}; give another one, or remove it")
        with writing.writing():
            about = {"made by": "coalesce_sim init"}
            with ParquetStream(writing, REQUESTS, about) as stream:
                stream.add(made.requests.table(types, list(made.values_usd)))
            write_text(writing.aside / MARKET, text)
            write_text(writing.aside / ANSWERS, _answers_text(asked, out))
            writing.put_in_place(_OWN)
    summary = {**_facts(asked, made), "outputs": [str(out / name) for name in _OWN]}
    return Begun(out, summary, told(asked, made))


def drawn(asked: Asked) -> Beginning:
    """The market of the answers, with its requests, before anything is written.

    Raises `ScenarioError` where no request came.
    """
    requests = made_up(asked.answers)
    if not len(requests.type_id):
        message = f"so few come that by seed {asked.answers.seed} there is not one; state more days"
        raise ScenarioError([Problem(asked.file, None, "tasks", message)])
    return Beginning.of(asked, requests)


def told(asked: Asked, made: Beginning) -> tuple[str, ...]:
    """What it rests on, in lines for people."""
    return tuple(_lines(_facts(asked, made), asked))


def _facts(asked: Asked, made: Beginning) -> dict[str, Any]:
    return {
        "days": asked.answers.days,
        "seed": asked.answers.seed,
        "requests": made.counts,
        "values_usd": dict(zip(asked.answers.tasks, made.values_usd, strict=True)),
        "not_known": made.unknown,
    }


def _answers_text(asked: Asked, out: Path) -> str:
    """The answers as a file from which the same comes again."""
    written = dict(asked.written)
    if asked.price_file is not None:
        written["prices"] = os.path.relpath(asked.price_file, out)
    return yaml.safe_dump(written, sort_keys=False, allow_unicode=True)


def _lines(summary: Mapping[str, Any], asked: Asked) -> list[str]:
    counts, days = summary["requests"], summary["days"]
    by_type = ", ".join(f"{name} {count:,}" for name, count in counts.items())
    period = "1 day" if days == 1 else f"{days:g} days"
    lines = [
        f"{plural(sum(counts.values()), 'request')} drawn for {period}, by seed {summary['seed']}: {by_type}",
        f"{MARKET} says of each number whether it was answered or assumed",
    ]
    for name, kind in asked.answers.tasks.items():
        if kind.value_usd is None:
            usd = number(summary["values_usd"][name])
            lines.append(f"assumed: a good answer to {name} is worth {usd} USD, {WORTH} (value_usd)")
    unknown = summary["not_known"]
    workers = ([] if asked.answers.home is None else [HOME]) + list(asked.listings)
    nobody = [name for name in counts if all(name in unknown.get(each, ()) for each in workers)]
    if nobody:
        names = ", ".join(nobody)
        lines.append(
            f"nobody is known to be good at {names}: state it of one, for the others to be held against"
        )
    for worker, kinds in unknown.items():
        lines.append(f"{worker}: how good it is at {', '.join(kinds)} is not known: it is given none")
    return lines
