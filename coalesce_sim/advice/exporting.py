"""The advised routing as a file: exactly, as JSON, or as far as it goes in a gateway's own configuration."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any, Final, Literal

import yaml

from coalesce_sim.advice.advice import Advice, Job
from coalesce_sim.advice.field import BY_LENGTH
from coalesce_sim.scenario.routes import HOME, Routes

Format = Literal["litellm", "json"]

FILES: Final[dict[Format, str]] = {"litellm": "litellm.yaml", "json": "routing.json"}
"""What the file of each format is called."""

HOME_MODEL: Final = "hosted_vllm/HOME_MODEL"
HOME_BASE: Final = "os.environ/HOME_API_BASE"
"""Placeholders for the model that is served at home, and where: no log says the latter."""

_LEAST_WEIGHT = 1
"""Shares below half a percent are left out."""


def export(advice: Advice, form: Format) -> str:
    """The text of the file."""
    return _json(advice) if form == "json" else _litellm(advice)


def _json(advice: Advice) -> str:
    """Rules of a static routing, in their order, and what share of each type everybody gets."""
    chosen = advice.best.settings
    routes = chosen.model_dump(mode="json", exclude_none=True) if isinstance(chosen, Routes) else None
    shares: dict[str, dict[str, float]] = {}
    for each in advice.jobs:
        shares.setdefault(each.type, {})[each.worker] = round((each.share.mean or 0.0) / 100, 6)
    told = {
        "policy": advice.best.label,
        "routes": None if routes is None else {"rules": routes["rules"], "otherwise": routes["otherwise"]},
        "shares": shares,
    }
    return json.dumps(told, indent=2, ensure_ascii=False) + "\n"


def left_out(advice: Advice, form: Format) -> str | None:
    """What the format cannot say of the advised routing, in one line; None where it says all."""
    if form == "json" or all(each.share.mean == 100 for each in advice.jobs):
        return None
    if advice.best.label == BY_LENGTH:
        return (
            "the gateway cannot route by the length of prompts: exported is the share of each type's tasks "
            "that each worker gets, drawn at random"
        )
    return (
        f"{advice.best.label} decides task by task, which the gateway cannot: exported is the share of each "
        "type's tasks that each worker gets, drawn at random"
    )


def _litellm(advice: Advice) -> str:
    """A proxy's `model_list`: clients ask for a type of task by name; deployments share it by weight."""
    deployments = [
        _deployment(each) for each in advice.jobs if round(each.share.mean or 0.0) >= _LEAST_WEIGHT
    ]
    config = {"model_list": deployments, "router_settings": {"routing_strategy": "simple-shuffle"}}
    head = [f"# {advice.scenario.name}: {advice.best.label}. Clients ask for a type of task as their model."]
    if (lacking := left_out(advice, "litellm")) is not None:
        head.append(f"# Left out: {lacking}.")
    if any(each.worker == HOME for each in advice.jobs):
        head.append(
            "# State the model that you serve at home in place of HOME_MODEL, and HOME_API_BASE in the "
            "environment."
        )
    if any(each.worker != HOME for each in advice.jobs):
        head.append(
            "# Models are called as the market calls its contractors: put in the provider's own spelling "
            "where it is another. Keys are as the gateway has them."
        )
    text: str = yaml.safe_dump(config, sort_keys=False, allow_unicode=True, width=math.inf)
    return "\n".join([*head, text])


def _deployment(job: Job) -> dict[str, Any]:
    params: dict[str, Any] = {"model": job.worker, "weight": round(job.share.mean or 0.0)}
    if job.worker == HOME:
        params |= {"model": HOME_MODEL, "api_base": HOME_BASE}
    return {"model_name": job.type, "litellm_params": params}


def exported(advice: Advice, forms: Sequence[Format]) -> dict[str, str]:
    """The files of some formats, by name."""
    return {FILES[form]: export(advice, form) for form in dict.fromkeys(forms)}
