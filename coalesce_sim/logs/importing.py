"""From a gateway's log to a market: requests, sellers, measured runs, a scenario, and what the log does not say."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import numpy as np

from coalesce_sim.arrays import BoolArray, FloatArray
from coalesce_sim.logs.attempts import tasks_of
from coalesce_sim.logs.calls import Calls, Gathering
from coalesce_sim.logs.listings import Seller, Sellers, sellers_of
from coalesce_sim.logs.models import same_model
from coalesce_sim.logs.opening import refusal
from coalesce_sim.logs.people import Clients, Kinds, clients_of, first_places, kinds_of, plain
from coalesce_sim.logs.price_lists import file_prices, in_file, in_package
from coalesce_sim.logs.reading import LogFile, read_log
from coalesce_sim.logs.remarks import Remarks
from coalesce_sim.logs.sources import BY, FIELDS, SOURCES, Source
from coalesce_sim.logs.speeds import at_work
from coalesce_sim.logs.tasks import Tasks, tasks_from
from coalesce_sim.logs.times import Clock, is_zone
from coalesce_sim.numbers import plural
from coalesce_sim.scenario.catalogue import catalogue
from coalesce_sim.scenario.problems import Problem, ScenarioError, closest
from coalesce_sim.scenario.tariff import TokenPrices

MOST_GAP_DAYS: Final = 30
"""Days without a single call that part a log from rows of another time."""


@dataclass(frozen=True, slots=True)
class Request:
    """What the user asks of an import, checked."""

    source: Source
    logs: tuple[str, ...]
    home: tuple[str, str] | None
    price_file: str | None
    price_date: date | None
    group_by: str | None
    type_by: str | None
    keep_names: bool
    composite: bool
    columns: Mapping[str, str]
    zone: str
    retry_within_s: float


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


def checked(
    kind: str,
    logs: Sequence[str],
    *,
    home: str | None,
    prices: str | None,
    price_date: date | None,
    group_by: str | None,
    type_by: str | None,
    keep_names: bool,
    sessions: str,
    columns: Mapping[str, str],
    zone: str,
    retry_within_s: float,
) -> Request:
    """A request, if nothing is wrong with it. Raises `ScenarioError` with all that is."""
    problems: list[Problem] = []

    def wrong(option: str, message: str) -> None:
        problems.append(Problem("", None, option, message))

    if kind not in SOURCES:
        near = closest(kind, SOURCES)
        hint = f"; did you mean {near!r}?" if near else ""
        wrong("KIND", f"no such kind of log (got {kind!r}{hint}; known: {', '.join(SOURCES)})")
    if not logs:
        wrong("LOG", "missing")
    if sum(log == "-" for log in logs) > 1:
        wrong("LOG", "standard input can be read only once")
    for option, value in (("--group-by", group_by), ("--type-by", type_by)):
        if value is not None and value not in BY:
            wrong(option, f"must be one of {', '.join(BY)} (got {value!r})")
    if sessions not in ("tasks", "composite"):
        wrong("--sessions", f"must be tasks or composite (got {sessions!r})")
    for name in columns:
        if name not in FIELDS:
            near = closest(name, FIELDS)
            hint = f"; did you mean {near!r}?" if near else ""
            wrong("--columns", f"{name!r} is no field of a call{hint} (known: {', '.join(FIELDS)})")
    if not is_zone(zone):
        wrong("--zone", f"no such time zone (got {zone!r}); as in Europe/Berlin")
    if not retry_within_s >= 0:
        wrong("--retry-within", f"must be >= 0 (got {retry_within_s:g})")
    owned = None
    if home is not None:
        model, equals, hardware = home.rpartition("=")
        if not equals or not model:
            wrong("--home", f"must be MODEL=HARDWARE, as in llama-3.1-8b=rtx_4090 (got {home!r})")
        elif hardware not in catalogue().profiles:
            near = closest(hardware, catalogue().profiles)
            hint = f"; did you mean {near!r}?" if near else ""
            wrong(
                "--home",
                f"no such hardware profile (got {hardware!r}{hint}); `coalesce-sim hardware` lists them",
            )
        else:
            owned = (model, hardware)
    if problems:
        raise ScenarioError(problems)
    source = SOURCES[kind]
    return Request(
        source,
        tuple(logs),
        owned,
        prices,
        price_date,
        group_by,
        type_by,
        keep_names,
        sessions == "composite",
        columns,
        zone,
        retry_within_s,
    )


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
    order = _order_of(calls)
    if order != "oldest first":
        calls.keep(np.argsort(calls.start, kind="stable"))
    _once(calls, remarks, gathering.files)
    calls.forget("id")
    _of_one_time(calls, remarks, gathering.files)
    _number_sessions(calls)
    names = gathering.names
    sellers = sellers_of(calls, names["model"], names["provider"], request.home[0] if request.home else None)
    day = request.price_date or datetime.fromtimestamp(int(calls.start[0]) / 1e6, UTC).date()
    for each in sellers.sellers:
        _price(each, listed, day)
    usd, known = _bills(calls, sellers, remarks, gathering.files)
    if not known.all():
        calls.keep(known)
        usd = usd[known]
        sellers = Sellers(sellers.sellers, sellers.of_call[known], sellers.told)
        if not len(calls):
            raise _nothing_left(request, remarks)
    types, type_by = _types(request, calls, gathering)
    groups, group_by = _groups(request, calls, gathering, type_by)
    calls.forget("requested", "model", "provider", "team", "tag", "agent", "usd")
    task = tasks_of(calls, types.of_row, request.retry_within_s)
    tasks = tasks_from(calls, task, types, usd)
    _outcomes(sellers, calls, types)
    _remark_tasks(tasks, calls, remarks, gathering.files)
    at_home = np.isin(sellers.of_call, [place for place, each in enumerate(sellers.sellers) if each.at_home])
    slots = int(at_work(calls.start[at_home], calls.end[at_home]).max(initial=0))
    return Reading(
        request,
        files,
        remarks,
        notes + sellers.told,
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
        _extra(sellers.sellers, listed, request.price_file),
    )


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


def _order_of(calls: Calls) -> str:
    if len(calls) < 2:
        return "one row"
    later = np.diff(calls.start)
    if (later >= 0).all():
        return "oldest first"
    if (later <= 0).all():
        return "newest first"
    return f"in no order: {int((later < 0).sum()):,} rows are earlier than the row above"


def _once(calls: Calls, remarks: Remarks, files: Sequence[str]) -> None:
    """Leave out rows that stand twice: of the same number, start, model and tokens."""
    ids = np.sort(calls.id)
    again = ids[1:][(ids[1:] == ids[:-1]) & (ids[1:] != 0)]
    del ids
    if not len(again):
        return
    known = np.flatnonzero(np.isin(calls.id, again))
    order = known[np.lexsort((known, calls.id[known]))]
    same_id = np.r_[False, calls.id[order][1:] == calls.id[order][:-1]]
    alike = same_id.copy()
    for column in (calls.start, calls.model, calls.prompt, calls.output, calls.failed):
        alike[1:] &= column[order][1:] == column[order][:-1]
    twice, other = order[alike], order[same_id & ~alike]
    _remark(remarks.leave_out, "stands there before, with the same request id", calls, twice, files, "id")
    _remark(
        remarks.tell,
        "has the request id of another row, but is another call: kept",
        calls,
        other,
        files,
        "id",
    )
    if len(twice):
        kept = np.ones(len(calls), dtype=np.bool_)
        kept[twice] = False
        calls.keep(kept)


def _number_sessions(calls: Calls) -> None:
    """Number sessions in the order in which they first come; -1 for none."""
    if not calls.session.any():
        calls.session = np.full(len(calls), -1, dtype=np.int32)
        return
    seen, of_call = np.unique(calls.session, return_inverse=True)
    calls.forget("session")
    of_call = of_call.astype(np.int32)
    first = first_places(of_call, len(seen))
    in_order = np.argsort(first, kind="stable")
    in_order = in_order[seen[in_order] != 0]
    number = np.full(len(seen), -1, dtype=np.int32)
    number[in_order] = np.arange(len(in_order), dtype=np.int32)
    calls.session = number[of_call]


def _of_one_time(calls: Calls, remarks: Remarks, files: Sequence[str]) -> None:
    """Of stretches that `MOST_GAP_DAYS` days without a call part, keep the one with most calls."""
    parted = np.flatnonzero(np.diff(calls.start) > MOST_GAP_DAYS * 86_400e6) + 1
    if not len(parted):
        return
    edges = np.r_[0, parted, len(calls)]
    largest = int(np.argmax(np.diff(edges)))
    kept = np.zeros(len(calls), dtype=np.bool_)
    kept[edges[largest] : edges[largest + 1]] = True
    why = f"more than {MOST_GAP_DAYS} days from all the others"
    _remark(remarks.leave_out, why, calls, np.flatnonzero(~kept), files, "start")
    calls.keep(kept)


def _remark(
    count: Any, why: str, calls: Calls, which: np.ndarray, files: Sequence[str], column: str, value: str = ""
) -> None:
    if len(which):
        first = which[np.lexsort((calls.row[which], calls.file[which]))[0]]
        count(why, len(which), files[calls.file[first]], int(calls.row[first]), column, value)


def _price(seller: Seller, listed: Mapping[tuple[str, str], TokenPrices], day: date) -> None:
    """Give a seller whose bills do not tell its prices those of a list, if one has them."""
    if seller.at_home or seller.prices is not None:
        return
    found = in_file(listed, seller.provider, seller.model)
    if found is not None:
        seller.prices, seller.priced_from = found, "price file"
        return
    package = in_package(seller.provider, seller.models, day)
    if package is not None:
        seller.prices, seller.priced_from = package


def _bills(
    calls: Calls, sellers: Sellers, remarks: Remarks, files: Sequence[str]
) -> tuple[FloatArray, BoolArray]:
    """What each call cost, NaN at home, and which calls are somebody's whose price is known.

    A bill that is not in the log is what the seller's prices come to; a failed call without one costs nothing. Where
    bills do not tell prices by token, and no list does, a seller asks its mean bill a request.
    """
    usd = calls.usd.copy()
    known = np.ones(len(calls), dtype=np.bool_)
    for place, seller in enumerate(sellers.sellers):
        theirs = np.flatnonzero(sellers.of_call == place)
        if seller.at_home:
            usd[theirs] = np.nan
            continue
        lacking = theirs[np.isnan(usd[theirs])]
        billed = theirs[np.isfinite(usd[theirs]) & ~calls.failed[theirs]]
        if seller.prices is None and len(billed):
            mean = float(usd[billed].mean())
            seller.prices = TokenPrices(request_usd=mean)
            seller.priced_from = (
                f"mean of {len(billed):,} bills, a request: they do not tell input from output"
            )
        if seller.prices is None:
            known[theirs] = False
            why = f"nobody says what {seller.name} asks; state it in a price file (--prices)"
            _remark(remarks.leave_out, why, calls, theirs, files, "model", seller.models[0])
            continue
        failed = lacking[calls.failed[lacking]]
        done = lacking[~calls.failed[lacking]]
        usd[failed] = 0.0
        _remark(remarks.tell, "failed without a bill: taken for free of charge", calls, failed, files, "usd")
        usd[done] = _listed_usd(seller.prices, calls, done)
        why = f"no bill in the log: by the prices of {seller.name} ({seller.priced_from})"
        _remark(remarks.tell, why, calls, done, files, "usd")
    return usd, known


def _listed_usd(prices: TokenPrices, calls: Calls, which: np.ndarray) -> FloatArray:
    """What calls cost by listed prices, those for long prompts and for hours of the day among them."""
    prompt, cached = calls.prompt[which].astype(np.float64), calls.cached[which].astype(np.float64)
    output = calls.output[which].astype(np.float64)
    hour = calls.start[which] / 3.6e9 % 24
    input_usd = np.full(len(which), float(prices.input_usd_per_mtok))  # type: ignore[arg-type]
    read = prices.cache_read_usd_per_mtok
    cached_usd = np.full(len(which), float(prices.input_usd_per_mtok if read is None else read))  # type: ignore[arg-type]
    output_usd = np.full(len(which), float(prices.output_usd_per_mtok))  # type: ignore[arg-type]
    request = np.full(len(which), float(prices.request_usd))  # type: ignore[arg-type]
    for each in prices.conditional_prices:
        met = np.ones(len(which), dtype=np.bool_)
        if each.above_prompt_tokens is not None:
            met &= prompt > each.above_prompt_tokens
        if each.from_hour_utc is not None and each.until_hour_utc is not None:
            after, before = hour >= each.from_hour_utc, hour < each.until_hour_utc
            met &= (after & before) if each.from_hour_utc < each.until_hour_utc else (after | before)
        for column, stated in (
            (input_usd, each.input_usd_per_mtok),
            (cached_usd, each.cache_read_usd_per_mtok),
            (output_usd, each.output_usd_per_mtok),
            (request, each.request_usd),
        ):
            if stated is not None:
                column[met] = stated
    usd: FloatArray = (
        (prompt - cached) * input_usd + cached * cached_usd + output * output_usd
    ) / 1e6 + request
    return usd


def _types(request: Request, calls: Calls, gathering: Gathering) -> tuple[Kinds, str]:
    """Kinds of task: by tag where the log has some, else by the model that was asked for."""
    by = request.type_by or ("tag" if "tag" in gathering.has else "model")
    if by == "model":
        return _by_model(calls, gathering), by
    _check_has(by, "--type-by", gathering)
    values = gathering.names[by].values
    return kinds_of(
        getattr(calls, by), values, f"no_{by}", lambda number, value: _type_name(request, by, number, value)
    ), by


def _type_name(request: Request, by: str, number: int, value: str) -> str:
    personal = by in ("user", "team") and not request.keep_names
    return f"{by}_{number}" if personal else plain(value, by)


def _by_model(calls: Calls, gathering: Gathering) -> Kinds:
    """By what was asked for, else by who answered; names of the same model are one."""
    asked, answered = gathering.names["requested"].values, gathering.names["model"].values
    shared: dict[str, int] = {}
    number = [shared.setdefault(same_model(each), len(shared)) for each in (*asked, *answered)]
    of_name = np.array([*number, -1], dtype=np.int64)
    codes = np.where(calls.requested >= 0, of_name[calls.requested], of_name[calls.model + len(asked)])
    return kinds_of(codes, list(shared), "no_model", lambda _, value: plain(value, "model"))


def _groups(request: Request, calls: Calls, gathering: Gathering, type_by: str) -> tuple[Kinds, str]:
    """Groups of clients: by team, else by agent, where the log has some and types are not told apart by it."""
    by = request.group_by or next(
        (each for each in ("team", "agent") if each in gathering.has and each != type_by), ""
    )
    if not by:
        return Kinds(("clients",), np.zeros(len(calls), dtype=np.int32)), ""
    if by == "model":
        return _by_model(calls, gathering), by
    _check_has(by, "--group-by", gathering)
    named = request.keep_names or by == "tag"
    values = gathering.names[by].values
    return kinds_of(
        getattr(calls, by),
        values,
        f"no_{by}",
        lambda number, value: plain(value, by) if named else f"{by}_{number}",
    ), by


def _check_has(by: str, option: str, gathering: Gathering) -> None:
    if by not in gathering.has:
        there = [each for each in BY if each in gathering.has]
        raise ScenarioError(
            [Problem("", None, option, f"the log says no {by} (it says: {', '.join(there)})")]
        )


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
    _remark(remarks.tell, why, calls, guessed, files, "prompt_tokens")


def _extra(
    sellers: Sequence[Seller], listed: Mapping[tuple[str, str], TokenPrices], file: str | None
) -> list[Seller]:
    """Those of a price file who are not in the log; of a model that is known from it success and pace are."""
    known = {(each.provider, each.model) for each in sellers}
    taken = {each.name for each in sellers}
    extra = []
    for (provider, model), prices in listed.items():
        plain_provider, shared = re.sub(r"\s+", "_", provider.strip().lower()), same_model(model)
        if (plain_provider, shared) in known:
            continue
        name = f"{plain_provider}/{shared}"
        if name in taken:
            name = f"{plain_provider}/{model.lower()}"
        seller = Seller(plain_provider, shared, (model,), name, prices=prices, priced_from=file or "")
        for other in sellers:
            if other.model == shared:
                for type_, (count, well) in other.outcomes.items():
                    before = seller.outcomes.get(type_, (0, 0))
                    seller.outcomes[type_] = (before[0] + count, before[1] + well)
        taken.add(name)
        extra.append(seller)
    return extra
