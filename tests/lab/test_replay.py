"""What a replay says of a market is what its records say, and what its queues held while it was played."""

from __future__ import annotations

import json
from collections.abc import Generator
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from streamlit.testing.v1 import AppTest

import coalesce_sim
from coalesce_sim.experiments.replication import Wanted, play
from coalesce_sim.files import ResultsError
from coalesce_sim.lab.replay.columns import DEEDS, DEFENCES, OUTCOMES
from coalesce_sim.lab.replay.picture import KEY_BYTES, NAME
from coalesce_sim.lab.replay.recording import Recording
from coalesce_sim.lab.replay.replay import Replay
from coalesce_sim.market.compiled.coverage import Core
from coalesce_sim.market.market import Market
from coalesce_sim.market.observer import Observer, Observers
from tests.market.test_logged import LOG, logged

MOMENTS = 20

Source = tuple[float, str, tuple[str, ...]]
"""Up to which hour a market is looked at, its name, and what is changed of it."""

QUEUEING: Source = (21.0, "dur_03", ("clock.days=1", "clients.slots=1", "workload.arrivals.tasks_per_hour=8"))
MARKET: Source = (0.1, "market_day", ("clock.days=0.004", "contractors.count=4"))
ENTRY_AND_EXIT: Source = (0.5, "entry_and_exit", ("clock.days=0.02", "turnover.entry.per_day=200"))
SHARED: Source = (0.7, "shared_box", ("clock.days=0.03",))
SYBIL: Source = (0.07, "sybil", ("workload.arrivals.limit=80",))
SUBSTITUTION: Source = (0.07, "substitution", ("workload.arrivals.limit=80",))
BALLOTS: Source = (0.07, "ballot_stuffing", ("workload.arrivals.limit=80",))
OF_CONTRACTS = (MARKET, ENTRY_AND_EXIT, SHARED, SYBIL, SUBSTITUTION)

Played = tuple[Replay, dict[str, pa.Table], "Probe"]


class Probe(Observer):
    """Looks at the queues themselves, while SimPy plays them."""

    def __init__(self, until_h: float) -> None:
        self.hours = ((np.arange(MOMENTS) + 0.377) * until_h / MOMENTS).tolist()
        self.queues: list[dict[str, tuple[int, int]]] = []

    def set_up(self, market: Market) -> None:
        self._market = market
        market.env.process(self._look())

    def _look(self) -> Generator[Any, Any, None]:
        env, queues, names = self._market.env, self._market.queues, self._market.pool.names
        for hours in self.hours:
            yield env.timeout(3600 * hours - env.now)
            seen = {f"client {who}": queue for who, queue in queues.homes.items()}
            seen |= {names[who]: queue for who, queue in queues.contractors.items()}
            self.queues.append(
                {name: (len(each.resource.queue), each.resource.count) for name, each in seen.items()}
            )


@cache
def played(source: Source, core: Core = "simpy", most_tasks: int = 20_000) -> Played:
    """A market recorded, with its tables, and with what was seen in its queues where SimPy plays."""
    until_h, name, changes = source
    scenario = coalesce_sim.load(name, changes)
    tables: dict[str, list[pa.Table]] = {}
    recording, probe = Recording(scenario, seed=1, replication=0, most_tasks=most_tasks), Probe(until_h)
    play(
        scenario,
        1,
        0,
        lambda which, table: tables.setdefault(which, []).append(table),
        Wanted(decisions=True, experience=True),
        core=core,
        observer=Observers(recording, probe) if core == "simpy" else recording,
    )
    return recording.replay(), {which: pa.concat_tables(each) for which, each in tables.items()}, probe


def named(source: Source) -> str:
    return source[1]


@pytest.mark.parametrize("source", [QUEUEING, *OF_CONTRACTS], ids=named)
def test_queues_and_slots_are_those_that_were_seen_while_it_was_played(source):
    replay, _, probe = played(source)
    workers, waited = replay.workers, 0
    assert len(probe.queues) == MOMENTS
    for hours, queues in zip(probe.hours, probe.queues, strict=True):
        state = replay.at(hours)
        for name, (waiting, at_work) in queues.items():
            machine = workers.machine[workers.name.index(name)]
            assert (state.queue[machine], state.busy[machine]) == (waiting, at_work), (name, hours)
            waited += waiting
    assert waited, "nobody waited at any of the moments: the market is too quiet for this test"


