"""The questions of `init` as tables that one fills in, and the answers that come of them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pandas as pd
import yaml

from coalesce_sim.logs.answers import Asked, read_answers
from coalesce_sim.scenario.document import read_plain
from coalesce_sim.scenario.problems import Problem, ScenarioError
from coalesce_sim.scenario.routes import HOME

TASK_FIELDS: Final = {
    "type": "Type of task",
    "per_day": "How many a day",
    "prompt_tokens": "Tokens of a prompt",
    "answer_tokens": "Tokens of an answer",
    "target_s": "In how many seconds",
    "value_usd": "A good answer is worth (USD)",
}
SELLER_FIELDS: Final = {
    "name": "Seller, as PROVIDER/MODEL",
    "input_usd_per_mtok": "USD for a million tokens of prompts",
    "output_usd_per_mtok": "USD for a million tokens of answers",
}
NAME: Final = "answers.yaml"


@dataclass(frozen=True, slots=True)
class AtHome:
    """What one runs oneself: a model on hardware, and, where no profile says them, its speeds."""

    model: str
    hardware: str
    slots: int
    prefill_tokens_per_s: float | None = None
    decode_tokens_per_s: float | None = None


def example_tasks() -> pd.DataFrame:
    """Tasks to begin with."""
    rows = [("support", 200, 1200, 300, 10, 0.05), ("code", 40, 6000, 900, 60, None)]
    return pd.DataFrame(rows, columns=list(TASK_FIELDS)).astype({"type": "string", "value_usd": "float64"})


def example_sellers() -> pd.DataFrame:
    """Sellers to begin with."""
    rows = [("openai/gpt-4o-mini", 0.15, 0.60), ("openai/gpt-4o", 2.50, 10.0)]
    return pd.DataFrame(rows, columns=list(SELLER_FIELDS)).astype({"name": "string"})


def success_to_fill(tasks: Sequence[str], workers: Sequence[str]) -> pd.DataFrame:
    """A row a worker and a column a type of task: which share of the answers is good, in percent; empty is
    not known."""
    given = {"support": [90.0, 93.0, 97.0], "code": [math.nan, 55.0, 80.0]}
    columns = {kind: [*given.get(kind, []), *([math.nan] * len(workers))] for kind in tasks}
    filled = {kind: column[: len(workers)] for kind, column in columns.items()}
    return pd.DataFrame(filled, index=pd.Index(list(workers), name="Who"), dtype="float64")


def names_in(table: pd.DataFrame, column: str) -> list[str]:
    """What stands in a column of names, each once, without what is empty."""
    return list(dict.fromkeys(str(each).strip() for each in table[column].dropna() if str(each).strip()))


def answers_of(
    tasks: pd.DataFrame,
    home: AtHome | None,
    sellers: pd.DataFrame,
    success: pd.DataFrame,
    late_usd_per_min: float | None,
) -> dict[str, Any]:
    """The answers as an answer file has them; what is empty is left out.

    Raises `ScenarioError` where two rows have one name.
    """
    good = {str(who): _success(row) for who, row in success.iterrows()}
    kinds, sold = _by_name(tasks, "type", "tasks"), _by_name(sellers, "name", "sellers")
    told: dict[str, Any] = {"tasks": {name: _filled(row, TASK_FIELDS, "type") for name, row in kinds.items()}}
    if home is not None:
        told[HOME] = {
            name: value
            for name in ("model", "hardware", "slots", "prefill_tokens_per_s", "decode_tokens_per_s")
            if (value := getattr(home, name)) is not None
        } | {"success": good.get(HOME, {})}
    told["sellers"] = {
        name: _filled(row, SELLER_FIELDS, "name") | {"success": good.get(name, {})}
        for name, row in sold.items()
    }
    return told if late_usd_per_min is None else told | {"late_usd_per_min": late_usd_per_min}


def text_of(answers: Mapping[str, Any]) -> str:
    """The answers as a file."""
    return yaml.safe_dump(dict(answers), sort_keys=False, allow_unicode=True)


def asked_in(file: str, prices: str | None) -> Asked:
    """The answers of a file that was uploaded; `prices` is the price list that was, if one was.

    Raises `ScenarioError` for what is wrong with them, and where they name a file: none is read that was not
    uploaded.
    """
    document = read_plain(Path(file))
    if "prices" in document.data:
        message = "names a file, which is not read from an upload; add the price list beside the log"
        raise ScenarioError([document.problem(("prices",), message)])
    return read_answers(Path(file), prices)


def are_answers(file: str) -> bool:
    """Whether a YAML file that was uploaded holds answers, not a scenario. Raises `ScenarioError`."""
    stated = read_plain(Path(file)).data
    return "tasks" in stated and not {"extends", "workload"} & stated.keys()


def _by_name(table: pd.DataFrame, column: str, field: str) -> dict[str, Mapping[Any, Any]]:
    """The rows that have a name, by name."""
    rows: dict[str, Mapping[Any, Any]] = {}
    for row in table.to_dict("records"):
        name = "" if pd.isna(row[column]) else str(row[column]).strip()
        if name in rows:
            raise ScenarioError(
                [Problem("", None, f"{field}.{name}", "stands in two rows; call one otherwise")]
            )
        if name:
            rows[name] = row
    return rows


def _filled(row: Mapping[Any, Any], fields: Mapping[str, str], name: str) -> dict[str, Any]:
    return {each: float(row[each]) for each in fields if each != name and not pd.isna(row[each])}


def _success(row: pd.Series[float]) -> dict[str, float]:
    """By type of task the share of good answers, of those that are known."""
    return {str(kind): float(percent) / 100 for kind, percent in row.dropna().items()}
