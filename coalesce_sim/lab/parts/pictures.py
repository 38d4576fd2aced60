"""A figure that was drawn for paper, on a page: readable on a phone, and to be taken away."""

from __future__ import annotations

import base64

import streamlit as st

from coalesce_sim.lab.parts.texts import html_of


def picture(
    png: bytes,
    *,
    shows: str,
    key: str,
    name: str,
    svg: bytes | None = None,
    width_px: int = 620,
    least_px: int = 300,
) -> None:
    """Show a figure on white, as on paper, and offer its files; `shows` is read out in its place.

    `width_px` is how wide it is shown where there is room; where there is less than `least_px`, it scrolls.
    """
    kind, content = ("png", png) if svg is None else ("svg+xml", svg)
    data = f"data:image/{kind};base64,{base64.b64encode(content).decode()}"
    style = f"width: {width_px}px; min-width: {least_px}px"
    st.html(
        f'<div class="lab-picture" tabindex="0" role="region" aria-label="{html_of(shows)}">'
        f'<img src="{data}" alt="{html_of(shows)}" style="{style}"></div>'
    )
    with st.container(horizontal=True):
        stem = name.removesuffix(".png")
        for ending, bytes_ in (("png", png), ("svg", svg)):
            if bytes_ is not None:
                st.download_button(
                    f"Download {ending.upper()}",
                    bytes_,
                    f"{stem}.{ending}",
                    f"image/{'png' if ending == 'png' else 'svg+xml'}",
                    key=f"{key} {ending}",
                    on_click="ignore",
                )
