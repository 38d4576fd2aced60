"""The page Play: a market, what it came to, and how it went."""

from __future__ import annotations

import streamlit as st

from coalesce_sim.lab.parts.problems import told_here
from coalesce_sim.lab.parts.running import played
from coalesce_sim.lab.setting import Setting
from coalesce_sim.lab.workshop.run import Run


def show() -> None:
    """Show it."""
    st.title("Play")
    with told_here():
        setting = Setting("dur_03")
        folder = played(Run(setting.origin, setting.key), "Playing", key="run")
        if folder is not None:
            st.write(str(folder))
