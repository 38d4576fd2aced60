"""The lab as a program of its own, for tests that open it in a browser."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

_TELLS_IN_S = 60.0


@dataclass
class Served:
    """A lab that answers: its address as it printed it, and the folder that it was started in."""

    address: str
    folder: Path
    process: subprocess.Popen[str]
    told: list[str] = field(default_factory=list)
    """What it printed after its address, and all of its errors; whole once it has ended."""

    @property
    def host(self) -> str:
        """The address without its query: what pages may ask."""
        return self.address.partition("?")[0]

    def page(self, name: str = "", query: str = "") -> str:
        """The address of a page, with a query that is already encoded."""
        return f"{self.host}{name}{'?' if query else ''}{query}"

    @property
    def processes(self) -> set[int]:
        """The processes below the server's that live."""
        return set(self._parents())

    @property
    def playing(self) -> set[int]:
        """Those that play a run of several replications, and those that they have for it."""
        parents = self._parents()
        below = {pid for pid, parent in parents.items() if parent != self.process.pid}
        return below | {parents[pid] for pid in below}

    def _parents(self) -> dict[int, int]:
        """The parent of each process below the server's."""
        listed = subprocess.run(
            ["ps", "-eo", "pid=,ppid=,stat="], capture_output=True, text=True, check=True
        ).stdout
        rows = [line.split() for line in listed.splitlines()]
        pairs = {int(pid): int(parent) for pid, parent, state in rows if not state.startswith("Z")}
        found: dict[int, int] = {}
        while more := {
            pid: parent
            for pid, parent in pairs.items()
            if pid not in found and (parent == self.process.pid or parent in found)
        }:
            found |= more
        return found


@contextmanager
def lab(folder: Path, *arguments: str) -> Iterator[Served]:
    """The lab started in a folder, on a free port; at the end it is told to end, with all it started, and
    must have printed nothing but its address."""
    command = [sys.executable, "-m", "coalesce_sim", "lab", *arguments, "--port", "0", "--no-browser"]
    process = subprocess.Popen(
        command,
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "COLUMNS": "200"},
        start_new_session=True,
    )
    told: list[str] = []
    try:
        served = Served(_address(process), folder, process, told)
        reading = threading.Thread(target=_read, args=(process, told), daemon=True)
        reading.start()
        yield served
        process.send_signal(signal.SIGINT)
        process.wait(20)
        reading.join(5)
        beside = [line for line in told if line != "coalesce-sim: interrupted by SIGINT\n"]
        assert beside == [], "it printed more than its address"
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        assert process.stdout is not None
        process.stdout.close()


def _address(process: subprocess.Popen[str]) -> str:
    """The address that it prints; whoever waits for it is told what it printed instead."""
    assert process.stdout is not None
    watch = threading.Timer(_TELLS_IN_S, process.kill)
    watch.start()
    try:
        lines: list[str] = []
        for line in process.stdout:
            if found := re.search(r"The lab is at (http://\S+)", line):
                return found[1]
            lines.append(line)
    finally:
        watch.cancel()
    raise AssertionError(f"the lab told no address, but: {''.join(lines)}")


def _read(process: subprocess.Popen[str], told: list[str]) -> None:
    assert process.stdout is not None
    told.extend(process.stdout)
