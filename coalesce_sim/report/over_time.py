"""The columns of a timeline: what they are called, and at what time of an interval they stand."""

from __future__ import annotations

from coalesce_sim.arrays import FloatArray
from coalesce_sim.metrics import METRICS, Metric

_SO_FAR = "cumulative_"
_AT_THE_BEGINNING = ("demand", "mean_price_usd")
_LABELS = {
    "cumulative_cost_reduction": "Cost reduction so far",
    "cumulative_savings_usd": "Saved so far",
    "contractor_queue": "Tasks waiting at contractors",
    "contractor_busy": "Tasks at work at contractors",
    "home_queue": "Tasks waiting at home",
    "home_busy": "Tasks at work at home",
    "mean_price_usd": "Mean price of contractors",
    "demand": "Market demand",
}
_UNITS = {"_usd": "USD", "_reduction": "%"}


def column_of(name: str) -> Metric:
    """A column of the timeline as a metric: its label and its unit."""
    if name in METRICS:
        return METRICS[name]
    words = name.removesuffix("_usd").replace("_", " ")
    unit = next((unit for ending, unit in _UNITS.items() if name.endswith(ending)), "")
    return Metric(name, _LABELS.get(name, words[:1].upper() + words[1:]), unit, "", None)


def stands_at_s(name: str, start_s: FloatArray) -> FloatArray:
    """Where the values of a column stand, which has one for each of the intervals that start at `start_s`.

    What has come about so far stands at the end of its interval, what is a count or a mean over the interval
    in its middle, and prices and demand at its beginning. A single interval has no length to be told.
    """
    interval_s = float(start_s[1] - start_s[0]) if len(start_s) > 1 else 0.0
    if name in _AT_THE_BEGINNING:
        return start_s
    return start_s + (interval_s if name.startswith(_SO_FAR) else interval_s / 2)
