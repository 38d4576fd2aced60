"""What intervals cover where more than luck is uncertain, and what would make them narrower."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from coalesce_sim.metrics import METRICS
from coalesce_sim.statistics.components import SOURCES, Source, Split

_HELPS: Final = {
    "luck": "more replications",
    "log": "a longer log",
    "inputs": "better measurements of the inputs",
}
_CALLED: Final = {"luck": "luck", "log": "the log", "inputs": "the inputs"}
_HARDLY: Final = 0.1
"""The share of an interval's variance below which a source hardly matters."""


def coverage(sources: Iterable[Source]) -> str:
    """What the intervals cover, in a sentence; empty where luck alone is uncertain."""
    named = called(sources)
    if not named:
        return ""
    return (
        f"95 % intervals of metrics and their differences cover {named}. Those of who got the work, "
        "of sellers and of courses over time cover luck, and the rest only as far as replications average it "
        "out."
    )


def called(sources: Iterable[Source]) -> str:
    """Sources of variance in words; empty where there are none."""
    words = [_CALLED[source] for source in sources]
    return f"{', '.join(words[:-1])} and {words[-1]}" if len(words) > 1 else "".join(words)


def what_helps(label: str, split: Split) -> str:
    """How much of an interval's variance comes from where, and what would make it narrower."""
    shares = split.of_interval
    if not shares:
        return f"{label}: does not vary."
    parts = ", ".join(f"{_CALLED[name]} {100 * share:.0f} %" for name, share in shares.items())
    if split.hidden:
        told = called(name for name in shares if name != "luck")
        return (
            f"{label}: luck hides how much is due to {told}, which its interval takes for as much as may "
            "well be: more replications would narrow it most."
        )
    most = max(shares, key=shares.__getitem__)
    told = f"{label}: of the variance behind its interval {parts}: {_HELPS[most]} would narrow it most"
    if most != "luck" and shares["luck"] < _HARDLY:
        told += ", more replications hardly"
    return f"{told}."


def uncertainty_lines(sources: Iterable[Source], splits: Mapping[str, Split | None]) -> list[str]:
    """What to say below the results: what is covered, and of each metric, by its name, what would help."""
    covered = coverage(sources)
    if not covered:
        return []
    known = ((METRICS[name].label, split) for name, split in splits.items() if split is not None)
    return [covered, *(what_helps(label, split) for label, split in known)]


def lines_in(facts: Mapping[str, Any]) -> list[str]:
    """The same of a run's summary, as it comes out of JSON."""
    told = facts.get("uncertainty")
    if told is None:
        return []
    sources = [source for source in SOURCES if source in told["covers"]]
    return uncertainty_lines(sources, {name: Split.of_dict(each) for name, each in told["split"].items()})
