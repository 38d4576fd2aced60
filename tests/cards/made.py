"""Cards to begin from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from coalesce_sim.cards.terms import URI

TERMS: dict[str, Any] = {
    "currency": "USD",
    "price": {"price_usd": 0.02},
    "slots": 4,
    "latency_min": 0.1,
    "network_ms": 100,
    "reliability": 0.9,
    "jurisdiction": "DE",
}


def card(name: str = "Weather Agent", terms: dict[str, Any] | None = TERMS, **fields: Any) -> dict[str, Any]:
    """A good card of A2A 1.0 with other fields or terms; without terms it says nothing beyond A2A."""
    extensions = [] if terms is None else [{"uri": URI, "required": False, "params": terms}]
    return {
        "name": name,
        "description": "Says what the weather will be.",
        "version": "1.0",
        "supportedInterfaces": [
            {"url": "https://weather.example/a2a", "protocolBinding": "JSONRPC", "protocolVersion": "1.0"}
        ],
        "capabilities": {"streaming": True, "extensions": extensions},
        "defaultInputModes": ["text/plain"],
        "defaultOutputModes": ["text/plain"],
        "skills": [
            {
                "id": "forecast",
                "name": "Forecast",
                "description": "A week ahead.",
                "tags": ["weather", "search"],
                "examples": ["Will it rain in Bonn?"],
            }
        ],
        **fields,
    }


def old(name: str = "Weather Agent", terms: dict[str, Any] | None = TERMS, **fields: Any) -> dict[str, Any]:
    """The same as a card of A2A 0.3."""
    newer = card(name, terms)
    return {each: newer[each] for each in newer if each != "supportedInterfaces"} | {
        "url": "https://weather.example/a2a",
        "protocolVersion": "0.3.0",
        "preferredTransport": "JSONRPC",
        "additionalInterfaces": [{"url": "https://weather.example/grpc", "transport": "GRPC"}],
        "supportsAuthenticatedExtendedCard": True,
        "security": [{"key": []}],
        "securitySchemes": {"key": {"type": "apiKey", "in": "header", "name": "X-Key"}},
        **fields,
    }


def text(card: dict[str, Any]) -> bytes:
    """A card as the bytes of a file."""
    return json.dumps(card, ensure_ascii=False).encode()


def put(folder: Path, **cards: dict[str, Any]) -> Path:
    """A folder with cards, by the stems of their files."""
    folder.mkdir(exist_ok=True)
    for stem, each in cards.items():
        (folder / f"{stem}.json").write_bytes(text(each))
    return folder
