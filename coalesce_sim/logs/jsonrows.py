"""Objects of a JSON file one after the other: a line each, in a list, or nested as exporters of spans nest
them."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from coalesce_sim.logs.opening import Opened, refusal

_CHUNK: Final = 1 << 20
_BETWEEN: Final = " \t\r\n,[]"
_LONGEST: Final = 1 << 29
"""Characters of one object: what was packed to be small is not unpacked until the memory is full."""


def read_objects(opened: Opened, *, spans: bool) -> Iterator[dict[str, Any]]:
    """The rows of a file. Of `spans` those of language models, with their attributes beside their times.

    Raises `ScenarioError` for what is no JSON, with the row.
    """
    for value in _values(opened):
        if spans:
            yield from _spans(value)
        elif isinstance(value, dict):
            yield from _rows(value)


def _rows(value: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A row, or those that an API answers with under `data`."""
    data = value.get("data")
    if isinstance(data, list):
        yield from (each for each in data if isinstance(each, dict))
    elif isinstance(data, dict) and len(value) == 1:
        yield data
    else:
        yield value


def _values(opened: Opened) -> Iterator[Any]:
    """All objects, of a list or one after the other, however they are laid out."""
    decoder, text = json.JSONDecoder(), io.TextIOWrapper(opened.content, "utf-8-sig", "replace")
    waiting, place, number = "", 0, 0
    more = True
    while True:
        while place < len(waiting) and waiting[place] in _BETWEEN:
            place += 1
        try:
            if place == len(waiting):
                raise json.JSONDecodeError("nothing", waiting, place)
            value, place = decoder.raw_decode(waiting, place)
        except (json.JSONDecodeError, RecursionError) as error:
            read = text.read(max(_CHUNK, len(waiting) - place)) if more else ""
            more = bool(read)
            if not more:
                if place == len(waiting):
                    break
                message = (
                    f"is no JSON: {error.msg if isinstance(error, json.JSONDecodeError) else 'too deep'}"
                )
                raise refusal(opened.name, number + 1, "", message) from None
            waiting, place = waiting[place:] + read, 0
            if len(waiting) > _LONGEST:
                message = f"holds an object of more than {_LONGEST:,} characters; write a line for each row"
                raise refusal(opened.name, number + 1, "", message) from None
            continue
        number += 1
        yield value
    text.detach()


def _spans(value: Any) -> Iterator[dict[str, Any]]:
    """Spans with what they and their resource state, all that is of a language model."""
    if not isinstance(value, dict):
        return
    if "resourceSpans" not in value:
        yield from _span(value, {})
        return
    for resource in _objects(value["resourceSpans"]):
        about = resource.get("resource")
        stated = _attributes(about.get("attributes")) if isinstance(about, dict) else {}
        for scope in _objects(resource.get("scopeSpans", resource.get("instrumentationLibrarySpans"))):
            for span in _objects(scope.get("spans")):
                yield from _span(span, stated)


def _span(span: Mapping[str, Any], of_resource: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    attributes = span.get("attributes")
    stated = dict(attributes) if isinstance(attributes, dict) else _attributes(attributes)
    if "gen_ai.request.model" not in stated and "gen_ai.response.model" not in stated:
        return
    row = {name: value for name, value in stated.items() if name not in _PRIVATE}
    row["service.name"] = of_resource.get("service.name")
    for name in ("spanId", "startTimeUnixNano", "endTimeUnixNano"):
        row[name] = span.get(name)
    status = span.get("status")
    if isinstance(status, dict) and status.get("code") in (2, "STATUS_CODE_ERROR"):
        row["span.error"] = "error"
    yield row


_PRIVATE: Final = frozenset(
    {
        "gen_ai.prompt",
        "gen_ai.completion",
        "gen_ai.input.messages",
        "gen_ai.output.messages",
        "server.address",
    }
)


def _attributes(listed: Any) -> dict[str, Any]:
    """By name what is stated, as far as it is a value; a list of values is none that is read here."""
    return {
        str(each.get("key")): next(iter(each["value"].values()), None)
        for each in _objects(listed)
        if isinstance(each.get("value"), dict)
    }


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    """Those in a list."""
    return (each for each in (value if isinstance(value, list) else ()) if isinstance(each, dict))
