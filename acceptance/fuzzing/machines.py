"""Who works where in a run, and on how much at once, by its scenario and its tables."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from typing import Any

Row = dict[str, Any]
Fields = Mapping[str, Any]
Span = tuple[float, float]


def audit(
    scenario: Fields, decisions: list[Row], contracts: list[Row], complain: Callable[[str], None]
) -> None:
    """Nobody works on more tasks at once than there are slots: clients and contractors of their own, and
    those on a box together. Of tasks at home those that were done at the first try are counted."""
    spans: dict[str, list[Span]] = defaultdict(list)
    slots: dict[str, int] = {}
    for machine, number, span in (*_at_home(scenario, decisions), *_hired(scenario, contracts)):
        if number is not None:
            slots[machine] = number
            spans[machine].append(span)
    for machine, own in spans.items():
        for began_s, ended_s in own:
            middle_s = (began_s + ended_s) / 2
            at_once = sum(one < middle_s < other for one, other in own)
            if at_once > slots[machine]:
                complain(f"{machine}: {at_once} tasks at work at {middle_s} s, with {slots[machine]} slots")
                break


def _at_home(scenario: Fields, decisions: list[Row]) -> Iterator[tuple[str, int | None, Span]]:
    machines = [machine for home in _homes(scenario["clients"]) for machine in home]
    for row in decisions:
        if row["choice"] == "local" and row["attempts"] == 1:
            machine, slots = _where(scenario, machines[row["client"]], f"client {row['client']}")
            yield machine, slots, (row["started_s"], row["finished_s"])


def _homes(clients: Fields) -> Iterator[list[Fields]]:
    """What each client works on: its group's box, or its slots; where those are left out, all clients'."""
    if "groups" not in clients:
        yield [clients] * clients["count"]
        return
    for group in clients["groups"].values():
        own = group if group.keys() & {"box", "slots", "batch_curve", "hardware"} else clients
        yield [own if "box" in own else {"slots": clients["slots"], **own}] * group["count"]


def _hired(scenario: Fields, contracts: list[Row]) -> Iterator[tuple[str, int | None, Span]]:
    for row in contracts:
        if row["working_s"] is not None:
            agent = row["contractor"].partition("#")[0]  # whose further names share its machine
            facts = _facts(scenario["contractors"], agent)
            if facts is None:
                continue
            machine, slots = _where(scenario, facts, f"contractor {agent}")
            yield machine, slots, (row["working_s"], row["working_s"] + row["worked_s"])


def _facts(pool: Any, name: str) -> Fields | None:
    """What is stated of a contractor of the pool; None of one that joins."""
    if isinstance(pool, list):
        return next((each for each in pool if each["name"] == name), None)
    facts: Fields | None
    if "types" in pool:
        facts = pool["types"].get(name.rpartition("_")[0])
    else:
        facts = pool.get("template") or pool["recorded"] | pool.get("claims", {}).get(name, {})
    return facts


def _where(scenario: Fields, stated: Fields, own: str) -> tuple[str, int | None]:
    """The machine, and how many slots it has at most; None where they are unlimited."""
    box = stated.get("box")
    slots = stated["slots"] if box is None else scenario["boxes"][box]["slots"]
    if isinstance(slots, Mapping):  # they move
        slots = max(int(number) for _, number in slots["at_hours"])
    return own if box is None else f"box {box}", None if slots == "unlimited" else slots
