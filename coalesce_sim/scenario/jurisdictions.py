"""Whose law somebody is under: the countries and territories of ISO 3166-1, by their codes of two letters."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from coalesce_sim.scenario.problems import shown

_SECOND_LETTERS = {
    "A": "DEFGILMOQRSTUWXZ",
    "B": "ABDEFGHIJLMNOQRSTVWYZ",
    "C": "ACDFGHIKLMNORUVWXYZ",
    "D": "EJKMOZ",
    "E": "CEGHRST",
    "F": "IJKMOR",
    "G": "ABDEFGHILMNPQRSTUWY",
    "H": "KMNRTU",
    "I": "DELMNOQRST",
    "J": "EMOP",
    "K": "EGHIMNPRWYZ",
    "L": "ABCIKRSTUVY",
    "M": "ACDEFGHKLMNOPQRSTUVWXYZ",
    "N": "ACEFGILOPRUZ",
    "O": "M",
    "P": "AEFGHKLMNRSTWY",
    "Q": "A",
    "R": "EOSUW",
    "S": "ABCDEGHIJKLMNORSTVXYZ",
    "T": "CDFGHJKLMNORTVWZ",
    "U": "AGMSYZ",
    "V": "ACEGINU",
    "W": "FS",
    "Y": "ET",
    "Z": "AMW",
}

CODES = frozenset(first + second for first, seconds in _SECOND_LETTERS.items() for second in seconds)
"""All 249 that are assigned; their second letters stand by the first above."""

_NEARLY = {"UK": "GB", "EL": "GR"}
"""What others write for a country, and what the standard does."""


def _is_assigned(code: str) -> str:
    if code not in CODES:
        near = _NEARLY.get(code.upper(), code.upper())
        hint = f"; did you mean {near!r}?" if near in CODES else ""
        raise ValueError(f"must be a code of ISO 3166-1 such as 'DE' (got {shown(code)}){hint}")
    return code


Jurisdiction = Annotated[
    str, AfterValidator(_is_assigned), Field(json_schema_extra={"pattern": "^[A-Z]{2}$"})
]
"""An assigned code of ISO 3166-1 alpha-2, in capitals."""
