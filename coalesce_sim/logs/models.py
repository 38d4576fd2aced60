"""Which names mean the same model, and by whom it is served.

Names are one model if they differ only in case, in the maker or gateway before the last slash, in a date at
the end, or in ``-instruct`` at the end: ``meta-llama/Llama-3.1-8B-Instruct`` is ``llama-3.1-8b``. Nothing
else is taken for the same: not another size, precision, ``-turbo``, ``-latest`` or ``:free``.
"""

from __future__ import annotations

import re
from typing import Final

_DATE: Final = re.compile(r"[-@](20\d\d-?[01]\d-?[0-3]\d)$")
_BEDROCK: Final = re.compile(
    r"^(?:(?:us|eu|apac|global)\.)?(?:anthropic|meta|amazon|mistral|cohere|deepseek|qwen)\."
)
_BEDROCK_END: Final = re.compile(r"-v\d+(:\d+)?$")

AT_HOME: Final = frozenset(
    {
        "hosted_vllm",
        "vllm",
        "ollama",
        "ollama_chat",
        "llamafile",
        "lm_studio",
        "xinference",
        "local",
        "home",
        "self-hosted",
    }
)
"""Providers that are programs one runs oneself."""

UNKNOWN: Final = "unknown"


def same_model(name: str) -> str:
    """What all names of a model share."""
    plain = name.strip().lower().rpartition("/")[2]
    shorter = _BEDROCK.sub("", plain)
    if shorter != plain:
        plain = _BEDROCK_END.sub("", shorter)
    plain = _DATE.sub("", plain)
    plain = plain.removesuffix("-instruct")
    return plain or name.strip().lower()


def provider_name(provider: str | None, model: str) -> str:
    """By whom a model is served: as stated, else as its name begins."""
    if provider is not None:
        return re.sub(r"\s+", "_", provider.strip().lower())
    before, slash, _ = model.partition("/")
    return before.strip().lower() if slash else UNKNOWN
