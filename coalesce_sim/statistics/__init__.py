"""Intervals, tests, stopping rules and warm-up: from runs to figures one can defend."""
