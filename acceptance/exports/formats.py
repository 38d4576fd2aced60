"""The same calls as LiteLLM, OpenRouter, Langfuse, OpenTelemetry, or somebody's own table have them."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from acceptance.exports.world import SELLERS, START, TEAMS, TYPES, World

ROWS_AT_ONCE = 200_000


def write(kind: str, world: World, out: Path) -> None:
    """Write all calls in the format that the end of the name says. Raises `ValueError` for a strange one."""
    suffix = "".join(Path(out.name.removesuffix(".gz")).suffixes[-1:])
    parts = (KINDS[kind](world, at) for at in _slices(len(world)))
    if suffix == ".parquet":
        _write_parquet(parts, out)
    elif suffix in (".csv", ".tsv"):
        _write_csv(parts, out, ";" if kind == "csv-semicolon" else ",")
    elif suffix in (".json", ".jsonl"):
        _write_json(kind, parts, out, lines=suffix == ".jsonl")
    else:
        raise ValueError(f"no such format (got {suffix!r})")


Columns = dict[str, Any]
"""By name arrays of equal length; of strings, numbers, or anything that JSON has."""


def _slices(rows: int) -> Iterator[slice]:
    for first in range(0, rows, ROWS_AT_ONCE):
        yield slice(first, min(rows, first + ROWS_AT_ONCE))


def _moments(ms: np.ndarray) -> np.ndarray:
    moments: np.ndarray = START.astype("datetime64[ms]") + ms.astype("timedelta64[ms]")
    return moments


def _iso(ms: np.ndarray, zone: np.ndarray) -> np.ndarray:
    """UTC with Z, and of the other gateway local time one hour ahead."""
    utc = np.char.add(np.datetime_as_string(_moments(ms), unit="ms"), "Z")
    local = np.datetime_as_string(_moments(ms + 3_600_000), unit="ms")
    ahead = np.char.add(np.char.replace(local, "T", " "), "+01:00")
    return np.where(zone == 1, ahead, utc)


def _utc(ms: np.ndarray) -> np.ndarray:
    """``YYYY-MM-DD HH:MM:SS.ffffff``, in UTC without saying so."""
    return np.char.replace(np.datetime_as_string(_moments(ms), unit="us"), "T", " ")


def _named(prefix: str, numbers: np.ndarray) -> np.ndarray:
    return np.char.add(prefix, numbers.astype(str))


def _but(missing: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Values, and nothing where they are missing."""
    found = values.astype(object)
    found[missing] = None
    return found


def _of_sellers(world: World, at: slice, field: str) -> np.ndarray:
    of_call: np.ndarray = np.array([getattr(each, field) for each in SELLERS])[world.seller[at]]
    return of_call


def _types(world: World, at: slice) -> np.ndarray:
    of_call: np.ndarray = np.array(TYPES)[world.type[at]]
    return of_call


def _litellm(world: World, at: slice) -> Columns:
    """Rows of LiteLLM_SpendLogs."""
    n = at.stop - at.start
    failed, zone = world.failed[at], world.zone[at]
    provider, model = _of_sellers(world, at, "provider"), _of_sellers(world, at, "model")
    first = np.where(failed, world.end_ms[at], world.first_ms[at])
    listed = [json.dumps([*filter(None, [tag]), "User-Agent: openai"]) for tag in (*TYPES, "")]
    tags = np.array(listed)[world.type[at] if world.tags else np.full(n, len(TYPES))]
    alias = f'{{"user_api_key_alias": "{world.private}", '
    cached = np.char.add(
        '"additional_usage_values": {"cache_read_input_tokens": ', world.cached[at].astype(str)
    )
    written = ', "cache_creation_input_tokens": 0}, "usage_object": null}'
    metadata = np.char.add(np.char.add(alias, cached), written)
    told = world.prompt_told[at]
    text = np.full(n, f'{{"content": "{world.private}"}}')
    return {
        "request_id": _named("chatcmpl-", np.arange(at.start, at.stop) + 1_000_000 * (world.seed + 1)),
        "call_type": np.full(n, "acompletion"),
        "api_key": np.full(n, f"sk-{world.private}"),
        "spend": world.usd[at],
        "total_tokens": told + world.output[at],
        "prompt_tokens": told,
        "completion_tokens": world.output[at],
        "startTime": _iso(world.start_ms[at], zone),
        "endTime": _iso(world.end_ms[at], zone),
        "request_duration_ms": world.end_ms[at] - world.start_ms[at],
        "completionStartTime": _iso(first, zone),
        "model": model,
        "model_id": np.full(n, "f1a2"),
        "model_group": _of_sellers(world, at, "model"),
        "custom_llm_provider": provider,
        "api_base": np.full(n, f"http://{world.private}.internal/v1"),
        "user": _named("u-", world.user[at]),
        "metadata": metadata,
        "cache_hit": np.full(n, "False"),
        "cache_key": np.full(n, ""),
        "request_tags": tags,
        "team_id": _named("team-", np.array(TEAMS)[world.team[at]]),
        "organization_id": np.full(n, ""),
        "end_user": np.full(n, ""),
        "requester_ip_address": np.full(n, f"10.0.0.1 {world.private}"),
        "messages": text,
        "response": text,
        "session_id": _named("s-", world.session[at]) if world.sessions else np.full(n, ""),
        "status": np.where(failed, "failure", "success"),
        "mcp_namespaced_tool_name": np.full(n, ""),
        "agent_id": np.full(n, ""),
        "proxy_server_request": text,
    }


