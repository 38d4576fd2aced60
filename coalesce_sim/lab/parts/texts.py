"""Text that may be anybody's, as it is shown."""

from __future__ import annotations

import html
import re

from coalesce_sim.texts import visible

_MARKDOWN = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~$:&])")


def plain(text: str) -> str:
    """The text for a place that reads Markdown, shown as it is written."""
    return _MARKDOWN.sub(r"\\\1", visible(text))


def html_of(text: str) -> str:
    """The text for a place that reads HTML, shown as it is written."""
    return html.escape(visible(text))
