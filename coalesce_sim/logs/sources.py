"""Where each tool's export holds what is read of a call. Nothing else of a file is looked at."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final

Paths = tuple[str, ...]
"""Columns that may hold a field, the first that has something in a row; what is nested is reached by
``/``."""

FIELDS: Final = {
    "id": "the request's own number, by which rows that stand twice are found",
    "start": "when the call began",
    "end": "when it ended",
    "duration_s": "how long it took, in seconds; in place of `end`",
    "duration_ms": "the same in milliseconds",
    "first": "when the first token came",
    "first_s": "seconds to the first token; in place of `first`",
    "first_ms": "the same in milliseconds",
    "prompt_tokens": "tokens of the prompt, cached ones among them",
    "cached_tokens": "tokens of the prompt that came from the seller's cache",
    "beside_tokens": "tokens of the prompt that `prompt_tokens` leave out",
    "output_tokens": "tokens of the answer",
    "total_tokens": "tokens of both",
    "usd": "what the call cost",
    "currency": "in what",
    "model": "who answered",
    "requested": "who was asked for",
    "provider": "by whom the model is served",
    "status": "a word for how it ended",
    "error": "what went wrong; empty where nothing did",
    "cancelled": "whether the client broke it off",
    "cache_hit": "whether the gateway itself knew the answer",
    "call": "the kind of call",
    "user": "for whom",
    "team": "of which team",
    "tag": "what for",
    "agent": "by which agent or application",
    "session": "which calls belong together",
}
"""All that is read of a row, by our names."""

BY: Final = ("tag", "model", "agent", "team", "user")
"""By what calls can be told apart as types of task or groups of clients."""


@dataclass(frozen=True, slots=True)
class Release:
    """What the columns of an export are called, and which of them it must have."""

    name: str
    known_by: str
    paths: Mapping[str, Paths]

    def columns(self) -> set[str]:
        """The columns that are read."""
        return {path.partition("/")[0] for paths in self.paths.values() for path in paths}


@dataclass(frozen=True, slots=True)
class Source:
    """A kind of log: its releases, newest first, and what its words mean.

    `calls` are kinds of call that are a model's answers, all if there are none; `not_calls` are parts of the
    names of those that are not. `failures` are words for a call that failed.
    """

    kind: str
    tool: str
    releases: tuple[Release, ...]
    failures: frozenset[str]
    calls: frozenset[str] = frozenset()
    not_calls: tuple[str, ...] = ()
    notes: tuple[str, ...] = field(default=())

    def release(self, columns: Collection[str]) -> Release:
        """The newest release whose mark is among the columns; failing that the one that shares most of
        them."""
        for each in self.releases:
            if each.known_by in columns:
                return each
        return max(self.releases, key=lambda each: len(each.columns().intersection(columns)))

    def wrote(self, columns: Collection[str]) -> bool:
        """Whether a file with these columns can be such a log."""
        paths = self.release(columns).paths
        tops = {each: {path.partition("/")[0] for path in options} for each, options in paths.items()}
        return all(any(not tops.get(each, set()).isdisjoint(columns) for each in group) for group in NEEDED)


NEEDED: Final = (
    ("start",),
    ("end", "duration_s", "duration_ms"),
    ("prompt_tokens",),
    ("output_tokens",),
    ("model",),
)
"""Fields without which a log says too little: of each group one."""

_LITELLM = {
    "id": ("request_id",),
    "start": ("startTime",),
    "end": ("endTime",),
    "duration_ms": ("request_duration_ms",),
    "first": ("completionStartTime",),
    "prompt_tokens": ("prompt_tokens",),
    "output_tokens": ("completion_tokens",),
    "cached_tokens": (
        "metadata/additional_usage_values/cache_read_input_tokens",
        "metadata/additional_usage_values/prompt_tokens_details/cached_tokens",
        "metadata/usage_object/cache_read_input_tokens",
        "metadata/usage_object/prompt_tokens_details/cached_tokens",
    ),
    "usd": ("spend",),
    "model": ("model",),
    "requested": ("model_group",),
    "provider": ("custom_llm_provider",),
    "status": ("status", "metadata/status"),
    "cache_hit": ("cache_hit",),
    "call": ("call_type",),
    "user": ("end_user", "user"),
    "team": ("team_id",),
    "tag": ("request_tags",),
    "agent": ("agent_id",),
    "session": ("session_id",),
}

_OPENROUTER_ACTIVITY = {
    "id": ("generation_id",),
    "start": ("created_at",),
    "duration_ms": ("generation_time_ms",),
    "first_ms": ("time_to_first_token_ms",),
    "prompt_tokens": ("tokens_prompt",),
    "output_tokens": ("tokens_completion",),
    "cached_tokens": ("tokens_cached",),
    "usd": ("cost_total",),
    "model": ("model_permaslug",),
    "provider": ("provider_name",),
    "status": ("finish_reason_normalized",),
    "cancelled": ("cancelled",),
    "user": ("user",),
    "agent": ("app_name",),
}

_OPENROUTER_RECORDS = {
    "id": ("id",),
    "start": ("created_at",),
    "duration_ms": ("generation_time",),
    "first_ms": ("latency",),
    "prompt_tokens": ("native_tokens_prompt", "tokens_prompt"),
    "output_tokens": ("native_tokens_completion", "tokens_completion"),
    "cached_tokens": ("native_tokens_cached",),
    "usd": ("total_cost", "usage"),
    "model": ("model",),
    "provider": ("provider_name",),
    "status": ("finish_reason",),
    "cancelled": ("cancelled",),
    "user": ("external_user",),
    "agent": ("app_id",),
    "session": ("session_id",),
}

_LANGFUSE = {
    "id": ("id",),
    "start": ("start_time",),
    "end": ("end_time",),
    "first": ("completion_start_time",),
    "prompt_tokens": ("usage_details/input",),
    "beside_tokens": ("usage_details/input_cached_tokens", "usage_details/cache_read_input_tokens"),
    "output_tokens": ("usage_details/output",),
    "total_tokens": ("usage_details/total",),
    "usd": ("total_cost", "cost_details/total"),
    "model": ("provided_model_name",),
    "status": ("level",),
    "call": ("type",),
    "user": ("user_id",),
    "team": ("environment",),
    "tag": ("tags",),
    "agent": ("trace_name",),
    "session": ("session_id",),
}

_LANGFUSE_UI = {
    "id": ("id",),
    "start": ("startTime",),
    "end": ("endTime",),
    "first": ("completionStartTime",),
    "prompt_tokens": ("usageDetails/input", "usage/input", "promptTokens", "inputUsage"),
    "beside_tokens": ("usageDetails/input_cached_tokens", "usageDetails/cache_read_input_tokens"),
    "output_tokens": ("usageDetails/output", "usage/output", "completionTokens", "outputUsage"),
    "total_tokens": ("usageDetails/total", "usage/total", "totalTokens", "totalUsage"),
    "usd": ("totalCost", "costDetails/total", "calculatedTotalCost"),
    "model": ("model", "providedModelName"),
    "status": ("level",),
    "call": ("type",),
    "user": ("userId",),
    "team": ("environment",),
    "tag": ("tags", "traceTags"),
    "agent": ("traceName",),
    "session": ("sessionId",),
}

_OTEL = {
    "id": ("spanId",),
    "start": ("startTimeUnixNano",),
    "end": ("endTimeUnixNano",),
    "first_s": ("gen_ai.response.time_to_first_chunk",),
    "prompt_tokens": ("gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens"),
    "cached_tokens": (
        "gen_ai.usage.cache_read.input_tokens",
        "gen_ai.usage.cache_read_input_tokens",
        "gen_ai.usage.input_tokens.cached",
    ),
    "output_tokens": ("gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens"),
    "usd": ("gen_ai.usage.cost", "gen_ai.usage.cost.total", "gen_ai.usage.cost_usd"),
    "model": ("gen_ai.response.model", "gen_ai.request.model"),
    "requested": ("gen_ai.request.model",),
    "provider": ("gen_ai.provider.name", "gen_ai.system"),
    "error": ("error.type", "span.error"),
    "call": ("gen_ai.operation.name",),
    "user": ("enduser.id", "user.id"),
    "team": ("service.name",),
    "agent": ("gen_ai.agent.name",),
    "session": ("gen_ai.conversation.id", "session.id"),
}

_OWN = {name: (name,) for name in FIELDS if name not in ("beside_tokens", "total_tokens")}

_WORDS = frozenset({"failure", "failed", "fail", "error", "timeout", "no", "false", "0", "bad", "exception"})

SOURCES: Final = {
    each.kind: each
    for each in (
        Source(
            "litellm",
            "LiteLLM SpendLogs",
            (Release("SpendLogs", "startTime", _LITELLM),),
            _WORDS,
            not_calls=(
                "embedding",
                "image",
                "speech",
                "transcription",
                "moderation",
                "rerank",
                "mcp",
                "file",
                "batch",
            ),
        ),
        Source(
            "openrouter",
            "OpenRouter",
            (
                Release("activity", "model_permaslug", _OPENROUTER_ACTIVITY),
                Release("generation records", "generation_time", _OPENROUTER_RECORDS),
            ),
            _WORDS,
            notes=("`created_at` is taken for the start of a call",),
        ),
        Source(
            "langfuse",
            "Langfuse observations",
            (
                Release("observations", "start_time", _LANGFUSE),
                Release("export from the UI", "startTime", _LANGFUSE_UI),
            ),
            _WORDS,
            calls=frozenset({"generation"}),
        ),
        Source(
            "otel",
            "OpenTelemetry GenAI spans",
            (Release("spans", "startTimeUnixNano", _OTEL),),
            _WORDS,
            calls=frozenset({"chat", "text_completion", "generate_content", "completion"}),
        ),
        Source("csv", "a table of one's own", (Release("own columns", "start", _OWN),), _WORDS),
    )
}
"""The kinds of log, by name."""
