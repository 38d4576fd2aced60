"""The page Your own: from somebody's own log to a routing, step by step."""

from coalesce_sim.lab.pages.own.page import show

__all__ = ["show"]
