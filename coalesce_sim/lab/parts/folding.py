"""What is folded away, and not made before somebody unfolds it: most of it is never looked at."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st


@contextmanager
def folded(title: str, key: str) -> Iterator[bool]:
    """Within, what is shown stands below the title; gives whether it is unfolded, and so to be made."""
    with st.expander(title, key=key, on_change="rerun") as box:
        yield bool(box.open)
