"""Chunks played by a Dask cluster: one that is there, or one of processes on this machine."""

from __future__ import annotations

import asyncio
import logging
import pickle
import time
import warnings
from collections.abc import Iterator
from concurrent.futures import Future, InvalidStateError, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from types import ModuleType
from typing import Any

from coalesce_sim.experiments.parallel import EngineError
from coalesce_sim.extras import require
from coalesce_sim.sweeps.playing import Chunk, Row, play_chunk
from coalesce_sim.version import __version__

PATIENCE_S = 10.0
"""How long a scheduler may take to answer, a first worker to be there, and a cluster to end."""

WITHOUT_WORKERS_S = 300.0
"""How long to wait for others where all workers have gone in the middle of a sweep."""

_LOOK_EVERY_S = 1.0
_ANSWER_S = 2.0
"""How long the scheduler may take to say which workers there are before its last answer is used again."""

_KEPT = "all runs that came back are kept; the same command goes on"
_EXAMPLE = "tcp://10.0.0.1:8786"
_LOGGERS = (
    "asyncio",
    "distributed",
    "distributed.client",
    "distributed.gc",
    "tornado",
    "tornado.application",
)
"""Those that have a level of their own; the others have that of the nearest."""


class DaskEngine:
    """The workers of the cluster at the address of a `scheduler`; without one, `jobs` processes of its own.

    Raises `MissingExtra` where Dask is not installed, and `EngineError` where the scheduler does not answer,
    no worker is there or a worker has another version of this package.
    """

    name = "dask"

    def __init__(self, scheduler: str | None, jobs: int) -> None:
        self._dask = require("distributed", extra="dask")
        self._pending: set[Future[list[Row]]] = set()
        self._threads = 0
        self._looked_at = self._seen_at = time.monotonic()
        with ExitStack() as stack:
            stack.enter_context(_quiet())
            if scheduler is None:
                scheduler = stack.enter_context(_own_cluster(self._dask, jobs))
            else:
                _greet(self._dask, scheduler)
            self._address = scheduler
            self._client = stack.enter_context(_connected(self._dask, scheduler))
            self._wait_for_workers()
            _check_versions(self._client)
            self._executor = self._client.get_executor(pure=False)
            self._opened = stack.pop_all()

    @property
    def workers(self) -> int:
        """The threads of all workers now; one where all have gone, since others may come."""
        if time.monotonic() - self._looked_at >= _LOOK_EVERY_S:
            self._look()
        return max(1, self._threads)

    def submit(self, chunk: Chunk) -> Future[list[Row]]:
        """Have a chunk played by the next thread that is free."""
        pickled = pickle.dumps(chunk)  # for bytes Dask is twice as fast as for what is in them
        future: Future[list[Row]] = Future()
        self._pending.add(future)
        try:
            remote = self._executor.submit(_play, __version__, pickled)
        except Exception as error:
            self._settle(future, self._lost(error))
        else:
            remote.add_done_callback(partial(self._hand_over, future))
        return future

    def died(self, error: BaseException) -> bool:
        """Whether the scheduler gave a chunk up because the workers that played it died.

        That may be several workers, see `distributed.scheduler.allowed-failures`.
        """
        if isinstance(error, self._dask.scheduler.KilledWorker):
            return True
        if isinstance(error, EngineError):
            raise error
        raise EngineError(
            f"a Dask worker cannot play runs: {type(error).__name__}: {error}; each needs coalesce_sim "
            f"{__version__}; {_KEPT}"
        ) from error

    def renew(self) -> bool:
        """Nothing but the chunk is lost; Dask sees to its workers itself."""
        return False

    def close(self, *, now: bool) -> None:  # noqa: ARG002 - whatever is under way is dropped
        """Leave the cluster, and end it if it is the engine's own."""
        self._opened.close()

    def _look(self) -> None:
        """Count the threads; give up what is under way where the scheduler, or every worker, has gone."""
        threads = self._count_threads()
        now = self._looked_at = time.monotonic()
        if threads is not None:
            self._threads = threads
        if threads:
            self._seen_at = now
        if self._client.status != "running":
            self._give_up(self._lost())
        elif now - self._seen_at > WITHOUT_WORKERS_S:
            none = f"the Dask scheduler {self._address} has had no worker for {WITHOUT_WORKERS_S:g} s"
            self._give_up(EngineError(f"{none}; {_KEPT}"))

    def _count_threads(self) -> int | None:
        """None if the scheduler does not say."""
        try:
            threads: dict[str, int] = self._client.nthreads(callback_timeout=_ANSWER_S)
        except (OSError, AttributeError):  # AttributeError: the client has closed itself
            return None
        return sum(threads.values())

    def _wait_for_workers(self) -> None:
        until = time.monotonic() + PATIENCE_S
        while not (threads := self._count_threads()):
            if time.monotonic() > until:
                raise EngineError(
                    f"the Dask scheduler {self._address} has no worker within {PATIENCE_S:g} s; start some: "
                    f"dask worker {self._address} --nworkers -1 --nthreads 1"
                )
            time.sleep(0.1)
        self._threads = threads

    def _hand_over(self, future: Future[list[Row]], remote: Future[list[Row]]) -> None:
        if remote.cancelled():
            self._settle(future, self._lost())
        elif (error := remote.exception()) is not None:
            self._settle(future, error)
        else:
            self._settle(future, remote.result())

    def _settle(self, future: Future[list[Row]], outcome: list[Row] | BaseException) -> None:
        self._pending.discard(future)
        with suppress(InvalidStateError):  # given up a moment ago
            if isinstance(outcome, BaseException):
                future.set_exception(outcome)
            else:
                future.set_result(outcome)

    def _give_up(self, error: EngineError) -> None:
        for future in list(self._pending):
            self._settle(future, error)

    def _lost(self, error: BaseException | None = None) -> EngineError:
        why = f" ({type(error).__name__}: {error})" if error is not None else ""
        return EngineError(f"the connection to the Dask scheduler {self._address} is lost{why}; {_KEPT}")


