"""From a log to what its files are written from: who did what for whom, at what cost, how fast and how
surely."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import numpy as np

from coalesce_sim.arrays import FloatArray
from coalesce_sim.logs.attempts import tasks_of
from coalesce_sim.logs.bills import bills, contradicted, others_listed, price
from coalesce_sim.logs.calls import Calls, Gathering, remark
from coalesce_sim.logs.kinds import groups_of, types_of
from coalesce_sim.logs.listings import Seller, Sellers, sellers_of
from coalesce_sim.logs.opening import refusal
from coalesce_sim.logs.people import Clients, Kinds, clients_of
from coalesce_sim.logs.price_lists import file_prices
from coalesce_sim.logs.reading import LogFile, read_log
from coalesce_sim.logs.remarks import Remarks
from coalesce_sim.logs.request import Request
from coalesce_sim.logs.sifting import number_sessions, of_one_time, once, order_of
from coalesce_sim.logs.speeds import at_work
from coalesce_sim.logs.tasks import Tasks, tasks_from
from coalesce_sim.logs.times import Clock
from coalesce_sim.logs.wholes import Wholes, wholes_of
from coalesce_sim.numbers import plural
from coalesce_sim.scenario.problems import Problem, ScenarioError


@dataclass(frozen=True, slots=True)
class Reading:
    """A log that was read and understood: all that the files are written from."""

    request: Request
    files: list[LogFile]
    remarks: Remarks
    notes: list[str]
    calls: Calls
    usd: FloatArray
    """What each call cost, NaN at home and where nobody knows it."""
    sellers: Sellers
    types: Kinds
    type_by: str
    groups: Kinds
    group_by: str
    clients: Clients
    tasks: Tasks
    clock: Clock
    has: frozenset[str]
    order: str
    slots: int
    extra: list[Seller] = field(default_factory=list)
    """Sellers of a price file who are not in the log."""
    wholes: Wholes | None = None
    """Sessions that are tasks in steps, where the user asks for them."""

    @property
    def rows_read(self) -> int:
        """Rows of all files."""
        return sum(each.rows + each.torn for each in self.files)

    @property
    def start(self) -> datetime:
        """When the clock starts: with the first task, in UTC."""
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=int(self.calls.start[0]))

    @property
    def days(self) -> float:
        """Days from the first task to just after the last one, to the next millionth."""
        lasting_us = int(self.calls.start[self.tasks.first[-1]] - self.calls.start[0])
        return (lasting_us // 86_400 + 1) / 1e6


def understood(request: Request) -> Reading:
    """Read a log and make a market's facts of it. Raises `ScenarioError` for one that cannot be used."""
    listed = file_prices(request.price_file)
    gathering = Gathering(request.source, Clock(request.zone))
    files, notes = _read(request, gathering)
    remarks = gathering.remarks
    notes += request.source.notes
    calls = gathering.calls()
    if not len(calls):
        raise _nothing_left(request, remarks)
    order = order_of(calls)
    if order != "oldest first":
        calls.keep(np.argsort(calls.start, kind="stable"))
    once(calls, remarks, gathering.files)
    calls.forget("id")
    of_one_time(calls, remarks, gathering.files)
    number_sessions(calls)
    names = gathering.names
    sellers = sellers_of(calls, names["model"], names["provider"], request.home[0] if request.home else None)
    day = request.price_date or datetime.fromtimestamp(int(calls.start[0]) / 1e6, UTC).date()
    for each in sellers.sellers:
        price(each, listed, day)
    notes += contradicted(sellers.sellers, listed)
    usd, known = bills(calls, sellers, remarks, gathering.files)
    if not known.all():
        calls.keep(known)
        usd = usd[known]
        sellers = Sellers(sellers.sellers, sellers.of_call[known], sellers.told)
        if not len(calls):
            raise _nothing_left(request, remarks)
    types, type_by = types_of(request, calls, gathering)
    groups, group_by = groups_of(request, calls, gathering, type_by)
    calls.forget("requested", "model", "provider", "team", "tag", "agent", "usd")
    task = tasks_of(calls, types.of_row, request.retry_within_s)
    tasks = tasks_from(calls, task, types, usd)
    notes += _rest(types, type_by, "type", "--type-by") + _rest(groups, group_by, "group", "--group-by")
    wholes = _wholes(request, calls, tasks, types)
    notes += sellers.told + list(() if wholes is None else wholes.told)
    _outcomes(sellers, calls, types)
    others = others_listed(sellers.sellers, listed, request.price_file)
    if all(each.at_home for each in sellers.sellers) and not others:
        message = "all calls were answered at home: name a price file with sellers who could"
        raise ScenarioError([Problem("", None, "--prices", message)])
    _remark_tasks(tasks, calls, remarks, gathering.files)
    at_home = np.isin(sellers.of_call, [place for place, each in enumerate(sellers.sellers) if each.at_home])
    slots = int(at_work(calls.start[at_home], calls.end[at_home]).max(initial=0))
    return Reading(
        request,
        files,
        remarks,
        notes,
        calls,
        usd,
        sellers,
        types,
        type_by,
        groups,
        group_by,
        clients_of(Kinds(groups.names, groups.of_row[tasks.first]), calls.user[tasks.first]),
        tasks,
        gathering.clock,
        frozenset(gathering.has),
        order,
        slots,
        others,
        wholes,
    )


