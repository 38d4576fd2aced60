"""What stands at the end of every page: how to have again what it shows, and where it came from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from coalesce_sim.lab.parts.blocks import facts
from coalesce_sim.lab.parts.folding import folded
from coalesce_sim.lab.parts.texts import plain
from coalesce_sim.lab.repeating import address


def repeat(
    *,
    command: str,
    query: Mapping[str, str | Sequence[str]],
    files: Mapping[str, str],
    provenance: Mapping[str, str],
    key: str,
) -> None:
    """Show the command, the files that say the same, by name, the address of this state, and provenance."""
    st.header("Have it again", anchor="repeat")
    st.caption("The command plays exactly what is shown; the address opens this page in this state.")
    st.code(command, language=None, wrap_lines=True)
    st.code(address(st.context.url or "", query), language=None, wrap_lines=True)
    for name, text in files.items():
        with folded(f"{plain(name)} that says the same", f"{key} {name} folded") as unfolded:
            if unfolded:
                _file(name, text, key)
    with folded("Provenance", f"{key} provenance") as unfolded:
        if unfolded:
            facts(provenance)


def _file(name: str, text: str, key: str) -> None:
    st.code(text, language="yaml", wrap_lines=True)
    label = f"Download {plain(name)}"
    st.download_button(label, text, file_name=name, mime="application/yaml", key=f"{key} {name}")
