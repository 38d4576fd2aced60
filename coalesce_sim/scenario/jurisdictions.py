"""Whose law somebody is under: the countries and territories of ISO 3166-1, by their codes of two letters."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from coalesce_sim.scenario.problems import shown

CODES = frozenset(
    """
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW
    BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI
    FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN
    IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME
    MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF
    PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV
    SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE
    YT ZA ZM ZW
    """.split()
)
"""All 249 that are assigned."""

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
