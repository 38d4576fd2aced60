"""What somebody without a log is asked: the tasks, what is at home, who else sells, and how good each is."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Final, Self

from pydantic import AfterValidator, Field, model_validator

from coalesce_sim.inputs.price_file import Seller as Listed
from coalesce_sim.logs.models import provider_name, same_model
from coalesce_sim.logs.price_lists import file_prices, in_file
from coalesce_sim.scenario.base import Model, Text
from coalesce_sim.scenario.catalogue import catalogue
from coalesce_sim.scenario.distributions import NonNegative, Positive
from coalesce_sim.scenario.document import Document, read_plain
from coalesce_sim.scenario.problems import Problem, Refusals, ScenarioError, closest
from coalesce_sim.scenario.quality import Success
from coalesce_sim.scenario.routes import HOME
from coalesce_sim.scenario.tariff import TokenPrices
from coalesce_sim.scenario.validation import validate

PRICE_FILE: Final = "contractors.price_file"
"""Where scenarios name a price file."""

MOST_TASKS: Final = 5_000_000
"""How many tasks may be drawn, on average."""

Name = Annotated[str, Field(min_length=1, max_length=200)]
Tokens = Annotated[float, Field(ge=1, le=10_000_000)]


def _a_profile(name: str) -> str:
    try:
        catalogue().profile(name)
    except LookupError as error:
        raise ValueError(str(error)) from None
    return name


class TaskKind(Model):
    """A type of task."""

    per_day: Positive
    """How many come in a day, on average."""
    prompt_tokens: Tokens
    """Tokens of a prompt, on average."""
    answer_tokens: Tokens
    """Tokens of an answer, on average."""
    target_s: Positive
    """Seconds in which one is to be done."""
    value_usd: NonNegative | None = None
    """USD that a good answer is worth, lost with a task that ends without one; left out, what it costs at the
    dearest seller."""


class Worker(Model):
    """How fast, and how good, somebody is."""

    prefill_tokens_per_s: Positive | None = None
    """Tokens of a prompt read per second."""
    decode_tokens_per_s: Positive | None = None
    """Tokens of an answer written per second."""
    success: dict[str, Success] = Field(default_factory=dict)
    """By type of task which share of the answers is good; types that are not named are not known, and not
    done."""


class AtHome(Worker):
    """The model that one runs oneself."""

    model: Name
    """What it is called."""
    hardware: Annotated[str, AfterValidator(_a_profile)]
    """One of the profiles that `coalesce-sim hardware` lists."""
    slots: Annotated[int, Field(ge=1, le=100_000)]
    """Requests that it works on at once."""

    @model_validator(mode="after")
    def _speeds_are_known(self) -> Self:
        profile = catalogue().profile(self.hardware)
        missing = [
            f"{name}: missing; no speed of {self.hardware} is known, so state your model's"
            for name in ("prefill_tokens_per_s", "decode_tokens_per_s")
            if getattr(self, name) is None and getattr(profile, name) is None
        ]
        if missing:
            raise Refusals(missing)
        return self


class SellerAnswers(Worker):
    """A model that can be bought."""

    input_usd_per_mtok: NonNegative | None = None
    """USD for a million tokens of prompts; left out, as the price file says."""
    output_usd_per_mtok: NonNegative | None = None
    """USD for a million tokens of answers; left out, as the price file says."""
    first_token_s: NonNegative | None = None
    """Seconds to the first token."""


class Answers(Model):
    """Everything that is asked."""

    title: Text | None = None
    """What to call the market."""
    tasks: Annotated[dict[Name, TaskKind], Field(min_length=1, max_length=100)]
    """The types of task."""
    home: AtHome | None = None
    """What one runs oneself; left out, nothing."""
    sellers: dict[Name, SellerAnswers] = Field(default_factory=dict)
    """Who sells, by provider and model, as in ``openai/gpt-4o``."""
    prices: str | None = None
    """A price file, as for `import`: prices of those that state none, and of others who sell."""
    late_usd_per_min: NonNegative | None = None
    """USD that a minute beyond the target is worth; left out, nothing."""
    days: Annotated[float, Field(gt=0, le=366)] = 1.0
    """Days of requests that are made up."""
    spread: Annotated[float, Field(ge=0, le=20)] = 1.0
    """Standard deviation of the lengths of prompts and answers, relative to their mean."""
    seed: Annotated[int, Field(ge=0)] = 1
    """Number of the random draws: another number, other requests."""

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if objections := list(self._objections()):
            raise Refusals(objections)
        return self

    def _objections(self) -> Iterator[str]:
        count = self.days * sum(kind.per_day for kind in self.tasks.values())
        if count > MOST_TASKS:
            yield f"tasks: must be at most {MOST_TASKS:,} in all the days (got {count:,.0f})"
        if HOME in self.sellers:
            yield f"sellers.{HOME}: is what one runs oneself; call a seller otherwise"
        workers: dict[str, Worker] = {f"sellers.{name}": each for name, each in self.sellers.items()}
        workers |= {} if self.home is None else {HOME: self.home}
        for place, worker in workers.items():
            for name in worker.success:
                if name not in self.tasks:
                    near = closest(name, self.tasks)
                    hint = f"did you mean {near!r}?" if near else f"there are {', '.join(self.tasks)}"
                    yield f"{place}.success.{name}: no such type of task; {hint}"


@dataclass(frozen=True, slots=True)
class Listing:
    """A seller's prices and who says them."""

    prices: TokenPrices
    priced_from: str