def _rest(kinds: Kinds, by: str, what: str, option: str) -> list[str]:
    """A note where there are too many kinds to tell them apart."""
    if not kinds.merged:
        return []
    share = float((kinds.of_row == len(kinds.names) - 1).mean())
    rarer = f"{kinds.merged:,} rarer {by}s; {option} tells apart otherwise"
    return [f"{share:.0%} of calls are of the {what} other, {rarer}"]


def _wholes(request: Request, calls: Calls, tasks: Tasks, types: Kinds) -> Wholes | None:
    """Sessions in steps, where the user asks for them. Raises `ScenarioError` for a log without sessions."""
    if not request.composite:
        return None
    if not (calls.session >= 0).any():
        message = f"needs sessions, of which this log of {request.source.tool} says nothing (got composite)"
        raise ScenarioError([Problem("", None, "--sessions", message)])
    return wholes_of(calls, tasks, types)


def _read(request: Request, gathering: Gathering) -> tuple[list[LogFile], list[str]]:
    files, notes = [], []
    for name in request.logs:
        log = LogFile(name)
        for stretch in read_log(name, request.source, request.columns, log):
            gathering.add(log, stretch)
        if log.torn:
            row = log.first_torn or 1
            gathering.remarks.leave_out("has not as many cells as the header", log.torn, name, row)
        files.append(log)
        notes += log.told
    return files, notes


def _nothing_left(request: Request, remarks: Remarks) -> ScenarioError:
    """A refusal of a log of which no row is a call that can be used, with the reason that most rows have."""
    if not remarks.left_out:
        return refusal(request.logs[0], None, "", "has no rows")
    why, worst = max(remarks.left_out.items(), key=lambda item: item[1].rows)
    message = f"no row can be used: {plural(worst.rows, 'row')}: {why}" + (
        f" (got {worst.value})" if worst.value else ""
    )
    return refusal(worst.file, worst.row, worst.column, message)


def _outcomes(sellers: Sellers, calls: Calls, types: Kinds) -> None:
    """Count by seller and type of task the calls that went well."""
    width = len(types.names)
    key = sellers.of_call.astype(np.int64) * width + types.of_row
    done = np.bincount(key, minlength=len(sellers.sellers) * width)
    well = np.bincount(key[~calls.failed], minlength=len(sellers.sellers) * width)
    for place, seller in enumerate(sellers.sellers):
        for at, name in enumerate(types.names):
            count = int(done[place * width + at])
            if count:
                seller.outcomes[name] = (count, int(well[place * width + at]))


def _remark_tasks(tasks: Tasks, calls: Calls, remarks: Remarks, files: Sequence[str]) -> None:
    guessed = tasks.last[tasks.guessed]
    why = "failed for good without the length of prompt or answer: taken for the mean of their type"
    remark(remarks.tell, why, calls, guessed, files, "prompt_tokens")
