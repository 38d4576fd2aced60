"""A small log that is made up, for those who have none at hand: what a gateway in front of three models would
have written in a day."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np

from coalesce_sim.logs.answers import read_answers
from coalesce_sim.logs.made_up import made_up

LOG_NAME: Final = "made_up_log.csv"
PRICES_NAME: Final = "made_up_prices.csv"
HOME: Final = "llama-3.1-8b=rtx_4090"
"""What of the log runs on a card at home, as `--home` says it."""

_START: Final = datetime(2026, 11, 2, tzinfo=UTC)
_DAY_CALLS: Final = {"classify": 250, "summarise": 150, "draft": 80}
_LENGTHS: Final = {"classify": (700.0, 40.0), "summarise": (3500.0, 300.0), "draft": (1200.0, 700.0)}
_WENT: Final = {
    "classify": ("openai", "gpt-4o-mini"),
    "summarise": ("hosted_vllm", "llama-3.1-8b"),
    "draft": ("openai", "gpt-4o"),
}
_PRICES: Final = {"gpt-4o-mini": (0.15, 0.60), "gpt-4o": (2.50, 10.0), "llama-3.1-8b": (0.0, 0.0)}
_SPEEDS: Final = {
    "gpt-4o-mini": (0.4, 9_000.0, 90.0),
    "gpt-4o": (0.5, 6_000.0, 70.0),
    "llama-3.1-8b": (0.05, 4_500.0, 75.0),
}
"""Seconds to begin, tokens read and tokens written in a second."""

_FAILS: Final = 0.02
_COLUMNS: Final = (
    "request_id",
    "startTime",
    "endTime",
    "completionStartTime",
    "prompt_tokens",
    "completion_tokens",
    "spend",
    "model",
    "custom_llm_provider",
    "status",
    "team_id",
    "session_id",
    "request_tags",
)


def log_text() -> str:
    """The log, as LiteLLM exports it: 480 calls or so, and a few rows that nobody can use."""
    random = np.random.default_rng(18)
    kinds = list(_DAY_CALLS)
    tasks = {
        kind: {
            "per_day": _DAY_CALLS[kind],
            "prompt_tokens": _LENGTHS[kind][0],
            "answer_tokens": _LENGTHS[kind][1],
            "target_s": 30,
        }
        for kind in kinds
    }
    seller = {"openai/gpt-4o": {"input_usd_per_mtok": 2.5, "output_usd_per_mtok": 10}}
    drawn = made_up(read_answers({"tasks": tasks, "sellers": seller, "spread": 0.7, "seed": 18}).answers)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for place in range(len(drawn.arrival_s)):
        kind = kinds[int(drawn.type_id[place])]
        read, wrote = int(drawn.prompt_tokens[place]), int(drawn.answer_tokens[place])
        writer.writerow(_row(place, kind, float(drawn.arrival_s[place]), read, wrote, random))
    return text.getvalue()


def prices_text() -> str:
    """A price list with two sellers whom the log does not know."""
    return (
        "provider,model,input_usd_per_mtok,output_usd_per_mtok\n"
        "north,gpt-4o,2.00,8.00\n"
        "south,gpt-4o-mini,0.12,0.50\n"
    )


def _row(place: int, kind: str, at_s: float, read: int, wrote: int, random: np.random.Generator) -> list[str]:
    provider, model = _WENT[kind]
    begin_s, reads, writes = _SPEEDS[model]
    noise = float(random.lognormal(-0.005, 0.1))
    failed = bool(random.random() < _FAILS)
    first_s = (begin_s + read / reads) * noise
    took_s = first_s + wrote / writes * noise
    usd = 0.0 if failed else (_PRICES[model][0] * read + _PRICES[model][1] * wrote) / 1e6
    row = {
        "request_id": f"call-{place}",
        "startTime": _moment(at_s),
        "endTime": _moment(at_s + took_s),
        "completionStartTime": _moment(at_s + first_s),
        "prompt_tokens": str(read),
        "completion_tokens": "0" if failed else str(wrote),
        "spend": f"{usd:.8f}",
        "model": model,
        "custom_llm_provider": provider,
        "status": "failure" if failed else "success",
        "team_id": f"team-{place % 3}",
        "session_id": f"session-{place // 4}",
        "request_tags": f'["{kind}"]',
    }
    row |= _unusable(place)
    return [row[column] for column in _COLUMNS]


def _unusable(place: int) -> dict[str, str]:
    """What is wrong with some rows, so that one sees what becomes of such."""
    return {
        61: {"startTime": "yesterday"},
        127: {"prompt_tokens": "-5"},
        233: {"spend": "free"},
        344: {"model": ""},
    }.get(place, {})


def _moment(at_s: float) -> str:
    return (_START + timedelta(seconds=at_s)).isoformat(timespec="milliseconds")
