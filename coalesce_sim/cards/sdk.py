"""The official SDK as second reader: what our own checks let pass must be a card to it as well."""

from __future__ import annotations

import copy
from typing import Any, Final

from coalesce_sim.extras import require

_MOST_TOLD: Final = 200
"""Characters of what the SDK says, which may be as long as the card."""


def require_sdk() -> None:
    """Raises `MissingExtra` where a package is missing without which no card is read or written."""
    for module in ("a2a.client.card_resolver", "a2a.utils.proto_utils", "confusable_homoglyphs.confusables"):
        require(module, extra="cards")


def refusals(data: dict[str, Any]) -> list[str]:
    """What the SDK says against a card, and which required fields its validator misses; none if nothing."""
    resolver = require("a2a.client.card_resolver", extra="cards")
    validator = require("a2a.utils.proto_utils", extra="cards")
    try:
        card = resolver.parse_agent_card(copy.deepcopy(data))  # it changes what it is given
        validator.validate_proto_required_fields(card)
    except Exception as error:  # whatever a card nobody has foreseen may do to a package that is not ours
        missed = (getattr(error, "data", None) or {}).get("errors") or [{"message": str(error)}]
        told = [": ".join(each.values())[:_MOST_TOLD] for each in missed]
        return [f"the A2A SDK refuses it: {each}" for each in told]
    return []
