"""Prices that a log does not tell: of a price file, or of the package `genai-prices`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from importlib.metadata import version

from coalesce_sim.inputs.package_prices import package_models, package_prices
from coalesce_sim.inputs.price_file import Seller as Listed
from coalesce_sim.inputs.price_file import read_price_file
from coalesce_sim.logs.models import same_model
from coalesce_sim.scenario.problems import ScenarioError
from coalesce_sim.scenario.tariff import TokenPrices

_LIKE = re.compile(r"[^a-z0-9]|_?ai$")
_ALSO = {
    "bedrock": "aws",
    "amazon_bedrock": "aws",
    "vertex_ai": "google",
    "gemini": "google",
    "moonshot": "moonshotai",
}
"""Providers that the package calls otherwise."""


def file_prices(file: str | None) -> Mapping[Listed, TokenPrices]:
    """The listings of a price file; none without one. Raises `ScenarioError`."""
    return {} if file is None else read_price_file(file).prices


def in_file(prices: Mapping[Listed, TokenPrices], provider: str, model: str) -> TokenPrices | None:
    """What a file lists for a provider's model, by any name of it."""
    for (by, name), listed in prices.items():
        if by.lower() == provider and same_model(name) == model:
            return listed
    return None


def in_package(provider: str, models: tuple[str, ...], day: date) -> tuple[TokenPrices, str] | None:
    """What the package lists, if it is there and has the provider and the model under one of its names."""
    try:
        listed = package_models()
    except ScenarioError:
        return None
    names = {each.lower() for each in models} | {each.lower().rpartition("/")[2] for each in models}
    wanted = _plain(_ALSO.get(provider, provider))
    at_provider = {name: info for (by, name), info in listed.items() if _plain(by) == wanted}
    found = next((at_provider[name] for name in at_provider if name.lower() in names), None)
    if found is None:
        short = {same_model(each) for each in models}
        found = next((at_provider[name] for name in at_provider if same_model(name) in short), None)
    if found is None:
        return None
    try:
        prices, _ = package_prices(found, day)
    except ValueError:
        return None
    return prices, f"genai-prices {version('genai-prices')}, {found.id} on {day}"


def _plain(provider: str) -> str:
    """What spellings of a provider share: ``together_ai`` and ``together``, ``x-ai`` and ``xai``."""
    return _LIKE.sub("", _LIKE.sub("", provider.lower()))
