"""The fields of a card that are looked at: what A2A 1.0 and 0.3 require, and what contractors are made of.

Other fields are passed over, as clients of A2A do; their texts and numbers have been checked like all others.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from coalesce_sim.cards.terms import Line


def _not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("must not be empty")
    return text


Words = Annotated[str, AfterValidator(_not_blank)]
"""A text that may have several lines."""

Lines = Annotated[list[Line], Field(min_length=1)]


class _Part(BaseModel):
    model_config = ConfigDict(strict=True, extra="ignore", frozen=True)


class Skill(_Part):
    """Something that an agent can do."""

    id: Line
    name: Line
    description: Words
    tags: Lines
    examples: list[Words] | None = None


class Extension(_Part):
    """What a card says beyond A2A."""

    uri: Words
    params: dict[str, Any] | None = None


class Capabilities(_Part):
    """Optional abilities; of these only extensions are looked at."""

    extensions: list[Extension] | None = None


class Interface(_Part):
    """Where an agent would be reached; never used."""

    url: Words
    protocolBinding: Line
    protocolVersion: Line


class Card(_Part):
    """What a card of either version must have."""

    name: Line
    description: Words
    version: Line
    capabilities: Capabilities
    defaultInputModes: Lines
    defaultOutputModes: Lines
    skills: Annotated[list[Skill], Field(min_length=1)]


class Card10(Card):
    """A card of A2A 1.0."""

    supportedInterfaces: Annotated[list[Interface], Field(min_length=1)]


class Card03(Card):
    """A card of A2A 0.3, or of 0.2, which did not state its version."""

    url: Words
    protocolVersion: Line | None = None


def model_of(data: dict[str, Any]) -> type[Card]:
    """The model of the version that a card is of; 1.0 has moved its address into interfaces."""
    return Card03 if "url" in data and "supportedInterfaces" not in data else Card10