def _openrouter(world: World, at: slice) -> Columns:
    """Rows of the activity export, newest first."""
    n = at.stop - at.start
    at_last = slice(len(world) - at.stop, len(world) - at.start)  # the file as a whole is turned round
    failed = world.failed[at_last]
    columns = {
        "generation_id": _named(
            "gen-", np.arange(at_last.start, at_last.stop) + 1_000_000 * (world.seed + 1)
        ),
        "created_at": _utc(world.start_ms[at_last]),
        "cost_total": world.usd[at_last],
        "cost_web_search": np.zeros(n),
        "cost_cache": np.zeros(n),
        "cost_file_processing": np.zeros(n),
        "byok_usage_inference": np.zeros(n),
        "tokens_prompt": world.prompt_told[at_last],
        "tokens_completion": world.output[at_last],
        "tokens_reasoning": np.zeros(n, dtype=np.int64),
        "tokens_cached": world.cached[at_last],
        "model_permaslug": np.char.lower(_of_sellers(world, at_last, "model")),
        "provider_name": _of_sellers(world, at_last, "provider"),
        "variant": np.full(n, "standard"),
        "cancelled": np.full(n, "false"),
        "streamed": np.full(n, "true"),
        "user": _named("u-", world.user[at_last]),
        "finish_reason_raw": np.where(failed, "error", "stop"),
        "finish_reason_normalized": np.where(failed, "error", "stop"),
        "generation_time_ms": world.end_ms[at_last] - world.start_ms[at_last],
        "time_to_first_token_ms": np.where(failed, 0, world.first_ms[at_last] - world.start_ms[at_last]),
        "api_key_disabled": np.full(n, "false"),
        "api_key_name": np.full(n, f"key {world.private}"),
        "app_name": np.array(TEAMS)[world.team[at_last]],
    }
    return {name: column[::-1] for name, column in columns.items()}


def _openrouter_records(world: World, at: slice) -> Columns:
    """Generation records, as the API answers them."""
    n = at.stop - at.start
    failed = world.failed[at]
    return {
        "id": _named("gen-", np.arange(at.start, at.stop) + 1_000_000 * (world.seed + 1)),
        "upstream_id": np.full(n, f"chatcmpl-{world.private}"),
        "total_cost": world.usd[at],
        "cache_discount": np.zeros(n),
        "upstream_inference_cost": np.zeros(n),
        "created_at": np.char.add(np.datetime_as_string(_moments(world.start_ms[at]), unit="us"), "+00:00"),
        "model": np.char.lower(_of_sellers(world, at, "model")),
        "app_id": world.team[at],
        "streamed": np.full(n, True),
        "cancelled": np.full(n, False),
        "provider_name": _of_sellers(world, at, "provider"),
        "latency": np.where(failed, 0, world.first_ms[at] - world.start_ms[at]),
        "generation_time": world.end_ms[at] - world.start_ms[at],
        "finish_reason": np.where(failed, "error", "stop"),
        "tokens_prompt": world.prompt_told[at] + 3,
        "tokens_completion": world.output[at] + 1,
        "native_tokens_prompt": world.prompt_told[at],
        "native_tokens_completion": world.output[at],
        "native_tokens_reasoning": np.zeros(n, dtype=np.int64),
        "native_tokens_cached": world.cached[at],
        "origin": np.full(n, f"https://{world.private}.example/"),
        "usage": world.usd[at],
        "is_byok": np.full(n, False),
        "external_user": _named("u-", world.user[at]),
    }


