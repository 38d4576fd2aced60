"""Price files: a CSV row for a seller's own prices, and one for each condition on which it charges others."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from pydantic import ValidationError

from coalesce_sim.inputs.csvfile import Row, read_rows, read_text
from coalesce_sim.scenario.problems import Problem, ScenarioError
from coalesce_sim.scenario.tariff import PRICES, ConditionalPrices, TokenPrices

_COLUMNS = ("provider", "model", "input_usd_per_mtok", "output_usd_per_mtok")
_CONDITIONS = ("above_prompt_tokens", "from_hour_utc", "until_hour_utc")
_TIERED = "tiered"

Seller = tuple[str, str]
"""A provider and the name under which it lists a model."""


@dataclass(frozen=True, slots=True)
class PriceFile:
    """The listings of a price file.

    `cut_down` are those that say, in a column ``tiered``, that longer prompts cost something else, but not
    what. `unread` names the columns that are not read.
    """

    prices: dict[Seller, TokenPrices]
    cut_down: frozenset[Seller]
    unread: tuple[str, ...]


def read_price_file(file: str) -> PriceFile:
    """The listings of a price file; a row without a condition that leaves a price empty is none.

    Raises `ScenarioError` for a file that cannot be read, a column that is missing, a price that is none, and
    rows of one seller that do not fit together; with the line where one is to blame.
    """
    rows, place = _Rows(), "contractors.price_file"
    problems = read_rows(file, place, read_text(file, place), _COLUMNS, rows.take)
    problems += rows.without_own_prices()
    if problems:
        raise ScenarioError(problems)
    return PriceFile(rows.prices(), rows.cut_down(), rows.unread)


@dataclass(slots=True)
class _Rows:
    """What the rows of a price file say, seller by seller."""

    own: dict[Seller, dict[str, float]] = field(default_factory=dict)
    conditional: dict[Seller, list[tuple[Row, ConditionalPrices]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    tiered: set[Seller] = field(default_factory=set)
    unread: tuple[str, ...] = ()

    def take(self, row: Row) -> None:
        """One more row. Raises `ScenarioError` where it cannot stand beside those above."""
        read = (*_COLUMNS, *_CONDITIONS, *PRICES, _TIERED)
        self.unread = tuple(name for name in row.cells if name and name not in read)
        seller = row.text("provider"), row.text("model")
        prices = {name: row.amount(name) for name in PRICES if row.cells.get(name)}
        condition = {name: row.amount(name) for name in _CONDITIONS if row.cells.get(name)}
        if (row.cells.get(_TIERED) or "").lower() in ("true", "1", "yes"):
            self.tiered.add(seller)
        if condition:
            self._take_conditional(row, seller, condition | prices)
        elif {"input_usd_per_mtok", "output_usd_per_mtok"} <= prices.keys():
            if seller in self.own:
                raise row.error("", f"{' '.join(seller)} is listed twice")
            self.own[seller] = prices

    def _take_conditional(self, row: Row, seller: Seller, stated: dict[str, float]) -> None:
        try:
            new = ConditionalPrices.model_validate(stated)
        except ValidationError as error:
            details = error.errors()[0]
            column = str(details["loc"][0]) if details["loc"] else ""
            broken = details["msg"].replace("Input should ", "must ") + f" (got {details['input']})"
            raise row.error(column, str(details.get("ctx", {}).get("error", broken))) from None
        for above, each in self.conditional[seller]:
            if new.hides(each):
                raise row.error(
                    "",
                    f"{' '.join(seller)}: holds wherever line {above.line} would, so that never does; "
                    "state longer prompts below shorter ones",
                )
        self.conditional[seller].append((row, new))

    def without_own_prices(self) -> list[Problem]:
        """Of sellers of whom only conditional prices are listed."""
        message = "has no row with the prices that hold where no condition is met"
        return [
            Problem(row.file, row.line, " ".join(seller), message)
            for seller, [(row, _), *_] in self.conditional.items()
            if seller not in self.own
        ]

    def prices(self) -> dict[Seller, TokenPrices]:
        return {
            seller: TokenPrices(
                **prices, conditional_prices=[each for _, each in self.conditional.get(seller, ())]
            )
            for seller, prices in self.own.items()
        }

    def cut_down(self) -> frozenset[Seller]:
        """Those whose tiers are mentioned, but not stated."""
        stated = (
            seller
            for seller, rows in self.conditional.items()
            if any(each.above_prompt_tokens is not None for _, each in rows)
        )
        return frozenset(self.tiered.difference(stated))
