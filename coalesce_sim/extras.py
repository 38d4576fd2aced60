"""Optional dependencies: imported when they are needed, told by name where they are missing."""

from __future__ import annotations

import importlib
from types import ModuleType


class MissingExtra(ImportError):
    """A package that only some users need is not installed; the text says how to install it."""

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(f"{package} is not installed: pip install 'coalesce-sim[{extra}]'", name=package)


def require(module: str, *, extra: str) -> ModuleType:
    """The module of an extra, such as ``require("plotly.graph_objects", extra="report")``.

    Raises `MissingExtra` where its package is not installed.
    """
    package = module.partition(".")[0]
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name != package:
            raise
        raise MissingExtra(package, extra) from error
