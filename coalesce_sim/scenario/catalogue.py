"""Published figures of GPUs and measured speeds of models served on them, each with its source."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Literal

import numpy as np
import yaml

from coalesce_sim.scenario.base import Model
from coalesce_sim.scenario.problems import closest

SINGLE_STREAM_MODEL = "Llama 3 8B Q4"
"""The model of a profile's own two token speeds: one request at a time on one GPU, llama.cpp."""


class Figure(Model):
    """A number, who says so, and what to beware of."""

    value: float
    source: str
    note: str | None = None


class Profile(Model):
    """One GPU model. The figures are named as the fields of `Hardware` that they fill; None: nobody says."""

    name: str
    basis: Literal["owned", "rented"]
    memory_gb: Figure
    peak_flop_s: Figure
    bandwidth_gb_s: Figure
    tdp_w: Figure
    purchase_usd: Figure | None = None
    rent_usd_per_h: Figure
    prefill_tokens_per_s: Figure | None = None
    decode_tokens_per_s: Figure | None = None

    @property
    def figures(self) -> dict[str, Figure]:
        """Those that there are, by field."""
        fields = {field: getattr(self, field) for field in type(self).model_fields}
        return {field: figure for field, figure in fields.items() if isinstance(figure, Figure)}


class Catalogue(Model):
    """All profiles by name, and what is assumed of any GPU that is owned."""

    sources: dict[str, str]
    lifetime_h: Figure
    electricity_usd_per_kwh: Figure
    profiles: dict[str, Profile]

    def profile(self, name: str) -> Profile:
        """Raises LookupError, with the name that comes closest, if there is none of that name."""
        if name not in self.profiles:
            near = closest(name, self.profiles)
            hint = f"did you mean {near!r}?" if near else f"known: {', '.join(self.profiles)}"
            raise LookupError(f"no hardware profile {name!r}; {hint}")
        return self.profiles[name]


@dataclass(frozen=True, slots=True)
class ServingPoint:
    """What was measured of `gpus` GPUs of a profile that serve `batch` requests of a model at once.

    `output_tokens_per_s` counts all requests; `median_itl_ms` is what one of them waits from token to token.
    """

    profile: str
    model: str
    active_params_billions: float
    gpus: int
    batch: int
    output_tokens_per_s: float
    j_per_token: float
    median_itl_ms: float


@lru_cache(maxsize=1)
def catalogue() -> Catalogue:
    """The profiles that ship."""
    return Catalogue.model_validate(yaml.safe_load(_text("hardware.yaml")))


@lru_cache(maxsize=1)
def serving_points() -> tuple[ServingPoint, ...]:
    """All measurements of served models, by rising batch within a profile, model and number of GPUs."""
    return tuple(
        ServingPoint(
            profile=row["profile"],
            model=row["model"],
            active_params_billions=float(row["active_params_billions"]),
            gpus=int(row["gpus"]),
            batch=int(row["batch"]),
            output_tokens_per_s=float(row["output_tokens_per_s"]),
            j_per_token=float(row["j_per_token"]),
            median_itl_ms=float(row["median_itl_ms"]),
        )
        for row in csv.DictReader(_text("serving.csv").splitlines())
    )


def served(profile: str | None, model: str, gpus: int, batch: int) -> ServingPoint:
    """What holds at a batch: as measured, or in between a power law from point to point.

    Raises ValueError, beginning with the setting at fault, where nothing was measured of it: there is no
    extrapolation.
    """
    points = _measured(profile, model, gpus)
    low, high = points[0].batch, points[-1].batch
    if not low <= batch <= high:
        raise ValueError(f"batch: {model} is measured from {low} to {high} at once (got {batch})")

    def at(field: str) -> float:
        values = np.log([getattr(point, field) for point in points])
        return float(np.exp(np.interp(np.log(batch), np.log([point.batch for point in points]), values)))

    return ServingPoint(
        profile=points[0].profile,
        model=model,
        active_params_billions=points[0].active_params_billions,
        gpus=gpus,
        batch=batch,
        output_tokens_per_s=at("output_tokens_per_s"),
        j_per_token=at("j_per_token"),
        median_itl_ms=at("median_itl_ms"),
    )


@dataclass(frozen=True, slots=True)
class FittedCurve:
    """The time per token, by the jobs at once, that fits what was measured of a served model: a straight
    line. `max_jobs` is the largest batch measured, `median_error` that of the fit, relative."""

    base_ms_per_token: float
    per_job_ms: float
    max_jobs: int
    median_error: float


def fitted_curve(profile: str, model: str, gpus: int) -> FittedCurve:
    """The straight line of least relative squares through the measured times per token.

    Raises ValueError, beginning with the setting at fault, where nothing was measured of it.
    """
    points = _measured(profile, model, gpus)
    jobs = np.array([float(point.batch) for point in points])
    ms = 1000 * jobs / np.array([point.output_tokens_per_s for point in points])
    line = np.column_stack((np.ones(len(jobs)), jobs))
    (base, slope), *_ = np.linalg.lstsq(line / ms[:, None], np.ones(len(jobs)), rcond=None)
    error = float(np.median(np.abs((base + slope * jobs) / ms - 1)))
    return FittedCurve(float(f"{base:.4g}"), float(f"{slope:.4g}"), points[-1].batch, error)


def _measured(profile: str | None, model: str, gpus: int) -> list[ServingPoint]:
    """All measurements of a model on so many GPUs, by rising batch.

    Raises ValueError, beginning with the setting at fault, where there are none.
    """
    points = [point for point in serving_points() if point.profile == profile]
    if not points:
        where = ", ".join(dict.fromkeys(point.profile for point in serving_points()))
        here = profile or "hardware without a profile"
        raise ValueError(f"serves: nothing is measured on {here} (got {model!r}); measured on {where}")
    models = list(dict.fromkeys(point.model for point in points))
    if model not in models:
        near = closest(model, models)
        hint = f"did you mean {near!r}?" if near else f"measured: {', '.join(models)}"
        raise ValueError(f"serves: not measured on {profile} (got {model!r}); {hint}")
    points = [point for point in points if point.model == model]
    sizes = sorted({point.gpus for point in points})
    if gpus not in sizes:
        measured = " and ".join(map(str, sizes))
        raise ValueError(f"gpus: {model} is measured on {measured} {profile} (got {gpus})")
    return [point for point in points if point.gpus == gpus]


def what_is_measured(profile: str) -> str:
    """In words: the token speeds known of a profile or, if there are none, of which profiles some are."""
    known = catalogue().profiles
    models = dict.fromkeys(point.model for point in serving_points() if point.profile == profile)
    if models:
        return f"measured on {profile} is what it serves in batches: {', '.join(models)}"
    if known[profile].decode_tokens_per_s is not None:
        return f"measured on {profile} is {SINGLE_STREAM_MODEL}, gpus 1, batch 1"
    alone = ", ".join(name for name, each in known.items() if each.decode_tokens_per_s is not None)
    batches = ", ".join(dict.fromkeys(point.profile for point in serving_points()))
    return (
        f"nothing is measured on {profile}, but {SINGLE_STREAM_MODEL} on {alone} "
        f"and models served in batches on {batches}"
    )


def _text(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")