@dataclass(frozen=True, slots=True)
class Asked:
    """Answers that fit together, with what a price file adds to them.

    `written` is what they were read from, `file` where; `listings` are prices by seller, those who are only
    in the price file last. `price_file` is where that is.
    """

    answers: Answers
    written: Mapping[str, Any]
    file: str
    listings: Mapping[str, Listing]
    price_file: str | None

    def success_written(self, worker: str, kind: str) -> Any:
        """What was written of a worker's success at a type; None where it is not known."""
        section = self.written.get(HOME) if worker == HOME else self.written.get("sellers", {}).get(worker)
        return ((section or {}).get("success") or {}).get(kind)


def read_answers(source: Path | Mapping[str, Any], prices: str | None = None) -> Asked:
    """Read the answers of a file, or those given; `prices` is a price file in place of the one they name.

    Raises `ScenarioError` with all problems, each with file, line and field.
    """
    document = read_plain(source, "<answers>")
    answers = validate(document, Answers)
    file = prices or _beside(answers.prices, document)
    try:
        listed = file_prices(file)
    except ScenarioError as error:
        where = "--prices" if prices else "prices"
        raise ScenarioError(
            replace(each, path=each.path.replace(PRICE_FILE, where)) for each in error.problems
        ) from None
    listings = dict(_listings(answers, document, listed, file))
    return Asked(answers, document.data, document.marks[()].file, listings, file)


def _beside(path: str | None, document: Document) -> str | None:
    """A file that answers name: beside them, or in the working directory."""
    if path is None or not document.sources:
        return path
    beside = os.path.normpath(document.sources[0].parent / path)
    return beside if os.path.isfile(beside) else path


def _listings(
    answers: Answers, document: Document, listed: Mapping[Listed, TokenPrices], file: str | None
) -> Iterator[tuple[str, Listing]]:
    problems: list[Problem] = []
    named: set[int] = set()
    for name, seller in answers.sellers.items():
        found = in_file(listed, provider_name(None, name), same_model(name))
        named.add(id(found))
        input_usd, output_usd = seller.input_usd_per_mtok, seller.output_usd_per_mtok
        if input_usd is not None and output_usd is not None:
            stated = TokenPrices(input_usd_per_mtok=input_usd, output_usd_per_mtok=output_usd)
            yield name, Listing(stated, "answered")
        elif input_usd is not None or output_usd is not None:
            field = "input_usd_per_mtok" if input_usd is None else "output_usd_per_mtok"
            problems.append(document.problem(("sellers", name, field), "missing beside the other price"))
        elif found is not None:
            yield name, Listing(found, str(file))
        else:
            where = "there is no price file" if file is None else f"{file} does not list it"
            problems.append(document.problem(("sellers", name, "input_usd_per_mtok"), f"missing; {where}"))
    if not answers.sellers and not listed:
        problems.append(
            document.problem(("sellers",), "missing, and no price file lists any: nobody to choose from")
        )
    if problems:
        raise ScenarioError(problems)
    for (provider, model), found in listed.items():
        if id(found) not in named:
            yield f"{provider}/{model}", Listing(found, str(file))