def columns(table: pa.Table, *names: str) -> list[np.ndarray]:
    return [table[name].to_numpy(zero_copy_only=False) for name in names]


def test_queues_are_those_of_the_table_of_decisions_in_the_published_trade():
    replay, tables, probe = played(QUEUEING)
    decisions = tables["decisions"]
    arrival_s, started_s, finished_s = columns(decisions, "arrival_s", "started_s", "finished_s")
    contractor, client = decisions["contractor"].to_pylist(), decisions["client"].to_pylist()
    worker = np.array([who or f"client {at}" for who, at in zip(contractor, client, strict=True)])
    waited = 0
    for hours in probe.hours:
        state, now_s = replay.at(hours), 3600 * hours
        waits, works = (arrival_s <= now_s) & (now_s < started_s), (started_s <= now_s) & (now_s < finished_s)
        for place, name in enumerate(replay.workers.name):
            mine = worker == name
            assert state.waiting[place] + state.coming[place] == (waits & mine).sum()
            assert state.at_work[place] == (works & mine).sum()
        waited += waits.sum()
    assert waited


@pytest.mark.parametrize(
    ("source", "core"),
    [*((source, "simpy") for source in OF_CONTRACTS), (MARKET, "compiled")],
)
def test_contracts_under_way_are_those_of_the_table_of_contracts(source, core):
    replay, tables, probe = played(source, core)
    contracts = tables["contracts"]
    submitted_s, working_s, ended_s = columns(contracts, "submitted_s", "working_s", "ended_s")
    began_s, who = np.where(np.isnan(working_s), ended_s, working_s), columns(contracts, "contractor")[0]
    for hours in probe.hours:
        state, now_s = replay.at(hours), 3600 * hours
        waits, works = (submitted_s <= now_s) & (now_s < began_s), (began_s <= now_s) & (now_s < ended_s)
        for place in np.flatnonzero(~replay.workers.is_client).tolist():
            mine = who == replay.workers.name[place]
            assert state.waiting[place] + state.coming[place] == (waits & mine).sum()
            assert state.at_work[place] + state.checking[place] == (works & mine).sum()
        task, client = columns(contracts, "task", "client")
        under_way = waits | works
        told = {(at, task) for at, _, task, _ in state.hired}
        assert told == set(zip(client[under_way].tolist(), task[under_way].tolist(), strict=True))


@pytest.mark.parametrize("source", [QUEUEING, MARKET], ids=named)
def test_both_cores_give_the_same_replay(source):
    assert played(source)[0].text() == played(source, "compiled")[0].text()


def test_who_enters_and_leaves_is_there_meanwhile():
    replay, _, _ = played(ENTRY_AND_EXIT)
    kinds = [each.kind for each in replay.moments]
    assert kinds.count("entry") == (replay.workers.enter_s > 0).sum() > 1
    entry = next(each for each in replay.moments if each.kind == "entry")
    assert not replay.at(entry.at_s / 3600 - 0.001).present[entry.worker]
    assert replay.at(entry.at_s / 3600).present[entry.worker]
    first_job_s = replay.jobs.asked_s[replay.jobs.worker == entry.worker].min()
    assert first_job_s >= entry.at_s


def test_cheats_are_told_by_contract_and_by_name():
    replay, tables, _ = played(SUBSTITUTION)
    contracts, jobs = tables["contracts"], replay.jobs
    otherwise = contracts.filter(contracts["manipulated"])
    manipulated = set(zip(*columns(otherwise, "task", "attempt"), strict=True))
    cheats = np.flatnonzero(jobs.deed)
    assert {(jobs.task[each], jobs.attempt[each]) for each in cheats} == manipulated != set()
    assert {DEEDS[deed] for deed in jobs.deed[cheats].tolist()} == {"delivered another's work"}
    assert {replay.workers.strategy[who] for who in jobs.worker[cheats].tolist()} == {"substitution"}
    assert any(each.kind == "cheat" and DEEDS[1] in each.text for each in replay.moments)


