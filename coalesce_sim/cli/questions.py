"""The questions of ``coalesce-sim init``, asked at a terminal."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import click

from coalesce_sim.scenario.catalogue import catalogue

_AMOUNT = click.FloatRange(min=0)
_ABOVE_ZERO = click.FloatRange(min=0, min_open=True)
_TOKENS = click.FloatRange(min=1)


def ask(prices: str | None) -> dict[str, Any]:
    """The answers, as an answer file has them; `prices` is a price file that sellers may stand in."""
    click.echo("Questions with [] may be passed over. What is not answered is assumed, and told.")
    tasks = _tasks()
    answers: dict[str, Any] = {"tasks": tasks}
    if (home := _home(tasks)) is not None:
        answers["home"] = home
    answers["sellers"] = _sellers(tasks, prices)
    late = _maybe("What is a minute beyond the target worth, USD", _AMOUNT)
    return answers | ({} if late is None else {"late_usd_per_min": late})


def _tasks() -> dict[str, Any]:
    tasks: dict[str, Any] = {}
    while name := _text("A kind of task" if not tasks else "Another kind of task", needed=not tasks):
        tasks[name] = {
            "per_day": click.prompt("  How many a day", type=_ABOVE_ZERO),
            "prompt_tokens": click.prompt("  Tokens of a prompt", type=_TOKENS),
            "answer_tokens": click.prompt("  Tokens of an answer", type=_TOKENS),
            "target_s": click.prompt("  In how many seconds", type=_ABOVE_ZERO),
        }
        value = _maybe("  What is a good answer worth, USD", _AMOUNT)
        tasks[name] |= {} if value is None else {"value_usd": value}
    return tasks


def _home(tasks: Iterable[str]) -> dict[str, Any] | None:
    profiles = catalogue().profiles
    choice = click.Choice(["none", *profiles])
    hardware = click.prompt("Hardware at home (coalesce-sim hardware lists it)", type=choice, default="none")
    if hardware == "none":
        return None
    home: dict[str, Any] = {
        "model": _text("  Model on it", needed=True),
        "hardware": hardware,
        "slots": click.prompt("  Requests at once", type=click.IntRange(min=1)),
    }
    if profiles[hardware].decode_tokens_per_s is None:
        home["prefill_tokens_per_s"] = click.prompt("  Tokens of a prompt read a second", type=_ABOVE_ZERO)
        home["decode_tokens_per_s"] = click.prompt("  Tokens of an answer written a second", type=_ABOVE_ZERO)
    return home | {"success": _success(tasks)}


def _sellers(tasks: Iterable[str], prices: str | None) -> dict[str, Any]:
    sellers: dict[str, Any] = {}
    while name := _text("A seller, as PROVIDER/MODEL" if not sellers else "Another seller", needed=False):
        sellers[name] = {}
        for field, words in (("input_usd_per_mtok", "prompts"), ("output_usd_per_mtok", "answers")):
            question = f"  USD for a million tokens of {words}"
            usd = click.prompt(question, type=_AMOUNT) if prices is None else _maybe(question, _AMOUNT)
            sellers[name] |= {} if usd is None else {field: usd}
        sellers[name]["success"] = _success(tasks)
    return sellers


def _success(tasks: Iterable[str]) -> dict[str, float]:
    """By type of task the share of good answers, of those types of which it is known."""
    share = click.FloatRange(min=0, max=1)
    found = {name: _maybe(f"  Which share of its answers to {name} is good, 0 to 1", share) for name in tasks}
    return {name: value for name, value in found.items() if value is not None}


def _text(question: str, *, needed: bool) -> str:
    answer: str = click.prompt(question, default=None if needed else "", show_default=not needed)
    return answer.strip()


def _maybe(question: str, kind: click.FloatRange) -> float | None:
    """A number, or None where nothing is answered."""
    while True:
        answer = click.prompt(question, default="", show_default=True)
        if answer == "":
            return None
        try:
            return float(kind(answer))
        except click.BadParameter as error:
            click.echo(f"Error: {error.message}")
