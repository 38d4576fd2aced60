"""What can be said of Windows without a Windows machine: paths, and names that Python has on POSIX alone."""

from __future__ import annotations

import ast
import ntpath
import posixpath
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

import coalesce_sim
from coalesce_sim import bundled

POSIX_MODULES = {
    *("curses", "fcntl", "grp", "posix", "pty", "pwd", "readline", "resource", "syslog", "termios", "tty"),
}
POSIX_NAMES = {
    "os": {
        *("O_CLOEXEC", "O_DIRECTORY", "O_NOFOLLOW", "WNOHANG", "chown", "fchmod", "fork", "getegid"),
        *("geteuid", "getgid", "getloadavg", "getpgid", "getuid", "killpg", "mkfifo", "nice", "setsid"),
        *("register_at_fork", "sched_getaffinity", "sched_setaffinity", "statvfs", "sysconf", "uname"),
    },
    "signal": {
        *("SIGALRM", "SIGCHLD", "SIGHUP", "SIGKILL", "SIGPIPE", "SIGQUIT", "SIGUSR1", "SIGUSR2", "alarm"),
        *("pthread_kill", "pthread_sigmask", "setitimer", "sigwait"),
    },
}
SUSPECTS = re.compile(rf"\b({'|'.join({*POSIX_MODULES, *POSIX_NAMES})})\b")
"""Parsing every module would take a second."""


def posix_only(source: str) -> set[str]:
    """What a module asks for that Windows has not, unless it asks with `hasattr` whether it is there."""
    return set(_found(ast.parse(source), frozenset())) if SUSPECTS.search(source) else set()


def _found(node: ast.AST, known: frozenset[str]) -> Iterator[str]:
    match node:
        case ast.Import(names=names):
            yield from POSIX_MODULES.intersection(each.name.partition(".")[0] for each in names)
        case ast.ImportFrom(module=str(module), names=names):
            yield from POSIX_MODULES.intersection([module.partition(".")[0]])
            yield from POSIX_NAMES.get(module, set()).intersection(each.name for each in names)
        case ast.Attribute(value=ast.Name(id=owner), attr=name) if name in POSIX_NAMES.get(owner, ()):
            if name not in known:
                yield f"{owner}.{name}"
        case ast.If(test=test) | ast.IfExp(test=test):
            asked = [each for each in ast.walk(test) if isinstance(each, ast.Constant)]
            known |= {each.value for each in asked if isinstance(each.value, str)}
    for child in ast.iter_child_nodes(node):
        yield from _found(child, known)


def test_no_module_needs_what_only_posix_has():
    package = Path(coalesce_sim.__file__).parent
    found = {str(path): posix_only(path.read_text("utf-8")) for path in package.rglob("*.py")}
    assert {path: names for path, names in found.items() if names} == {}


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import fcntl", {"fcntl"}),
        ("def lock():\n    from fcntl import lockf", {"fcntl"}),
        ("from signal import SIGKILL", {"SIGKILL"}),
        ("import os\nos.kill(1, signal.SIGKILL)", {"signal.SIGKILL"}),
        ("n = len(os.sched_getaffinity(0)) if hasattr(os, 'sched_getaffinity') else os.cpu_count()", set()),
        ("n = len(os.sched_getaffinity(0)) if n else 1", {"os.sched_getaffinity"}),
    ],
)
def test_the_search_for_such_names_finds_them(source: str, found: set[str]):
    assert posix_only(source) == found


@pytest.mark.parametrize(
    ("word", "flavour", "is_path"),
    [
        ("dur_03", ntpath, False),
        ("mine.yaml", ntpath, True),
        ("./mine", ntpath, True),
        (r"folder\mine", ntpath, True),
        (r"folder\mine", posixpath, False),
        (r"C:\folder\mine", ntpath, True),
    ],
)
def test_a_path_is_told_from_the_name_of_a_scenario(word: str, flavour: ModuleType, is_path: bool):
    assert bundled.is_path(word, flavour) is is_path