def _usage(world: World, at: slice, *, apart: bool) -> list[dict[str, Any]]:
    """As Langfuse counts: what is cached beside the input where `apart`, else no word of it."""
    rows = zip(
        world.prompt_told[at].tolist(), world.cached[at].tolist(), world.output[at].tolist(), strict=True
    )
    if apart:
        return [
            {
                "input": prompt - cached,
                "input_cached_tokens": cached,
                "output": output,
                "total": prompt + output,
            }
            for prompt, cached, output in rows
        ]
    return [{"input": p, "output": o, "total": p + o, "unit": "TOKENS"} for p, _, o in rows]


def _langfuse(world: World, at: slice) -> Columns:
    """Enriched observations, all of them generations."""
    n = at.stop - at.start
    failed, ms = world.failed[at], world.end_ms[at] - world.start_ms[at]
    return {
        "id": _named("obs-", np.arange(at.start, at.stop)),
        "trace_id": _named("trace-", world.task[at]),
        "project_id": np.full(n, "project"),
        "environment": np.array(TEAMS)[world.team[at]],
        "type": np.full(n, "GENERATION"),
        "parent_observation_id": np.full(n, ""),
        "start_time": _utc(world.start_ms[at]),
        "end_time": _utc(world.end_ms[at]),
        "name": np.full(n, "chat"),
        "metadata": np.array([{"note": world.private}] * n, dtype=object),
        "level": np.where(failed, "ERROR", "DEFAULT"),
        "status_message": np.where(failed, f"overloaded {world.private}", ""),
        "version": np.full(n, ""),
        "input": np.full(n, f'[{{"role": "user", "content": "{world.private}"}}]'),
        "output": np.full(n, world.private),
        "provided_model_name": np.char.add(
            np.char.add(_of_sellers(world, at, "provider"), "/"), _of_sellers(world, at, "model")
        ),
        "model_parameters": np.full(n, "{}"),
        "usage_details": np.array(_usage(world, at, apart=True), dtype=object),
        "cost_details": np.array([{"total": usd} for usd in world.usd[at].tolist()], dtype=object),
        "completion_start_time": _but(failed, _utc(np.where(failed, 0, world.first_ms[at]))),
        "total_cost": world.usd[at],
        "latency": ms / 1000,
        "time_to_first_token": _but(failed, (world.first_ms[at] - world.start_ms[at]) / 1000),
        "input_price": np.full(n, None),
        "user_id": _named("u-", world.user[at]),
        "session_id": _named("s-", world.session[at]) if world.sessions else np.full(n, ""),
        "trace_name": np.array(TEAMS)[world.team[at]],
        "tags": np.array([[tag] if world.tags else [] for tag in _types(world, at)] + [None], dtype=object)[
            :-1
        ],
        "bookmarked": np.full(n, False),
    }


def _langfuse_ui(world: World, at: slice) -> Columns:
    """The export of the generations' table, in camel case; it says nothing of cached tokens."""
    n = at.stop - at.start
    iso = np.char.add(np.datetime_as_string(_moments(world.start_ms[at]), unit="ms"), "Z")
    return {
        "id": _named("obs-", np.arange(at.start, at.stop)),
        "traceId": _named("trace-", world.task[at]),
        "traceName": np.array(TEAMS)[world.team[at]],
        "name": np.full(n, "openai-chat"),
        "type": np.full(n, "GENERATION"),
        "model": np.char.add(
            np.char.add(_of_sellers(world, at, "provider"), "/"), _of_sellers(world, at, "model")
        ),
        "startTime": iso,
        "endTime": np.char.add(np.datetime_as_string(_moments(world.end_ms[at]), unit="ms"), "Z"),
        "input": np.array([[{"role": "user", "content": world.private}]] * n + [None], dtype=object)[:-1],
        "output": np.array([{"role": "assistant", "content": world.private}] * n, dtype=object),
        "usage": np.array(_usage(world, at, apart=False), dtype=object),
        "totalCost": world.usd[at],
        "level": np.where(world.failed[at], "ERROR", "DEFAULT"),
        "metadata": np.array([{"note": world.private}] * n, dtype=object),
        "userId": _named("u-", world.user[at]),
        "sessionId": _named("s-", world.session[at]) if world.sessions else np.full(n, ""),
        "tags": np.array([[tag] if world.tags else [] for tag in _types(world, at)] + [None], dtype=object)[
            :-1
        ],
    }


