"""The scenarios that ship with the program."""

from __future__ import annotations

import difflib
import os
from pathlib import Path
from types import ModuleType

_PACKAGE = Path(__file__).resolve().parent


def names() -> list[str]:
    """Names of the bundled scenarios, sorted, without the profiles, which are there to be extended, and
    without `attacks` and `settlements`."""
    return sorted(_scenarios())


def find(name: str) -> Path:
    """The file of a bundled scenario or, failing that, of a profile.

    Raises LookupError, with the names that come close, if there is neither.
    """
    try:
        return _all()[name]
    except KeyError:
        hint = ", ".join(map(repr, close(name)))
        raise LookupError(
            f"no bundled scenario {name!r}" + (f"; did you mean {hint}?" if hint else "")
        ) from None


def is_path(word: str, flavour: ModuleType = os.path) -> bool:
    """Whether a word is the path of a file, relative or not, and so no name of a bundled scenario.

    `flavour` is ``posixpath`` or ``ntpath``, that of this machine by default.
    """
    return "/" in word or flavour.sep in word or word.endswith((".yaml", ".yml"))


def sweeps() -> dict[str, Path]:
    """The files of the bundled sweeps, by name."""
    return {path.stem: path for path in sorted(_folder().glob("sweeps/*.yaml"))}


def attacks() -> dict[str, Path]:
    """The files of the bundled scenarios in which somebody cheats, by name: one for each kind of attack."""
    return {path.stem: path for path in sorted(_folder().glob("security/*.yaml"))}


def settlements() -> dict[str, Path]:
    """The files of the bundled scenarios about how money moves and who may be hired, by name: one for each
    friction and rule."""
    return {path.stem: path for path in sorted(_folder().glob("settlement/*.yaml"))}


def has(name: str) -> bool:
    """Whether there is a bundled scenario or profile of that name."""
    return name in _all()


def holds(path: Path) -> bool:
    """Whether a file is one that ships with the program."""
    return path.resolve().is_relative_to(_folder().resolve())


def close(name: str) -> list[str]:
    """Up to three bundled names, profiles among them, that resemble `name`, the closest first."""
    return difflib.get_close_matches(name, sorted(_all()))


def _all() -> dict[str, Path]:
    return _profiles() | attacks() | settlements() | _scenarios()


def _scenarios() -> dict[str, Path]:
    return {path.stem: path for path in _folder().glob("*.yaml")}


def _profiles() -> dict[str, Path]:
    return {path.stem: path for path in _folder().glob("profiles/*.yaml")}


def _folder() -> Path:
    """An installed wheel carries the scenarios in the package, a clone has them beside it."""
    installed = _PACKAGE / "scenarios"
    return installed if installed.is_dir() else _PACKAGE.parent / "scenarios"
