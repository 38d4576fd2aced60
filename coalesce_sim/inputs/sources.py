"""Public files that scenarios can use and that the project does not ship."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Source:
    """One file: its address, what exactly must be in it, and on which terms it may be used."""

    name: str
    url: str
    file_name: str
    sha256: str
    bytes: int
    licence: str
    credit: str


SOURCES = {
    source.name: source
    for source in (
        Source(
            name="azure_code",
            url=(
                "https://raw.githubusercontent.com/Azure/AzurePublicDataset/"
                "790921015d50dd6aae7f7e47f39ba0e235ad6b08/data/AzureLLMInferenceTrace_code.csv"
            ),
            file_name="AzureLLMInferenceTrace_code.csv",
            sha256="54e9a6d2a4bd06ba1e060304b900abbc74cbea53de96506e60fe5bb4f2277fb6",
            bytes=320_117,
            licence="CC BY 4.0",
            credit="Azure LLM inference trace 2023 (code), Microsoft, Azure Public Dataset",
        ),
    )
}
"""All of them by name."""


def how_to_get(path: str) -> str | None:
    """The command that downloads a file of this name; None for a file that is not one of ours."""
    for source in SOURCES.values():
        if source.file_name == Path(path).name:
            return f"coalesce-sim fetch {source.name}"
    return None
