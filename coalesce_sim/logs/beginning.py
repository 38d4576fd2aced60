"""The scenario of those who have no log: what they answered, and what is assumed, each number with which of
the two it is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from coalesce_sim.logs.answers import Asked, Listing, SellerAnswers, TaskKind, Worker
from coalesce_sim.logs.commented import comment, number_of, one_line, prices_of, text_of
from coalesce_sim.logs.made_up import Requests
from coalesce_sim.logs.models import same_model
from coalesce_sim.logs.tables import REQUESTS
from coalesce_sim.numbers import plural
from coalesce_sim.scenario.catalogue import SINGLE_STREAM_MODEL, catalogue
from coalesce_sim.scenario.routes import HOME

ASSUMED: Final = "assumed"

_WORTH_BUYING: Final = 10.0
"""A good answer of which nobody says what it is worth is taken to be worth so many times what the dearest
seller asks for it: at what it asks itself, it would be as well not to do the task."""

WORTH: Final = f"{_WORTH_BUYING:g} times what the dearest seller asks for it"

_FIRST_TOKEN_S: Final = 0.5
_DECODE_TOKENS_PER_S: Final = 50.0
"""What is assumed of sellers of whom nothing is answered."""


@dataclass(frozen=True, slots=True)
class Beginning:
    """A market that was made up: the answers, the requests drawn from them, and what one of each type is
    worth."""

    asked: Asked
    requests: Requests
    values_usd: Sequence[float]

    @classmethod
    def of(cls, asked: Asked, requests: Requests) -> Beginning:
        """What nobody answered of values is assumed."""
        kinds = asked.answers.tasks.values()
        return cls(asked, requests, [_value_usd(kind, asked) for kind in kinds])

    @property
    def counts(self) -> dict[str, int]:
        """How many requests there are, by type."""
        types = list(self.asked.answers.tasks)
        counts = np.bincount(self.requests.type_id, minlength=len(types))
        return dict(zip(types, counts.tolist(), strict=True))

    @property
    def unknown(self) -> dict[str, list[str]]:
        """By worker the types of task of which it is not known how good it is at them."""
        answers = self.asked.answers
        workers: dict[str, Worker] = {} if answers.home is None else {HOME: answers.home}
        workers |= {name: answers.sellers.get(name, SellerAnswers()) for name in self.asked.listings}
        missing = {
            name: [kind for kind in answers.tasks if kind not in worker.success]
            for name, worker in workers.items()
        }
        return {name: kinds for name, kinds in missing.items() if kinds}

    def market_text(self, command: str) -> str:
        """The scenario as YAML, with comments."""
        return "\n".join(_lines(self, command)) + "\n"


def _value_usd(kind: TaskKind, asked: Asked) -> float:
    if kind.value_usd is not None:
        return kind.value_usd
    return _WORTH_BUYING * max(_bill_usd(kind, each) for each in asked.listings.values())


def _bill_usd(kind: TaskKind, listing: Listing) -> float:
    """What a request of mean length costs, without what holds at some hours or for long prompts."""
    prices = listing.prices
    rates = (prices.input_usd_per_mtok, prices.output_usd_per_mtok, prices.request_usd)
    prompt_usd, answer_usd, request_usd = (each if isinstance(each, float | int) else 0.0 for each in rates)
    return (kind.prompt_tokens * prompt_usd + kind.answer_tokens * answer_usd) / 1e6 + request_usd


def _lines(made: Beginning, command: str) -> Iterator[str]:
    answers = made.asked.answers
    yield from comment(
        f"Made by `{one_line(command)}`. Behind numbers stands where they come from: answered, or assumed. "
        "None was measured, and intervals cover luck alone: where one is doubtful, write "
        "{uncertain: {uniform: {low: …, high: …}}} in its place. The rest is as in the profile `logged`."
    )
    yield "extends: logged"
    count = plural(len(made.requests.type_id), "request")
    yield f"title: {text_of(answers.title or f'{count} made up from answers')}"
    yield ""
    yield f"clock: {{start: 2026-01-05T00:00:00Z, days: {number_of(answers.days)}}}  # {ASSUMED}: any day"
    yield ""
    yield from _workload(made)
    yield ""
    yield from _home(made.asked)
    yield ""
    yield from _contractors(made.asked)
    yield ""
    yield from _rules(made.asked)


def _workload(made: Beginning) -> Iterator[str]:
    answers, counts = made.asked.answers, made.counts
    yield "workload:"
    yield from comment(
        f"Drawn by seed {answers.seed}. Assumed: requests come evenly through the day, each by itself; "
        f"lengths are lognormal, their standard deviation {number_of(answers.spread)} times their mean.",
        "  ",
    )
    yield f"  arrivals: {{kind: table, path: {REQUESTS}}}"
    yield "  types:"
    for (name, kind), value_usd in zip(answers.tasks.items(), made.values_usd, strict=True):
        worth = "answered" if kind.value_usd is not None else f"{ASSUMED}: {WORTH}"
        yield from comment(
            f"Answered: {kind.per_day:,.12g} a day, prompts of {kind.prompt_tokens:,.12g} tokens, answers of "
            f"{kind.answer_tokens:,.12g}, in {kind.target_s:,.12g} s. Drawn: {counts[name]:,}. A good one is "
            f"worth {number_of(value_usd)} USD ({worth}).",
            "    ",
        )
        minutes = number_of(kind.target_s / 60)
        expected = number_of(kind.answer_tokens)
        yield f"    {text_of(name)}: {{max_latency_min: {minutes}, expected_output_tokens: {expected}}}"


def _home(asked: Asked) -> Iterator[str]:
    home = asked.answers.home
    yield "clients:"
    yield f"  count: 1  # {ASSUMED}: all that is at home serves all tasks"
    if home is None:
        yield "  slots: 0  # answered: nobody works at home"
        yield "  hardware: rtx_4090  # must be stated, and has no effect: there is no slot"
        return
    yield f"  slots: {home.slots}  # answered: requests of {one_line(home.model)} at once"
    yield "  hardware:"
    yield f"    profile: {home.hardware}  # answered; what it costs: coalesce-sim hardware {home.hardware}"
    yield f"    batch: {home.slots}  # {ASSUMED}: each slot bears this part of what an hour of it costs"
    profile = catalogue().profile(home.hardware)
    for name in ("prefill_tokens_per_s", "decode_tokens_per_s"):
        stated, figure = getattr(home, name), getattr(profile, name)
        alone = f"{ASSUMED}: as {SINGLE_STREAM_MODEL} alone on it, whatever else is at work"
        value, whose = (stated, "answered") if stated is not None else (figure.value, alone)
        yield f"    {name}: {number_of(value)}  # {whose}"
    yield "  outcomes:"
    for kind in asked.answers.tasks:
        stated = asked.success_written(HOME, kind)
        yield f"    {text_of(kind)}: {{success: {_success(stated)}}}  # {_from(stated)}"


def _from(stated: Any) -> str:
    if stated is None:
        return "not known, and so none of it is given to home; advise tells from which rate that is worth it"
    return "answered: by public records" if isinstance(stated, dict) else "answered"


def _success(stated: Any) -> str:
    if isinstance(stated, dict):
        return "{" + ", ".join(f"{name}: {text_of(str(value))}" for name, value in stated.items()) + "}"
    return number_of(0 if stated is None else stated, 12)


def _contractors(asked: Asked) -> Iterator[str]:
    yield "contractors:"
    for name, listing in asked.listings.items():
        yield from _contractor(asked, name, listing)


def _contractor(asked: Asked, name: str, listing: Listing) -> Iterator[str]:
    seller = asked.answers.sellers.get(name, SellerAnswers())
    yield f"  - name: {text_of(name)}"
    yield f"    type: {text_of(same_model(name))}"
    yield f"    # Prices: {one_line(listing.priced_from)}"
    yield from (f"    {line}" for line in prices_of(listing.prices))
    for field, value, assumed, factor in (
        ("network_ms", seller.first_token_s, _FIRST_TOKEN_S, 1000),
        ("prefill_tokens_per_s", seller.prefill_tokens_per_s, None, 1),
        ("decode_tokens_per_s", seller.decode_tokens_per_s, _DECODE_TOKENS_PER_S, 1),
    ):
        if value is not None:
            yield f"    {field}: {number_of(factor * value)}  # answered"
        elif assumed is not None:
            yield f"    {field}: {number_of(factor * assumed)}  # {ASSUMED}"
    shares = [float(each) for each in seller.success.values()]
    claimed = sum(shares) / len(shares) if shares else 1.0
    yield f"    reliability: {number_of(claimed)}  # {ASSUMED}: what it claims of itself"
    known = [kind for kind in asked.answers.tasks if kind in seller.success]
    for kind in asked.answers.tasks:
        if kind not in known:
            yield f"    # {one_line(kind)}: how good it is is not known, so that it makes no offer"
    if not known:
        yield "    outcomes: {}"
        return
    yield "    outcomes:"
    for kind in known:
        stated = asked.success_written(name, kind)
        yield f"      {text_of(kind)}: {{success: {_success(stated)}}}  # {_from(stated)}"


def _rules(asked: Asked) -> Iterator[str]:
    late = asked.answers.late_usd_per_min
    told = f"{ASSUMED}: waiting costs nothing" if late is None else "answered: a minute beyond the target"
    yield f"cost_model: {{late_usd_per_min: {number_of(late or 0)}}}  # {told}"
    yield ""
    yield "contracts:"
    yield f"  failed_share: 0  # {ASSUMED}: bad answers come like good ones, and are seen to be bad when read"
    yield f"  due_on_failure: 1  # {ASSUMED}: they are billed like good ones"
    yield f"  # {ASSUMED} (profile `logged`): it is tried once more then, and lost if that is bad as well"
    yield ""
    kind = "cheapest" if asked.answers.home is None else "always_local"
    yield f"policy: {{kind: {kind}}}  # what `run` plays; `advise` tries who should do what"
