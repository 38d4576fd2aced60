"""What stands in the head of every page, so that nothing is shown before it has its look."""

from __future__ import annotations

from pathlib import Path

from coalesce_sim.lab.look.theme import variables

_HERE = Path(__file__).parent
_STYLES = ("page.css", "blocks.css", "panel.css", "own.css")
_SCRIPTS = ("sorting.js",)


def head() -> str:
    """The styles of all pages, and the script that sorts their tables, as HTML."""
    style = "\n".join([variables(), *map(_read, _STYLES)])
    scripts = "\n".join(map(_read, _SCRIPTS))
    return f"<style>\n{style}\n</style><script>\n{scripts}\n</script>"


def _read(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")
