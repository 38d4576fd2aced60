"""What a user writes about recorded runs of real agents, from which outcomes are replayed."""

from __future__ import annotations

from collections import Counter
from typing import Annotated, Self

from pydantic import Field, model_validator

from coalesce_sim.scenario.base import Model
from coalesce_sim.scenario.distributions import NonNegative

Names = Annotated[list[Annotated[str, Field(min_length=1)]], Field(min_length=1)]


class Cell(Model):
    """All runs of one model on one benchmark."""

    model: str
    """The model's name in the file of runs, `records.path`."""
    benchmark: str
    """The benchmark's name in the file of runs, `records.path`."""


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
    """Tokens billed at the list price of input."""
    cached_prompt: NonNegative = 1_800_000
    """Tokens billed at the list price of cache reads or, where none is listed, of input."""
    output: NonNegative = 16_300
    """Tokens billed at the list price of output."""


class RecordedRuns(Model):
    """Recorded runs of real agents: who solved which task, and at which bill.

    Where a model has no run that was judged and billed, it makes no offer.
    """

    path: str
    """CSV file with the columns ``model, benchmark, instance_id, resolved, cost_usd``, one row a run;
    `resolved` and `cost_usd` are empty where nobody recorded them."""
    models_path: str
    """CSV file with the columns ``model, benchmark, openness, input_usd_per_mtok, output_usd_per_mtok,
    cache_read_usd_per_mtok, avg_runtime_s``, one row for each model and benchmark."""
    benchmarks: Names = Field(default_factory=lambda: list(_BENCHMARKS))
    """Benchmarks whose tasks are played; `workload.types` must be the same."""
    exclude: list[Cell] = Field(default_factory=lambda: list(KNOWN_FAULTY))
    """Models whose runs on a benchmark are left out; a list of your own replaces that of the known faulty
    ones."""
    own_agent: str = "Qwen3-Coder-Next"
    """Model that the clients run themselves. A task on which it has no run that was judged and billed is not
    replayed, since staying at home could not be charged."""
    contractors: Names | None = None
    """Models that can be hired; left out, all others in the file."""
    tokens: ExpectedTokens = ExpectedTokens()
    """Tokens that a task is expected to be billed for, by which list prices are compared before a bill is
    known."""

    resample: Annotated[int, Field(ge=1)] | None = None
    """Number of a bootstrap sample that is replayed in place of the tasks themselves: as many instances,
    drawn with replacement, each number another sample. What differs between samples says how far a figure
    hangs on these tasks being the ones recorded."""

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        for field, names in (("benchmarks", self.benchmarks), ("contractors", self.contractors or [])):
            name, times = Counter(names).most_common(1)[0] if names else ("", 0)
            if times > 1:
                raise ValueError(f"{field}: stated twice (got {name!r})")
        if self.contractors and self.own_agent in self.contractors:
            raise ValueError(f"contractors: must not hold the own agent (got {self.own_agent!r})")
        return self
