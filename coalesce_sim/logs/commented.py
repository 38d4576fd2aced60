"""YAML that is written to be read: comments, texts quoted where they must be, numbers without noise."""

from __future__ import annotations

import json
import math
import textwrap
from collections.abc import Iterator
from typing import Any

from coalesce_sim.scenario.tariff import PRICES, TokenPrices


def comment(text: str, indent: str = "") -> list[str]:
    """A comment, wrapped."""
    return textwrap.wrap(text, 110, initial_indent=f"{indent}# ", subsequent_indent=f"{indent}# ")


def text_of(text: str) -> str:
    """A text as YAML has it, quoted where it must be."""
    plain = text.replace("_", "").replace("-", "").replace("/", "").replace(".", "").replace(" ", "")
    safe = plain.isalnum() and text[0].isalpha() and text.strip() == text and plain.isascii()
    words = ("true", "false", "null", "yes", "no", "on", "off", "y", "n")
    return text if safe and text.lower() not in words else json.dumps(text, ensure_ascii=False)


def one_line(text: str) -> str:
    """The words of a text apart by one blank each."""
    return " ".join(text.split())


def number_of(value: Any, digits: int = 6) -> str:
    """A number as YAML has it, to so many digits."""
    number = float(value)
    if number == 0 or not math.isfinite(number):
        return "0"
    text = f"{number:.{digits}g}"
    if "e" not in text:
        return text
    return f"{float(text):.15f}".rstrip("0").rstrip(".")


def prices_of(prices: TokenPrices) -> Iterator[str]:
    """The fields of a contractor's prices, a line each."""
    for name in PRICES:
        value = getattr(prices, name)
        if value is not None and not (name == "request_usd" and value == 0):
            yield f"{name}: {number_of(value)}"
    if prices.conditional_prices:
        stated = [each.model_dump(exclude_none=True) for each in prices.conditional_prices]
        yield f"conditional_prices: {json.dumps(stated)}"