def _play(version: str, pickled: bytes) -> list[Row]:
    """On a worker, which may have come after the versions were checked. Raises `EngineError`."""
    if version != __version__:
        raise EngineError(f"a Dask worker has coalesce_sim {__version__}, not {version}; {_KEPT}")
    chunk: Chunk = pickle.loads(pickled)
    return play_chunk(chunk)


@contextmanager
def _quiet() -> Iterator[None]:
    """What goes wrong is told by this engine, once; Dask would tell it at length on stderr."""
    loggers = [logging.getLogger(name) for name in _LOGGERS]
    before = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module="distributed")
            yield
    finally:
        for logger, level in zip(loggers, before, strict=True):
            logger.setLevel(level)


@contextmanager
def _own_cluster(dask: ModuleType, jobs: int) -> Iterator[str]:
    """The address of a cluster of processes on this machine. They end with this one, even if it is killed.

    It serves no page: without a dashboard Dask still has some at port 8787, unless told otherwise.
    """
    settings = {
        # The loop that plays the sweep counts deaths itself.
        "distributed.scheduler.allowed-failures": 0,
        "distributed.worker.profile.enabled": False,
        "distributed.scheduler.http.routes": [],
        "distributed.worker.http.routes": [],
    }
    try:
        with require("dask", extra="dask").config.set(settings):
            cluster = dask.LocalCluster(
                n_workers=jobs,
                threads_per_worker=1,
                processes=True,
                memory_limit=0,
                dashboard_address=None,
                scheduler_kwargs={"dashboard": False, "dashboard_address": "127.0.0.1:0"},
                silence_logs=logging.CRITICAL + 1,
            )
    except (OSError, RuntimeError) as error:
        raise EngineError(f"cannot start a Dask cluster on this machine: {error}") from error
    try:
        yield cluster.scheduler_address
    finally:
        with suppress(OSError):
            cluster.close(timeout=PATIENCE_S)


@contextmanager
def _connected(dask: ModuleType, address: str) -> Iterator[Any]:
    try:
        client = dask.Client(address, timeout=PATIENCE_S, set_as_default=False, name="coalesce_sim")
    except (OSError, ImportError) as error:
        raise EngineError(f"cannot connect to the Dask scheduler {address}: {error}") from error
    try:
        yield client
    finally:
        with suppress(OSError):
            client.close(timeout=PATIENCE_S)


def _greet(dask: ModuleType, address: str) -> None:
    """Raises `EngineError` unless a scheduler answers there in time; Dask's client may wait for ever."""
    with ThreadPoolExecutor(1) as beside:  # a notebook has an event loop of its own in this thread
        try:
            kind = beside.submit(asyncio.run, _kind(dask, address)).result()
        except OSError as error:
            raise EngineError(f"no Dask scheduler answers at {address} within {PATIENCE_S:g} s") from error
        except (ValueError, TypeError) as error:  # TypeError: tls:// without certificates
            raise EngineError(
                f"{address!r} is not the address of a Dask scheduler, such as {_EXAMPLE}: {error}"
            ) from error
        except Exception as error:
            raise EngineError(f"what answers at {address} is not a Dask scheduler") from error
    if kind != "Scheduler":
        raise EngineError(f"what answers at {address} is a Dask {kind}, not a scheduler")


async def _kind(dask: ModuleType, address: str) -> str:
    security = dask.Security().get_connection_args("client")
    async with asyncio.timeout(PATIENCE_S):
        comm = await dask.comm.connect(address, timeout=PATIENCE_S, **security)
        try:
            await comm.write({"op": "identity", "reply": True})
            return str((await comm.read())["type"])
        finally:
            comm.abort()


def _check_versions(client: Any) -> None:
    """Raises `EngineError` with the workers that cannot import this package, or another version of it."""

    def version() -> str:  # within a function, so that it is sent whole, not by the name of this module
        import coalesce_sim

        return coalesce_sim.__version__

    wrong = []
    for worker, found in client.run(version, on_error="return").items():
        if isinstance(found, BaseException):
            wrong.append(f"{worker} cannot import it ({type(found).__name__}: {found})")
        elif found != __version__:
            wrong.append(f"{worker} has {found}")
    if wrong:
        raise EngineError(f"Dask workers need coalesce_sim {__version__}, as here: {'; '.join(wrong)}")
