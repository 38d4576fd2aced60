"""Why TOPSIS scored a cheaper contractor lower: which criterion lost it how much."""

from __future__ import annotations

from typing import Any

from coalesce_sim.numbers import number
from coalesce_sim.policies.mcdm import CRITERIA
from coalesce_sim.rounding import exceeds

Facts = dict[str, Any]


def cheaper_but_lower(best_first: list[Facts], weights: dict[str, float]) -> list[Facts]:
    """The candidates that are cheaper than the best scored one, the cheapest first; none where nothing was
    scored.

    `lost` is, by criterion, how far an entry of the weighted normalised matrix lies below that of the best
    scored, negative where it lies above.
    """
    best, *others = best_first or [{}]
    if best.get("topsis_score") is None:
        return []
    cheaper = [
        row
        for row in others
        if row["topsis_score"] is not None and exceeds(best["external_usd"], row["external_usd"])
    ]
    return [_told(row, best, weights) for row in sorted(cheaper, key=lambda row: row["external_usd"])]


def _told(row: Facts, best: Facts, weights: dict[str, float]) -> Facts:
    lost = {name: best[f"weighted_{name}"] - row[f"weighted_{name}"] for name in CRITERIA}
    losses = [
        f"{lost[name]:.3f} on {name}" for name in sorted(lost, key=lambda n: -lost[n]) if lost[name] > 0
    ]
    gains = [f"{-lost[name]:.3f} on {name}" for name in sorted(lost, key=lambda n: lost[n]) if lost[name] < 0]
    saved_usd = best["external_usd"] - row["external_usd"]
    parts = [f"it loses {' and '.join(losses)}"] if losses else []
    parts += [f"gains {' and '.join(gains)}"] if gains else []
    sentence = (
        f"{row['contractor']} is {number(saved_usd)} USD cheaper than {best['contractor']} but scores "
        f"{row['topsis_score']:.3f} against {best['topsis_score']:.3f}: {' and '.join(parts)}, of weights "
        f"{', '.join(f'{name} {weights[name]:.2f}' for name in CRITERIA)}."
    )
    told = {name: row[name] for name in ("contractor", "external_usd", "topsis_score")}
    return told | {"cheaper_by_usd": saved_usd, "lost": lost, "sentence": sentence}
