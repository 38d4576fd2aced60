"""The published report, which stands outside ``docs/``, is a page of the site: links to it lead there."""

from __future__ import annotations

import re

from sphinx.application import Sphinx

_REPORT = re.compile(r"\]\((?:\.\./)+results/published/report\.md")
_PAGE = "](/background/replication.md"


def _redirect(_app: Sphinx, _docname: str, source: list[str]) -> None:
    source[0] = _REPORT.sub(_PAGE, source[0])


def setup(app: Sphinx) -> dict[str, bool]:
    """Listen for pages that are read."""
    app.connect("source-read", _redirect)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
