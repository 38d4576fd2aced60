"""Modules of users' policies and embedders: which code was imported, not which file is there now."""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from importlib.machinery import SourceFileLoader
from itertools import dropwhile
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any, NamedTuple, NoReturn, TypeVar
from weakref import WeakKeyDictionary

from coalesce_sim.errors import WANTED_TO_END
from coalesce_sim.files import ChangedFile, Content, check_expected, read_bytes
from coalesce_sim.texts import on_one_line

NOT_OF_OWN_CODE = (*WANTED_TO_END, ChangedFile)
"""What may be raised while a user's code runs and is not its failure."""

T = TypeVar("T")
Wrong = Callable[[str, str], Exception]
"""Makes an error of a message of one line and of where a user's code raised it (`trace_of`)."""

_END_PROCESS = os._exit

_PACKAGE = str(Path(__file__).parent)


class Code(NamedTuple):
    """The file that a class was imported from, and the SHA-256 of what was in it then."""

    file: str
    sha256: str

    @property
    def changed(self) -> bool:
        """Whether something else is in the file by now."""
        return read_bytes(self.file).sha256 != self.sha256


_IMPORTED: WeakKeyDictionary[type, Code] = WeakKeyDictionary()


class _FromSource(SourceFileLoader):
    """Imports what is in the file; Python itself may take compiled code of the same time and size for it."""

    content: Content | None = None

    def get_code(self, fullname: str) -> CodeType:  # noqa: ARG002 - it has one module
        self.content = read_bytes(self.path)
        code: CodeType = self.source_to_code(self.content.data, self.path)
        return code


_LEFT_OUT: ContextVar[dict[str, None] | None] = ContextVar("classes that are not imported", default=None)


@contextmanager
def nothing_imported() -> Iterator[dict[str, None]]:
    """Within, no code of users' own is executed; gives the classes that would have been imported."""
    left_out: dict[str, None] = {}
    before = _LEFT_OUT.set(left_out)
    try:
        yield left_out
    finally:
        _LEFT_OUT.reset(before)


def may_import(module_and_class: str) -> bool:
    """Whether a class may be imported here; where it may not, that is noted."""
    left_out = _LEFT_OUT.get()
    if left_out is None:
        return True
    left_out[module_and_class] = None
    return False


def imported_class(module_and_class: str) -> object:
    """What ``module:Class`` names, the working directory being searched first.

    Raises ImportError, within `nothing_imported` too, AttributeError and what the module raises. Within
    `files.expecting`, raises `ChangedFile` where the code (`expected_name`) should be other.
    """
    if not may_import(module_and_class):
        raise ImportError("code of users' own is not imported here")
    module_name, _, class_name = module_and_class.partition(":")
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    known = module_name in sys.modules
    module = importlib.import_module(module_name) if known else _imported(module_name)
    found = getattr(module, class_name)
    if isinstance(found, type) and (code := code_of(found)) is not None:
        check_expected(expected_name(found), code.sha256)
    return found


class OwnCode:
    """Around code of a user's own: `os._exit` raises SystemExit there, to be told as whatever it raises is.

    It would end everything without a word. Other threads, such as one that ends a worker whose sweep is gone,
    and processes that the code forks end by it as ever.
    """

    def __enter__(self) -> None:
        _inside.deep = _inside.deep + 1
        os._exit = _end_process

    def __exit__(self, *_: object) -> None:
        _inside.deep = _inside.deep - 1


class _Inside(threading.local):
    """How deep this thread is in code of a user's own."""

    deep = 0

    def leave(self) -> None:
        """A forked process is that of the code itself."""
        self.deep = 0


_inside = _Inside()


def _end_process(status: int) -> NoReturn:
    if _inside.deep:
        raise SystemExit(f"os._exit({status})")
    _END_PROCESS(status)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_inside.leave)


def imported_subclass(name: str, base: type[T], wrong: Wrong, field: str = "") -> type[T]:
    """The class of a user's own that ``module:Class`` names.

    Raises what `wrong` makes where it cannot be imported or is no `base`, with the `field` that names it.
    """
    try:
        with OwnCode():
            found = imported_class(name)
    except NOT_OF_OWN_CODE:
        raise
    except BaseException as error:
        raise wrong(*_told(f"{field}cannot import (got {name!r})", error)) from error
    if not (isinstance(found, type) and issubclass(found, base)):
        raise wrong(f"{field}must be a subclass of coalesce_sim.{base.__name__} (got {name!r})", "")
    return found


def constructed(found: type[T], parameters: Mapping[str, Any], wrong: Wrong, what: str) -> T:
    """An object of a user's own class. Raises what `wrong` makes, with `what` it is, where that fails."""
    try:
        with OwnCode():
            return found(**parameters)
    except NOT_OF_OWN_CODE:
        raise
    except TypeError as error:
        raise wrong(*_told(f"{what} does not take these parameters", error)) from error
    except BaseException as error:
        raise wrong(*_told(f"{what} cannot be made", error)) from error


def _told(what: str, error: BaseException) -> tuple[str, str]:
    return f"{what}: {on_one_line(raised(error))}", trace_of(error)


def raised(error: BaseException) -> str:
    """What a user's code raised, and in which of its lines, for a message of one line."""
    told = "".join(traceback.format_exception_only(error)).strip()
    frames = _own_frames(error)
    if not frames:
        return told
    last = [each for each in frames if each.filename == frames[0].filename][-1]
    return f"{told} ({Path(last.filename).name}:{last.lineno})"


def trace_of(error: BaseException) -> str:
    """Where in a user's code an error was raised, as Python tells it, from the first line of theirs on."""
    return "".join(traceback.format_list(_own_frames(error))).rstrip()


def _own_frames(error: BaseException) -> list[traceback.FrameSummary]:
    frames = traceback.extract_tb(error.__traceback__)
    theirs = dropwhile(lambda frame: frame.filename.startswith((_PACKAGE, "<frozen")), frames)
    return [frame for frame in theirs if frame.filename != __file__]


def expected_name(found: type) -> str:
    """What the code of a class is called among digests: by its module, which has the same name everywhere."""
    return f"module {found.__module__}"


def code_of(found: type) -> Code | None:
    """The code of a class, as it was imported; None where it was typed in, as in a notebook.

    Of a module that others have imported the file is taken as it is when it is first asked for.
    """
    if found not in _IMPORTED:
        module = sys.modules.get(found.__module__)
        file, spec = getattr(module, "__file__", None), getattr(module, "__spec__", None)
        if file is None or not Path(file).is_file():
            return None
        loader = None if spec is None else spec.loader
        content = loader.content if isinstance(loader, _FromSource) else None
        _IMPORTED[found] = Code(file, (content or read_bytes(file)).sha256)
    return _IMPORTED[found]


def _imported(name: str) -> ModuleType:
    """A module imported for the first time, from its source where it has any."""
    spec = importlib.util.find_spec(name)
    if spec is None or type(spec.loader) is not SourceFileLoader:
        return importlib.import_module(name)
    spec.loader = _FromSource(spec.loader.name, spec.loader.path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        sys.modules.pop(name, None)
        raise
    parent, _, child = name.rpartition(".")
    if parent:
        setattr(sys.modules[parent], child, module)
    return module