_NEW = {
    "provider": "gen_ai.provider.name",
    "prompt": "gen_ai.usage.input_tokens",
    "output": "gen_ai.usage.output_tokens",
    "cached": "gen_ai.usage.cache_read.input_tokens",
}
_OLD = {
    "provider": "gen_ai.system",
    "prompt": "gen_ai.usage.prompt_tokens",
    "output": "gen_ai.usage.completion_tokens",
    "cached": "gen_ai.usage.cache_read_input_tokens",
}


def _attribute(key: str, value: str | int | float) -> dict[str, Any]:
    kind = {str: "stringValue", int: "intValue", float: "doubleValue"}[type(value)]
    return {"key": key, "value": {kind: str(value) if kind == "intValue" else value}}


def _spans(world: World, at: slice, names: dict[str, str]) -> list[dict[str, Any]]:
    start_ns = int(START.astype("datetime64[ns]").astype(np.int64))
    told = world.prompt_told
    spans = []
    for row in range(at.start, at.stop):
        seller = SELLERS[world.seller[row]]
        stated: dict[str, str | int | float] = {
            "gen_ai.operation.name": "chat",
            names["provider"]: seller.provider,
            "gen_ai.request.model": seller.model,
            "gen_ai.request.temperature": 0.2,
            "gen_ai.prompt": world.private,
            "server.address": f"{world.private}.internal",
            "enduser.id": f"u-{world.user[row]}",
        }
        if world.sessions:
            stated["gen_ai.conversation.id"] = f"s-{world.session[row]}"
        if world.tags:
            stated["gen_ai.agent.name"] = TYPES[world.type[row]]
        if told[row]:
            stated[names["prompt"]] = int(told[row])
        if world.failed[row]:
            stated["error.type"] = "timeout"
        else:
            first_s = float(world.first_ms[row] - world.start_ms[row]) / 1000
            stated |= {
                "gen_ai.response.model": seller.model,
                names["output"]: int(world.output[row]),
                names["cached"]: int(world.cached[row]),
                "gen_ai.response.time_to_first_chunk": first_s,
                "gen_ai.output.messages": world.private,
            }
        spans.append(
            {
                "traceId": f"{int(world.task[row]):032x}",
                "spanId": f"{row:016x}",
                "name": f"chat {seller.model}",
                "kind": 3,
                "startTimeUnixNano": str(start_ns + int(world.start_ms[row]) * 1_000_000),
                "endTimeUnixNano": str(start_ns + int(world.end_ms[row]) * 1_000_000),
                "attributes": [_attribute(key, value) for key, value in stated.items()],
                "status": {"code": 2} if world.failed[row] else {},
            }
        )
    return spans


def _otel(world: World, at: slice) -> Columns:
    """Spans of the newer conventions, one a row."""
    return {"span": np.array([*_spans(world, at, _NEW), None], dtype=object)[:-1]}


def _otel_old(world: World, at: slice) -> Columns:
    """Spans of the older conventions, one a row."""
    return {"span": np.array([*_spans(world, at, _OLD), None], dtype=object)[:-1]}


def _otel_nested(world: World, at: slice) -> Columns:
    """Requests of an exporter, with up to a hundred spans each, among them others than of models."""
    spans = _spans(world, at, _NEW)
    parts = [spans[first : first + 100] for first in range(0, len(spans), 100)]
    other = {
        "traceId": "0" * 32,
        "spanId": "f" * 16,
        "name": "GET /health",
        "startTimeUnixNano": "1",
        "attributes": [],
    }
    team = {"attributes": [_attribute("service.name", f"agents {world.private}")]}
    requests: list[Any] = [
        {"resourceSpans": [{"resource": team, "scopeSpans": [{"scope": {}, "spans": [*part, other]}]}]}
        for part in parts
    ]
    return {"span": np.array([*requests, None], dtype=object)[:-1]}


