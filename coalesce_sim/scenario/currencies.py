"""Codes of currencies."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from coalesce_sim.scenario.problems import shown

_CODES = (
    "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF "
    "CHF CLP  CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ "
    "GYD HKD HNL HTG  HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP "
    "LKR LRD LSL LYD MAD MDL  MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR "
    "PAB PEN PGK PHP PKR PLN PYG QAR  RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SYP "
    "SZL THB TJS TMT TND TOP TRY TTD TWD TZS  UAH UGX USD UYU UZS VES VND VUV WST XAF XCD XOF XPF YER ZAR "
    "ZMW ZWG"
)

CODES = frozenset(_CODES.split())
"""The currencies in use of ISO 4217."""


def _is_in_use(code: str) -> str:
    if code not in CODES:
        meant = code.upper()[:3]
        hint = f"; did you mean {meant!r}?" if meant in CODES else ""
        raise ValueError(f"must be a code of ISO 4217 such as 'EUR' (got {shown(code)}){hint}")
    return code


Currency = Annotated[str, AfterValidator(_is_in_use), Field(json_schema_extra={"pattern": "^[A-Z]{3}$"})]
"""The code of a currency in use of ISO 4217, in capitals."""
