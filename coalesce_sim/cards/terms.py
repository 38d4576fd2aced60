"""What A2A has no fields for: on which terms an agent works, in an extension of ours.

An extension stands in ``capabilities.extensions`` of a card, of either version; a program that does not know
it passes it over.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from coalesce_sim.cards.jsontext import misfit_of_line
from coalesce_sim.scenario.base import Model
from coalesce_sim.scenario.distributions import NonNegative, Share
from coalesce_sim.scenario.jurisdictions import Jurisdiction
from coalesce_sim.scenario.pool import Slots

URI: Final = "urn:coalesce-sim:agent-terms:1"
"""By which our extension is known. It is a name and no address: nothing is ever fetched from it."""

UNUSED: Final = ("data_regions", "stake_usd")
"""Terms that nothing acts on yet."""


def _on_one_line(text: str) -> str:
    if message := misfit_of_line(text):
        raise ValueError(message)
    return text


def _whole(value: Any) -> Any:
    """A whole number that was written as a float, as protobuf writes all numbers of an extension."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


Line = Annotated[str, AfterValidator(_on_one_line)]
"""A name, an address or the like: one line that can be printed."""


class ListPrice(Model):
    """What is asked, in the `currency` beside it: by the task, by tokens, or both."""

    price_usd: NonNegative | None = None
    """For a task, as `price_usd` of a contractor."""
    input_usd_per_mtok: NonNegative | None = None
    """For a million tokens of prompt; stated with the price of an answer."""
    output_usd_per_mtok: NonNegative | None = None
    """For a million tokens of answer; stated with the price of a prompt."""

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        by_tokens = (self.input_usd_per_mtok, self.output_usd_per_mtok)
        if None in by_tokens and by_tokens != (None, None):
            missing = "input" if by_tokens[0] is None else "output"
            raise ValueError(f"{missing}_usd_per_mtok: missing, but the other price by tokens is stated")
        if self.price_usd is None and by_tokens == (None, None):
            raise ValueError(
                "states no price: needs price_usd, or input_usd_per_mtok and output_usd_per_mtok"
            )
        return self


class Terms(Model):
    """The ``params`` of our extension. All may be left out; what else there is is refused."""

    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")] | None = None
    """Of all amounts, by ISO 4217; needed where there are any. Nothing converts: only ``USD`` counts."""
    price: ListPrice | None = None
    """What is asked for work."""
    slots: Annotated[Slots, BeforeValidator(_whole)] | None = None
    """Tasks that are worked on at once, or ``unlimited``."""
    latency_min: NonNegative | None = None
    """Minutes that work takes besides what its tokens take."""
    network_ms: NonNegative | None = None
    """Milliseconds to the agent and back."""
    reliability: Share | None = None
    """Share of good work that the agent claims."""
    jurisdiction: Jurisdiction | None = None
    """Country whose law the agent is under, by ISO 3166-1 alpha-2."""
    data_regions: list[Line] | None = None
    """Where data are kept. Nothing acts on it yet."""
    stake_usd: NonNegative | None = None
    """What the agent has put down. Nothing acts on it yet."""

    @model_validator(mode="after")
    def _amounts_have_a_currency(self) -> Self:
        if self.currency is None and (self.price is not None or self.stake_usd is not None):
            raise ValueError("currency: missing, but there are amounts")
        return self
