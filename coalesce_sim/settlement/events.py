"""What can happen to money, in the words of x402's ``auth-capture`` scheme where it has them."""

from __future__ import annotations

from typing import Final

EVENTS: Final = (
    "fund",
    "authorise",
    "top up",
    "capture",
    "void",
    "release",
    "refund",
    "reclaim",
    "fee",
    "stake",
    "slash",
    "unstake",
    "entry fee",
    "levy",
    "pay out",
    "fx",
    "dispute",
    "dispute won",
    "dispute lost",
    "dispute fee",
    "charge-back",
    "write-off",
)
"""The events of the book. *Won* and *lost* is said of the contractor."""

(
    FUND,
    AUTHORISE,
    TOP_UP,
    CAPTURE,
    VOID,
    RELEASE,
    REFUND,
    RECLAIM,
    FEE,
    STAKE,
    SLASH,
    UNSTAKE,
    ENTRY_FEE,
    LEVY,
    PAY_OUT,
    EXCHANGE,
    DISPUTE,
    DISPUTE_WON,
    DISPUTE_LOST,
    DISPUTE_FEE,
    CHARGE_BACK,
    WRITE_OFF,
) = range(len(EVENTS))

PAYS: Final = frozenset((CAPTURE, RELEASE, REFUND, PAY_OUT, EXCHANGE))
"""Events by which contractors have what contracts earned them."""
