"""What stands in the head of every page, so that nothing is shown before it has its look."""

from __future__ import annotations

from pathlib import Path

from streamlit import file_util

from coalesce_sim.lab.look.theme import variables

_HERE = Path(__file__).parent
_STYLES = ("page.css", "blocks.css", "panel.css", "own.css")
_SCRIPTS = ("tables.js",)
_LATE = "PlotlyChart.*.js"
"""The script of Streamlit that every first view waits for and that the browser would hear of last."""


def head() -> str:
    """The styles of all pages, the script of their tables, and what the browser is to fetch beside
    all else, as HTML."""
    style = "\n".join([variables(), *map(_read, _STYLES)])
    scripts = "\n".join(map(_read, _SCRIPTS))
    return f"{_preloads()}<style>\n{style}\n</style><script>\n{scripts}\n</script>"


def _preloads() -> str:
    folder = Path(file_util.get_static_dir(), "static", "js")
    links = (f'<link rel="modulepreload" href="/static/js/{each.name}">' for each in folder.glob(_LATE))
    return "".join(links)


def _read(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")
