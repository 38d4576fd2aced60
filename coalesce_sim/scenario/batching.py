"""What a user writes about a machine that serves all its jobs at once (continuous batching)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Protocol, Self, TypeVar

from pydantic import Field, ModelWrapValidatorHandler, model_validator

from coalesce_sim.scenario.base import Model
from coalesce_sim.scenario.catalogue import fitted_curve
from coalesce_sim.scenario.distributions import NonNegative
from coalesce_sim.scenario.hardware import Hardware


class BatchCurve(Model):
    """A machine on which each of n jobs at work writes a token in ``base_ms_per_token + per_job_ms · n``.

    Whenever a job begins or ends, the others go on at another pace. Reading and whatever else is timed by
    itself keep their own speed. What the machine costs in an hour is shared equally by the jobs at work.
    """

    profile: str | None = None
    """GPU of the catalogue on which the curve was measured: with `serves`, it fills in what is left out of
    the three figures below."""
    serves: str | None = None
    """Model whose measured writing is taken; only what was measured on the `profile` can be named."""
    gpus: Annotated[int, Field(gt=0, le=1024)] = 1
    """How many of them work as one; no effect without a `profile`."""
    base_ms_per_token: NonNegative
    """Milliseconds that a token takes however few jobs there are."""
    per_job_ms: NonNegative
    """Milliseconds that each job at work adds to a token of all of them, its own among them; with a base of 0
    they share one speed (processor sharing)."""
    max_jobs: Annotated[int, Field(gt=0, le=65_536)]
    """Jobs that can be at work; others wait, first come, first served. Of a measured curve by default the
    largest batch that was measured."""

    @model_validator(mode="wrap")
    @classmethod
    def _completed(cls, data: Any, validated: ModelWrapValidatorHandler[Self]) -> Self:
        """Fill in what was measured."""
        if isinstance(data, Mapping) and isinstance(name := data.get("profile"), str):
            model, gpus = data.get("serves"), data.get("gpus", 1)
            if not isinstance(model, str):
                raise ValueError("serves: missing, but the curve is that of a profile")
            if isinstance(gpus, int):
                fitted = fitted_curve(name, model, gpus)
                figures = {
                    "base_ms_per_token": fitted.base_ms_per_token,
                    "per_job_ms": fitted.per_job_ms,
                    "max_jobs": fitted.max_jobs,
                }
                data = {**figures, **data}
        curve = validated(data)
        if curve.serves is not None and curve.profile is None:
            raise ValueError(f"profile: missing, but serves is stated (got {curve.serves!r})")
        if curve.base_ms_per_token + curve.per_job_ms == 0:
            raise ValueError("per_job_ms: must be > 0 where base_ms_per_token is 0")
        return curve

    def s_per_token(self, jobs: int) -> float:
        """Seconds that a token of each of so many jobs at work takes."""
        return (self.base_ms_per_token + self.per_job_ms * jobs) / 1000


class Machine(Protocol):
    """Whoever has a machine that works as a curve says, or slots."""

    @property
    def batch_curve(self) -> BatchCurve | None: ...
    @property
    def hardware(self) -> Hardware | None: ...


M = TypeVar("M", bound=Machine)


def with_places(data: Any, validated: ModelWrapValidatorHandler[M]) -> M:
    """Whoever is described: where there is a curve, its `max_jobs` are the slots.

    Raises ValueError, beginning with the field, for what cannot stand beside a curve.
    """
    described = validated(data)
    curve, hardware = described.batch_curve, described.hardware
    if curve is None or not isinstance(data, Mapping):
        return described
    slots = data.get("slots", curve.max_jobs)
    if slots != curve.max_jobs:
        raise ValueError(f"slots: batch_curve.max_jobs stands in their place; state null (got {slots!r})")
    if (rate := data.get("decode_tokens_per_s")) is not None:
        raise ValueError(f"decode_tokens_per_s: batch_curve stands in its place (got {rate!r})")
    if hardware is not None and hardware.batch > 1:
        raise ValueError(
            f"hardware.batch: must be 1 beside batch_curve, by which the jobs at work share all of the "
            f"machine (got {hardware.batch})"
        )
    return validated({**data, "slots": curve.max_jobs})
