"""The command line is called here as it is in the fast tier."""

from tests.cli.conftest import _elsewhere, call, start

__all__ = ["_elsewhere", "call", "start"]
