"""Optional dependencies: imported when they are needed, told by name where they are missing."""

from __future__ import annotations

import importlib
from types import ModuleType

from coalesce_sim.errors import CoalesceError


class MissingExtra(CoalesceError, ImportError):
    """Raised where a package that only some users need is not installed; the text says how to install it."""

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(package, extra, name=package)

    def __str__(self) -> str:
        package, extra = self.args
        return f"{package} is not installed: pip install 'coalesce-sim[{extra}]'"


def require(module: str, *, extra: str) -> ModuleType:
    """The module of an extra, such as ``require("jinja2", extra="report")``.

    Raises `MissingExtra` where its package is not installed.
    """
    package = module.partition(".")[0]
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name != package:
            raise
        raise MissingExtra(package, extra) from error