def test_what_rules_do_with_contracts_is_told():
    rules = "defences={stake_usd: 0.5, audit: {share: 0.5}}"
    replay, tables, _ = played((SUBSTITUTION[0], "substitution", (*SUBSTITUTION[2], rules)))
    reasons = tables["contracts"]["reason"].to_pylist()
    told = [DEFENCES[each] for each in replay.jobs.defence.tolist()]
    assert told.count("lost its stake") == sum(each in ("found bad", "broke off") for each in reasons) > 0
    assert told.count("looked at again") > 0


def test_false_ratings_are_those_that_no_contract_is_behind():
    replay, tables, _ = played(BALLOTS)
    contracts, ratings = tables["contracts"], tables["ratings"]
    behind = set(zip(*columns(contracts, "ended_s", "client", "contractor", "accepted"), strict=True))
    honest = [
        each in behind
        for each in zip(*columns(ratings, "time_s", "client", "contractor", "rating"), strict=True)
    ]
    assert replay.scores.honest.tolist() == honest
    assert 0 < honest.count(False) < len(honest)
    assert "rating" in [each.kind for each in replay.moments]


def test_a_log_is_replayed_as_it_was():
    scenario = coalesce_sim.load(logged())
    recording = Recording(scenario, seed=1, replication=0)
    coalesce_sim.stage(scenario, seed=1, observer=recording).play()
    replay = recording.replay()
    jobs, names = replay.jobs, replay.workers.name
    by = ["client 0" if each["to"] == "home" else each["to"] for each in LOG]
    assert [names[who] for who in jobs.worker.tolist()] == by
    assert (jobs.ended_s - jobs.asked_s).tolist() == [each["s"] for each in LOG]
    assert [OUTCOMES[each] for each in jobs.outcome.tolist()].count("found bad") == 1
    assert "The log tells each task once" in replay.told
    assert replay.at(0.01).queue.sum() == 0


def test_names_of_one_seller_share_a_machine():
    workers, machines = played(SYBIL)[0].workers, played(SYBIL)[0].machines
    names = [who for who, strategy in enumerate(workers.strategy) if strategy == "sybil"]
    assert len(names) == 10
    assert len({int(workers.machine[who]) for who in names}) == 1
    assert machines.name[workers.machine[names[0]]]
    assert [workers.owner[who] for who in names] == ["", *[workers.name[names[0]]] * 9]


def test_outcomes_and_scores_are_those_of_the_tables():
    replay, tables, _ = played(MARKET)
    contracts, ratings, jobs = tables["contracts"], tables["ratings"], replay.jobs
    away = ~jobs.at_home
    accepted, good = columns(contracts, "accepted", "good")
    outcomes = [OUTCOMES[each] for each in jobs.outcome[away].tolist()]
    assert outcomes.count("done well") == (accepted & good).sum() > 0
    assert outcomes.count("done badly, and nobody noticed") == (accepted & ~good).sum() > 0
    last = dict(zip(*columns(ratings, "contractor", "score_after"), strict=True))
    for name, score in last.items():
        assert replay.at(replay.until_s / 3600).score[replay.workers.name.index(name)] == round(score, 4)


def test_a_replay_is_the_same_read_again(tmp_path):
    replay = played(ENTRY_AND_EXIT)[0]
    replay.write(tmp_path / "replay.json")
    again = Replay.read(tmp_path / "replay.json")
    assert again.text() == replay.text()
    one, other = again.at(0.2), replay.at(0.2)
    assert np.array_equal(one.queue, other.queue)
    assert one.hired == other.hired


@pytest.mark.parametrize("text", ["[]", "{}", '{"version": 2}', "not even JSON"])
def test_what_is_no_replay_is_refused_by_name(tmp_path, text):
    (tmp_path / "replay.json").write_text(text)
    with pytest.raises(ResultsError, match=r"replay\.json: cannot be read"):
        Replay.read(tmp_path / "replay.json")


