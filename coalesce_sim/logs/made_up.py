"""Requests that nobody logged: drawn from what somebody says of them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa

from coalesce_sim.arrays import FloatArray, IntArray
from coalesce_sim.logs.answers import Answers, TaskKind

_DAY_S: Final = 86_400.0


@dataclass(frozen=True, slots=True)
class Requests:
    """Requests by time of arrival: seconds from the start, the place of each one's type, and its lengths."""

    arrival_s: FloatArray
    type_id: IntArray
    prompt_tokens: IntArray
    answer_tokens: IntArray

    def table(self, types: list[str], values_usd: list[float]) -> pa.Table:
        """As `arrivals: {kind: table}` reads them, with what a task of each type is worth."""
        kinds = pa.DictionaryArray.from_arrays(
            pa.array(self.type_id, pa.int32()), pa.array(types, pa.string())
        )
        return pa.table(
            {
                "arrival_s": pa.array(self.arrival_s),
                "type": kinds,
                "prompt_tokens": pa.array(self.prompt_tokens, pa.int64()),
                "output_tokens": pa.array(self.answer_tokens, pa.int64()),
                "value_usd": pa.array(np.array(values_usd)[self.type_id], pa.float64()),
            }
        )


def made_up(answers: Answers) -> Requests:
    """Poisson arrivals at an even rate, and lognormal lengths, of at least one token.

    Each type has a stream of its own: one more type leaves the requests of those before it as they are.
    """
    parts = [
        _of_type(kind, answers, np.random.default_rng([answers.seed, place]))
        for place, kind in enumerate(answers.tasks.values())
    ]
    type_id = np.repeat(np.arange(len(parts)), [len(arrival_s) for arrival_s, _, _ in parts])
    arrival_s, prompt, answer = (np.concatenate(each) for each in zip(*parts, strict=True))
    order = np.argsort(arrival_s, kind="stable")
    return Requests(arrival_s[order], type_id[order], prompt[order], answer[order])


def _of_type(
    kind: TaskKind, answers: Answers, random: np.random.Generator
) -> tuple[FloatArray, IntArray, IntArray]:
    count = int(random.poisson(kind.per_day * answers.days))
    arrival_s = np.sort(random.uniform(0.0, answers.days * _DAY_S, count))
    prompt = _lengths(kind.prompt_tokens, answers.spread, count, random)
    return arrival_s, prompt, _lengths(kind.answer_tokens, answers.spread, count, random)


def _lengths(mean: float, spread: float, count: int, random: np.random.Generator) -> IntArray:
    """Lognormal, of this mean and `spread` times it as standard deviation."""
    variance = math.log1p(spread**2)
    drawn = random.lognormal(math.log(mean) - variance / 2, math.sqrt(variance), count)
    return np.maximum(1, np.rint(drawn)).astype(np.int64)
