"""The command `import` as a function: read a log, write a folder that the other commands go on from."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np

from coalesce_sim.files import Folder, FolderError, digest_of_file, sealed_text, write_text
from coalesce_sim.logs.headlines import headlines
from coalesce_sim.logs.importing import Reading, understood
from coalesce_sim.logs.market import market_text
from coalesce_sim.logs.remarks import facts
from coalesce_sim.logs.request import RETRY_WITHIN_S, checked, import_command
from coalesce_sim.logs.tables import REQUESTS, RUNS, SELLERS, write_requests, write_runs, write_sellers
from coalesce_sim.provenance import provenance

FACTS: Final = "import.json"
MARKET: Final = "market.yaml"
_OWN: Final = (FACTS, REQUESTS, SELLERS, RUNS, MARKET)
_MARK: Final = b'"coalesce_sim"'


@dataclass(frozen=True, slots=True)
class Imported:
    """A folder that was made of a log.

    `summary` says what was read, kept and left out and why, the period, and what is not in the log; `lines`
    are the same for people, `scenario` is the file to go on from.

    >>> import coalesce_sim
    >>> from pathlib import Path
    >>> rows = ["start,duration_s,prompt_tokens,output_tokens,model,usd"]
    >>> rows += [f"2026-11-02T09:00:{s:02}Z,2,{900 + 7 * s},{s + 9},acme/big,{s / 1e4}" for s in range(60)]
    >>> _ = Path("calls.csv").write_text("\\n".join([*rows, "yesterday,2,900,9,acme/big,0.1"]))
    >>> made = coalesce_sim.import_log("csv", "calls.csv", "my")
    >>> print(made.lines[0], made.lines[4], sep="\\n")
    61 rows read, 60 kept, 1 left out; oldest first
    left out: 1 row: no time: calls.csv, row 61, start (got 'yesterday')
    """

    folder: Path
    summary: Mapping[str, Any]
    lines: tuple[str, ...]

    @property
    def scenario(self) -> Path:
        """The market, for `coalesce_sim.load`."""
        return self.folder / MARKET

    @property
    def next_commands(self) -> tuple[str, ...]:
        """What to do with it, as commands for a shell."""
        market, runs = shlex.quote(str(self.scenario)), shlex.quote(str(self.folder / RUNS))
        return (
            f"next: coalesce-sim calibrate {market} --runs {runs}",
            f"      coalesce-sim advise {shlex.quote(str(self.folder / 'calibrated.yaml'))}",
        )

    @property
    def outputs(self) -> tuple[Path, ...]:
        """All files."""
        return tuple(self.folder / name for name in _OWN)


def import_log(
    kind: str,
    logs: str | Path | Sequence[str | Path],
    out: str | Path = "imported",
    *,
    home: str | None = None,
    prices: str | Path | None = None,
    price_date: date | None = None,
    group_by: str | None = None,
    type_by: str | None = None,
    keep_names: bool = False,
    sessions: str = "tasks",
    columns: Mapping[str, str] | None = None,
    zone: str = "UTC",
    retry_within_s: float = RETRY_WITHIN_S,
) -> Imported:
    """Make a market of a gateway's log: requests, sellers, measured runs and a scenario, in the folder `out`.

    `kind` is ``litellm``, ``openrouter``, ``langfuse``, ``otel`` or ``csv``; `logs` are its files, ``-`` is
    standard input. `home` names the model that one runs oneself and its hardware, ``llama-3.1-8b=rtx_4090``;
    `prices` is a price file for sellers whose prices the log does not tell. `group_by` and `type_by` are
    ``team``, ``tag``, ``agent``, ``user`` or ``model``; `columns` name the log's columns by field; `zone` is
    that of times without one. Raises `ScenarioError` for a log that cannot be used, with file, row and
    column, `FolderError` and `WriteError`; then nothing is written.

    >>> import coalesce_sim
    >>> from pathlib import Path
    >>> rows = ["start,duration_s,prompt_tokens,output_tokens,model,usd"]
    >>> rows += [f"2026-11-02T09:00:{s:02}Z,2,{900 + 7 * s},{s + 9},acme/big,{s / 1e4}" for s in range(60)]
    >>> _ = Path("calls.csv").write_text("\\n".join(rows))
    >>> made = coalesce_sim.import_log("csv", "calls.csv", "my")
    >>> made.summary["rows"]["kept"], made.scenario.name
    (60, 'market.yaml')
    """
    started = datetime.now(UTC)
    files = [str(each) for each in ([logs] if isinstance(logs, str | Path) else logs)]
    request = checked(
        kind,
        files,
        home=home,
        prices=None if prices is None else str(prices),
        price_date=price_date,
        group_by=group_by,
        type_by=type_by,
        keep_names=keep_names,
        sessions=sessions,
        columns=columns or {},
        zone=zone,
        retry_within_s=retry_within_s,
    )
    folder = Path(out)
    with Folder(folder, claimed=True) as writing:
        _refuse_others(folder)
        reading = understood(request)
        command = import_command(request, folder)
        with writing.writing():
            write_requests(writing, reading)
            write_sellers(writing.aside / SELLERS, reading)
            runs = write_runs(writing.aside / RUNS, reading)
            write_text(writing.aside / MARKET, market_text(reading, command))
            summary = _summary(reading, runs)
            digests = {name: digest_of_file(writing.aside / name) for name in _OWN[1:]}
            made = {"command": command, "coalesce_sim": _version()}
            about = provenance(made, started)
            write_text(writing.aside / FACTS, sealed_text({**summary, "provenance": about, "files": digests}))
            writing.put_in_place(_OWN)
    told = (*headlines(summary), *reading.remarks.lines(), *reading.notes)
    return Imported(folder, {**summary, "outputs": [str(folder / name) for name in _OWN]}, told)


def _version() -> str:
    from coalesce_sim.version import __version__

    return __version__


def _refuse_others(folder: Path) -> None:
    """Raises `FolderError` where the folder holds files of such names that no import has written."""
    first = folder / FACTS
    if first.is_file() and _MARK in first.read_bytes():
        return
    others = [name for name in _OWN if (folder / name).exists()]
    if others:
        raise FolderError(
            f"the folder {str(folder)!r} holds {others[0]}, which no import wrote; give another one"
        )


def _summary(reading: Reading, runs: Mapping[str, tuple[int, int]]) -> dict[str, Any]:
    tasks, calls = reading.tasks, reading.calls
    left_out = sum(each.rows for each in reading.remarks.left_out.values())
    p50, p95, p99 = (float(each) for each in np.quantile(tasks.seconds, [0.5, 0.95, 0.99]))
    return {
        "kind": reading.request.source.kind,
        "logs": [
            {"name": each.name, "sha256": each.sha256, "rows": each.rows, "release": each.release}
            for each in reading.files
        ],
        "rows": {"read": reading.rows_read, "kept": len(calls), "left_out": left_out, "order": reading.order},
        "left_out": facts(reading.remarks.left_out),
        "told": facts(reading.remarks.told),
        "notes": reading.notes,
        "period": {
            "start": reading.start.isoformat(),
            "days": reading.days,
            "zones": dict(reading.clock.zones),
            "numbers": dict(reading.clock.units),
        },
        "tasks": {
            "tasks": len(tasks),
            "tried_again": int((tasks.attempts > 1).sum()),
            "failed": int((~tasks.good).sum()),
            "bill_usd": float(np.nansum(tasks.usd)),
            "seconds_p50": p50,
            "seconds_p95": p95,
            "seconds_p99": p99,
        },
        "calls": {"calls": len(calls), "failed": int(calls.failed.sum())},
        "types": {
            "by": reading.type_by,
            "names": list(reading.types.names),
            "in_other": reading.types.merged,
        },
        "groups": {
            "by": reading.group_by,
            "clients": dict(zip(reading.groups.names, reading.clients.counts, strict=True)),
            "in_other": reading.groups.merged,
        },
        "home": None if not reading.slots else {"most_at_work": reading.slots},
        "runs": {name: {"written": some, "measured": all_} for name, (some, all_) in runs.items()},
        "columns_read": {each.name: list(each.fields) for each in reading.files},
        "columns_passed_over": {each.name: list(each.unread) for each in reading.files},
        "not_in_the_log": not_in_the_log(reading),
    }


def not_in_the_log(reading: Reading) -> list[str]:
    """What a market hangs on, and this log does not say."""
    has = reading.has
    lacking = [
        "whether an answer was any good: a call that did not fail counts as good",
        "what a minute of waiting, or a bad answer, costs: the target is what 95 % of tasks met",
        "energy and memory at home: as the hardware's profile says",
    ]
    if "usd" not in has:
        lacking.append("bills: they are what the price list says")
    if not has & {"first", "first_s", "first_ms"}:
        lacking.append("when the first token came: reading and writing are told apart by whole times")
    if not has & {"cached_tokens", "beside_tokens"}:
        lacking.append("cached tokens: none are taken for cached")
    if "session" not in has:
        lacking.append("sessions: a call that was tried again is two tasks, and all tasks are independent")
    if "user" not in has:
        lacking.append("users: each group is one client")
    if "tag" not in has:
        lacking.append(f"tags: types of task go by {reading.type_by}")
    return lacking