def test_of_a_large_market_the_first_tasks_are_kept_and_that_is_told():
    whole, cut = played(MARKET)[0], played(MARKET, most_tasks=50)[0]
    assert not whole.told
    assert "the first 50 of" in cut.told
    assert cut.until_s < whole.until_s
    assert set(cut.jobs.task.tolist()) == set(range(50))
    assert json.loads(cut.text())["told"] == cut.told
    for hours in (0.5 * cut.until_s / 3600, 0.95 * cut.until_s / 3600):
        assert np.array_equal(cut.at(hours).queue, whole.at(hours).queue)
        assert cut.at(hours).hired == whole.at(hours).hired


def test_of_many_contractors_those_without_work_share_a_row():
    crowd = (0.1, "market_day", ("clock.days=0.004", "contractors.count=150"))
    replay, tables, probe = played(crowd)
    assert "Of 150 contractors those" in replay.told
    contractors = np.flatnonzero(~replay.workers.is_client)
    assert len(contractors) <= 60
    assert replay.workers.stands_for[contractors].sum() == 150
    submitted_s, ended_s = columns(tables["contracts"], "submitted_s", "ended_s")
    for hours in probe.hours:
        under_way = ((submitted_s <= 3600 * hours) & (3600 * hours < ended_s)).sum()
        assert len(replay.at(hours).hired) == under_way


def test_moments_outside_the_replay_are_refused():
    replay = played(MARKET)[0]
    with pytest.raises(ValueError, match=r"hours must be from 0 to .* \(got -1\)"):
        replay.at(-1)


def test_nothing_can_be_told_before_anything_was_played():
    recording = Recording(coalesce_sim.load("dur_03"), seed=1, replication=0)
    with pytest.raises(RuntimeError, match="nothing has been recorded yet"):
        recording.replay()


def test_of_a_market_without_tasks_nothing_is_shown():
    scenario = coalesce_sim.load("dur_03", ["clock.days=1", "workload.arrivals.tasks_per_hour=0.0001"])
    recording = Recording(scenario, seed=1, replication=0)
    coalesce_sim.stage(scenario, seed=1, observer=recording).play()
    replay = recording.replay()
    assert not len(replay.jobs.task)
    assert replay.at(0.0).hired == ()
    assert Replay.of_text(replay.text()).text() == replay.text()


def shown() -> None:
    import streamlit as st

    from coalesce_sim.lab.replay.picture import picture

    st.session_state.asked = picture(st.session_state.replay, key="replay")


def test_a_page_shows_the_picture():
    page = AppTest.from_function(shown)
    page.session_state.replay = played(MARKET)[0].text()
    page.run(timeout=10)
    assert not page.exception
    assert page.session_state.asked is None
    element = page.main.children[0].proto
    assert element.component_name == NAME
    assert element.bytes[KEY_BYTES:].decode() == page.session_state.replay


def test_steps_of_queues_and_slots_are_what_holds_at_any_moment():
    replay, _, probe = played(SHARED)
    for machine in range(len(replay.machines.slots)):
        for steps, column in ((replay.queue_of(machine), "queue"), (replay.busy_of(machine), "busy")):
            at_s, many = steps
            held = np.append(0, many)[np.searchsorted(at_s, [3600 * hours for hours in probe.hours], "right")]
            assert held.tolist() == [getattr(replay.at(hours), column)[machine] for hours in probe.hours]
            assert not len(many) or many[-1] == 0


@pytest.mark.parametrize(
    ("source", "overrides", "told"),
    [
        ("outages", ["workload.arrivals.limit=20"], "Who is down is not drawn"),
        (
            "market_day",
            ["clock.days=0.01", "reputation.model={kind: eigentrust}"],
            "eigentrust moves others' too",
        ),
    ],
)
def test_what_the_picture_leaves_out_is_told(source, overrides, told):
    scenario = coalesce_sim.load(source, overrides)
    recording = Recording(scenario, seed=1, replication=0)
    coalesce_sim.stage(scenario, seed=1, observer=recording).play()
    assert told in recording.replay().told
