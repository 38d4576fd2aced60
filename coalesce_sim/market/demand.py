"""Hourly market demand."""

from __future__ import annotations

import numpy as np

from coalesce_sim.arrays import FloatArray
from coalesce_sim.scenario.schema import Clock
from coalesce_sim.scenario.workload import MarketDemand
from coalesce_sim.streams import Streams

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def hourly_demand(rule: MarketDemand, clock: Clock, streams: Streams) -> FloatArray:
    """Demand D of every hour up to the horizon (published model, section 1)."""
    hour = np.arange(clock.hours) + clock.start.hour
    hour_of_day = hour % 24
    weekday = (clock.start.weekday() + hour // 24) % 7
    busy_days = [_WEEKDAYS.index(name) for name in rule.busy_weekdays]
    busy = (
        np.isin(weekday, busy_days)
        & (hour_of_day >= rule.busy_first_hour)
        & (hour_of_day <= rule.busy_last_hour)
    )
    level = rule.base * np.where(busy, rule.busy_factor, 1.0)
    noise = streams("market demand").normal(0.0, rule.noise_sd, clock.hours)
    return np.clip(level + noise, rule.min, rule.max)
