"""What a client believes of its own hardware, where that differs from the truth."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, Self

from pydantic import model_validator

from coalesce_sim.scenario.base import Model
from coalesce_sim.scenario.distributions import NonNegative, Positive, PositiveShare
from coalesce_sim.scenario.hardware import Hardware


class Belief(Model):
    """Figures that clients take for true in their estimates of work at home; what is left out they know."""

    utilisation: PositiveShare | None = None
    """Share of `peak_flop_s` that clients believe is reached and, where power is not known, share of `tdp_w`
    that they believe is drawn. Moves no token speed."""
    peak_flop_s: Positive | None = None
    """FLOP per second that clients believe one GPU does at its best; for work in FLOP."""
    prefill_tokens_per_s: Positive | None = None
    """Tokens of a prompt that clients believe one slot reads per second; for work in tokens."""
    decode_tokens_per_s: Positive | None = None
    """Tokens of an answer that clients believe one slot writes per second; for work in tokens."""
    tdp_w: NonNegative | None = None
    """Watts that clients believe one GPU is built for; only where no `power_w` is known, nor believed."""
    power_w: NonNegative | None = None
    """Watts that clients believe one GPU draws while at work; for owned hardware."""

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.model_dump(exclude_none=True):
            raise ValueError("nothing is stated: leave it out, or state what is believed")
        return self


class OwnHardware(Hardware):
    """A client's GPUs, and what it believes of them."""

    believed: Belief | None = None
    """What clients take for true where it is not: estimates of work at home (eq. 1 to 6) and of queues go by
    it, times and charges by the truth. Refused where it can change no estimate. Left out, they know their
    hardware."""

    @property
    def as_believed(self) -> Hardware:
        """The hardware as its client sees it."""
        if self.believed is None:
            return self
        return self.model_copy(update=self.believed.model_dump(exclude_none=True))

    def powerless_beliefs(self, work: Literal["flop", "tokens"]) -> Iterator[tuple[str, str]]:
        """Beliefs that change no estimate of such work, each with the reason."""
        if self.believed is None:
            return
        stated = self.believed.model_dump(exclude_none=True)
        reasons: dict[str, str] = {}
        if self.basis == "rented":
            reasons |= dict.fromkeys(("tdp_w", "power_w"), "a rent includes the power")
        elif not self.electricity_usd_per_kwh:
            reasons |= dict.fromkeys(("tdp_w", "power_w"), "electricity_usd_per_kwh is 0")
        elif self.as_believed.power_w is not None:
            reasons["tdp_w"] = "power_w is known"
        if work == "flop":
            reasons |= dict.fromkeys(
                ("prefill_tokens_per_s", "decode_tokens_per_s"), "work at home is timed in FLOP"
            )
        else:
            reasons["peak_flop_s"] = "work at home is timed by tokens"
            if "tdp_w" in reasons:
                reasons["utilisation"] = f"work at home is timed by tokens, and {reasons['tdp_w']}"
        yield from ((field, reason) for field, reason in reasons.items() if field in stated)
