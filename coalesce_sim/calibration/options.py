"""What the options of a calibration mean, for whoever asks for them, and their defaults."""

from __future__ import annotations

from typing import Final

HOLD_OUT: Final = 0.3
"""The share of the runs that nothing is fitted to."""

LIMIT: Final = 15.0
"""The error in percent that no component should exceed."""

HELP: Final = {
    "hold_out": "Share of the runs that nothing is fitted to: whole sessions, or the last in time.",
    "limit": "The error that no component should exceed on the runs held out.",
}
"""By option, one sentence."""
