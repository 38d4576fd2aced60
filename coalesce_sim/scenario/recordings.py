"""What a user writes about recorded runs of real agents, from which outcomes are replayed."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from coalesce_sim.scenario.base import Model
from coalesce_sim.scenario.distributions import NonNegative

Names = Annotated[list[Annotated[str, Field(min_length=1)]], Field(min_length=1)]


class Cell(Model):
    """All runs of one model on one benchmark."""

    model: str
    benchmark: str


KNOWN_FAULTY = (
    Cell(model="claude-sonnet-4-6", benchmark="gaia"),
    Cell(model="DeepSeek-V4-Pro", benchmark="gaia"),
    Cell(model="MiniMax-M2.7", benchmark="gaia"),
    Cell(model="Nemotron-3-Nano", benchmark="swt-bench"),
    Cell(model="Qwen3-Coder-480B", benchmark="commit0"),
)
"""Cells of the OpenHands Index in which the harness failed, not the model."""

_BENCHMARKS = ("gaia", "swe-bench", "swe-bench-multimodal", "swt-bench")


class ExpectedTokens(Model):
    """Tokens a task is expected to be billed for, by which models are compared before anything is known.

    The defaults are the mean of 301,026 sessions of GitHub Copilot's coding agent in the first week of June
    2026: 2.1 million prompt tokens, 85.7 % of them from the cache, and 16,300 tokens of output (Azure Public
    Dataset, GitHubCopilotCodingAgentDataset2026, CC BY 4.0). No recorded bill went into them.
    """

    uncached_prompt: NonNegative = 300_000
    cached_prompt: NonNegative = 1_800_000
    output: NonNegative = 16_300


class Records(Model):
    """Recorded runs of real agents: who solved which task, and at which bill.

    `path` names a CSV file with the columns ``model, benchmark, instance_id, resolved, cost_usd``, one row a
    run; `resolved` and `cost_usd` are empty where nobody recorded them. `models_path` names a CSV file with
    the columns ``model, benchmark, openness, input_usd_per_mtok, output_usd_per_mtok,
    cache_read_usd_per_mtok, avg_runtime_s``, one row for each model and benchmark; cached tokens without a
    price of their own cost as much as others.

    `benchmarks` are the task types, in this order. The runs of the cells in `exclude` are left out; a list of
    your own replaces the known faulty ones. `own_agent` is the model that clients run themselves,
    `contractors` are those they can hire (left out: all others in the file). Where a model has no run that
    was judged and billed, it makes no offer; where the own agent has none, the task is not replayed, since
    staying at home could not be charged.
    """

    path: str
    models_path: str
    benchmarks: Names = Field(default_factory=lambda: list(_BENCHMARKS))
    exclude: list[Cell] = Field(default_factory=lambda: list(KNOWN_FAULTY))
    own_agent: str = "Qwen3-Coder-Next"
    contractors: Names | None = None
    tokens: ExpectedTokens = ExpectedTokens()

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        for field, names in (("benchmarks", self.benchmarks), ("contractors", self.contractors or [])):
            for name in names:
                if names.count(name) > 1:
                    raise ValueError(f"{field}: stated twice (got {name!r})")
        if self.contractors and self.own_agent in self.contractors:
            raise ValueError(f"contractors: must not hold the own agent (got {self.own_agent!r})")
        return self
