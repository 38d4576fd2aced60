"""Attacks and defences by short names, where these tell them apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from coalesce_sim.attacks.results import AttackStudy
from coalesce_sim.experiments.attacks.cells import NOBODY
from coalesce_sim.experiments.words import split


def names(study: AttackStudy) -> dict[str, str]:
    """By the label of every attack and defence what it is called in tables, sentences and figures."""
    attacks = [each.label for each in study.asked.attacks]
    return {NOBODY: NOBODY, **_short(attacks), **_short(each.label for each in study.asked.defences)}


def _short(labels: Iterable[str]) -> dict[str, str]:
    """Without what stands in brackets; as they are where several would be called the same."""
    bare = {label: "+".join(part.partition("(")[0].strip() for part in split(label, "+")) for label in labels}
    counts = Counter(bare.values())
    return {label: short if counts[short] == 1 else label for label, short in bare.items()}