def _own(world: World, at: slice) -> Columns:
    """Somebody's own table, with names of their own."""
    return {
        "when": START.astype("datetime64[ms]").astype(np.int64) + world.start_ms[at],
        "took_s": (world.end_ms[at] - world.start_ms[at]) / 1000,
        "tokens_in": world.prompt_told[at],
        "tokens_cached": world.cached[at],
        "tokens_out": world.output[at],
        "bill": world.usd[at],
        "llm": _of_sellers(world, at, "model"),
        "vendor": _of_sellers(world, at, "provider"),
        "ok": np.where(world.failed[at], "no", "yes"),
        "who": _named("u-", world.user[at]),
        "team": np.array(TEAMS)[world.team[at]],
        "kind": _types(world, at),
        "chat": _named("s-", world.session[at]),
        "question": np.full(at.stop - at.start, world.private),
    }


KINDS: dict[str, Callable[[World, slice], Columns]] = {
    "litellm": _litellm,
    "openrouter": _openrouter,
    "openrouter-records": _openrouter_records,
    "langfuse": _langfuse,
    "langfuse-ui": _langfuse_ui,
    "otel": _otel,
    "otel-old": _otel_old,
    "otel-nested": _otel_nested,
    "csv": _own,
    "csv-semicolon": _own,
}
"""What can be written, by name."""


def _table(columns: Columns) -> pa.Table:
    return pa.table({name: pa.array(_plain(column)) for name, column in columns.items()})


def _plain(column: np.ndarray) -> Any:
    """Without NumPy's fixed-width text; what is nested as JSON text."""
    if column.dtype == object:
        return [json.dumps(each) if isinstance(each, dict | list) else each for each in column]
    return column.astype(object) if column.dtype.kind == "U" else column


def _write_parquet(parts: Iterator[Columns], out: Path) -> None:
    writer = None
    for part in parts:
        table = _table(part)
        if writer is None:
            writer = pyarrow.parquet.ParquetWriter(out, table.schema)
        writer.write_table(table)
    assert writer is not None
    writer.close()


def _write_csv(parts: Iterator[Columns], out: Path, separator: str) -> None:
    with _binary(out) as file:
        for number, part in enumerate(parts):
            options = pyarrow.csv.WriteOptions(
                include_header=number == 0, delimiter=separator, quoting_style="needed"
            )
            pyarrow.csv.write_csv(_table(part), file, options)


def _write_json(kind: str, parts: Iterator[Columns], out: Path, *, lines: bool) -> None:
    spans = kind.startswith("otel")
    with _binary(out) as raw, io.TextIOWrapper(raw, "utf-8") as file:
        between, number = ("\n", 0) if lines else (",\n", 0)
        file.write("" if lines else "[\n")
        for part in parts:
            lists = {name: column.tolist() for name, column in part.items()}
            for values in zip(*lists.values(), strict=True):
                row = values[0] if spans else dict(zip(lists, values, strict=True))
                file.write(between if number else "")
                file.write(json.dumps(row))
                number += 1
        file.write("\n" if lines else "\n]\n")


def _binary(out: Path) -> Any:
    return gzip.open(out, "wb", compresslevel=1) if out.name.endswith(".gz") else open(out, "wb")


def as_rows(columns: Columns) -> list[dict[str, Any]]:
    """Rows as dictionaries, for tests that change some."""
    lists = {name: column.tolist() for name, column in columns.items()}
    return [dict(zip(lists, values, strict=True)) for values in zip(*lists.values(), strict=True)]


def write_rows(rows: list[dict[str, Any]], out: Path, separator: str = ",") -> None:
    """Write rows as CSV or, where the name ends so, as JSON lines."""
    if out.suffix == ".jsonl":
        out.write_text("".join(json.dumps(row) + "\n" for row in rows))
        return
    with open(out, "w", newline="") as file:
        writer = csv.DictWriter(file, rows[0], delimiter=separator)
        writer.writeheader()
        writer.writerows(rows)
