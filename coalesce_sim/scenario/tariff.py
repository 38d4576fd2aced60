"""What a user writes about prices by tokens: constants, and what holds instead under a condition."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from coalesce_sim.scenario.base import Model
from coalesce_sim.scenario.distributions import NonNegative
from coalesce_sim.scenario.moving import Moving


class ConditionalPrices(Model):
    """What a contractor charges instead for long prompts, at some hours of the day, or for the former at the
    latter.

    The whole request is charged so, not only what is beyond the condition. Prices that are left out are the
    contractor's own.
    """

    above_prompt_tokens: NonNegative | None = None
    """Tokens that a prompt must exceed, cached ones among them; left out, prompts may be of any length."""
    from_hour_utc: Annotated[float, Field(ge=0, lt=24)] | None = None
    """Hour of the day, as in 16.5, from which tasks that arrive are charged so; `clock.start` is in UTC
    unless it says otherwise. Left out, at any hour."""
    until_hour_utc: Annotated[float, Field(gt=0, le=24)] | None = None
    """Hour of the day from which they no longer are, that of the next day where it is before `from_hour_utc`;
    stated beside that."""
    input_usd_per_mtok: NonNegative | None = None
    """USD for a million tokens of prompt."""
    cache_read_usd_per_mtok: NonNegative | None = None
    """USD for a million tokens of prompt that are read from the contractor's cache."""
    output_usd_per_mtok: NonNegative | None = None
    """USD for a million tokens of answer."""
    request_usd: NonNegative | None = None
    """USD for a request on top of its tokens."""

    @model_validator(mode="after")
    def _says_when_and_what(self) -> Self:
        if (self.from_hour_utc is None) != (self.until_hour_utc is None):
            missing = "from_hour_utc" if self.from_hour_utc is None else "until_hour_utc"
            raise ValueError(f"{missing}: missing, but the other end of the hours is stated")
        if self.above_prompt_tokens is None and self.from_hour_utc is None:
            raise ValueError("needs above_prompt_tokens, or from_hour_utc and until_hour_utc")
        if self.from_hour_utc is not None and self.from_hour_utc == self.until_hour_utc:
            raise ValueError(f"until_hour_utc: must differ from from_hour_utc (got {self.until_hour_utc:g})")
        if all(getattr(self, name) is None for name in PRICES):
            raise ValueError(f"states no price: needs one of {', '.join(PRICES)}")
        return self

    def hides(self, other: ConditionalPrices) -> bool:
        """Whether these hold wherever the other ones would."""
        hours = (self.from_hour_utc, self.until_hour_utc)
        if hours not in ((None, None), (other.from_hour_utc, other.until_hour_utc)):
            return False
        if self.above_prompt_tokens is None or other.above_prompt_tokens is None:
            return self.above_prompt_tokens is None
        return self.above_prompt_tokens <= other.above_prompt_tokens


class TokenPrices(Model):
    """What is charged by tokens, for a task as a whole."""

    input_usd_per_mtok: NonNegative | Moving = 0.0
    """USD listed for a million tokens of prompt; no effect where pricing is ``flat`` or ``demand``."""
    cache_read_usd_per_mtok: NonNegative | Moving | None = None
    """USD listed for a million tokens of prompt that are read from the contractor's cache, `cached_tokens` of
    a task; left out, as much as for others. No effect where pricing is ``flat`` or ``demand``."""
    output_usd_per_mtok: NonNegative | Moving = 0.0
    """USD listed for a million tokens of answer; no effect where pricing is ``flat`` or ``demand``."""
    request_usd: NonNegative | Moving = 0.0
    """USD listed for a request, on top of its tokens; no effect where pricing is ``flat`` or ``demand``."""
    conditional_prices: list[ConditionalPrices] = Field(default_factory=list)
    """What holds instead of these prices for long prompts or at some hours: of those whose condition is met
    the last one. None by default; no effect where pricing is ``flat`` or ``demand``."""

    @model_validator(mode="after")
    def _all_may_hold(self) -> Self:
        listed = self.conditional_prices
        for index, each in enumerate(listed):
            for later in range(index + 1, len(listed)):
                if listed[later].hides(each):
                    raise ValueError(
                        f"conditional_prices[{index}]: never hold, since conditional_prices[{later}] hold "
                        "wherever they would, and come later; state longer prompts below shorter ones"
                    )
        return self

    def token_prices(self, factor: float = 1.0) -> dict[str, Any]:
        """The fields of this class, all prices times the factor."""
        conditional = [each.model_copy(update=_times(each, factor)) for each in self.conditional_prices]
        return _times(self, factor) | {"conditional_prices": conditional}


def _times(stated: ConditionalPrices | TokenPrices, factor: float) -> dict[str, float | None]:
    prices = {name: getattr(stated, name) for name in PRICES}
    return {name: None if usd is None else usd * factor for name, usd in prices.items()}


PRICES = ("input_usd_per_mtok", "cache_read_usd_per_mtok", "output_usd_per_mtok", "request_usd")
"""The fields that are prices."""
