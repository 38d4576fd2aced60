"""Every setting has an effect in every market that accepts it, or is refused, or is told to have none.

Each setting of some tiny markets of both trades gets other values, one at a time. What is refused was said to
be wrong; where nothing that is put out changes, a note must have named the setting; and what a note calls
idle must not act. Between them the markets have all settings that the schema knows.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

import coalesce_sim
from coalesce_sim.scenario.moving import Moving
from verification.settings import Setting, all_settings, effect, play, settings_in, settings_of
from verification.settings_in_changing_markets import routed
from verification.settings_in_markets import POLICIES, markets
from verification.settings_markets import splits
from verification.settings_of_cheats import CHEATS, DEFENCES, WHITBY, cheated
from verification.settings_of_compliance import ruled
from verification.settings_of_logs import logged, table
from verification.settings_of_settlement import SETTLEMENTS, paid
from verification.settings_of_uncertain import resampled, uncertain
from verification.settings_values import is_choice, other_values

EXPLAINED = {
    r"(name|title|description|see_also|paper_metrics)": "labels of results",
    r"published\..*": "printed figures, shown beside ours",
    r"replications": "how often, not what is played: one replication is played here",
    r"clock\.start": "a date for people; hours of demand and of prices go by it, which some markets show",
    r".*\.hardware\.name": "a label",
    r"clients\.groups\.NAME\.hardware\.tdp_w": "required of all hardware; no effect beside slot_usd_per_h",
    r".*\.hardware\.profile": "fills in what is left out, and these markets leave nothing out",
    r"contractors.*\.hardware\.(memory_gb|tdp_w)": "required of all hardware; memory is charged at home only",
    r"contractors\(list\)\[\]\.type": "a label, by which skills.embedding may know the contractor",
    r"workload\.arrivals\(Listed\)\.tasks\[\]\.session": "a label, by which logs are sampled",
    r"contractors\(PriceList\)\.price_date": "required; a price_file has no dates",
    r"policy\(Custom\)\..*": "a policy of the user's own",
    r"skills\.embedder\(OwnEmbedder\)\..*": "an embedder of the user's own",
    r"adversaries\[\]\(OwnAdversary\)\..*": "a strategy of the user's own",
    r"defences\.reserve_price": "of offers dearer than home, of which most of these markets have none",
    r"settlement\.(currency|network)": "labels of the book and of what is exported",
    r".*\(kind\)": "which of several things it is: each is in a market",
}
"""Settings of which nothing is asked, and why."""

_FACTS = re.compile(
    r"contractors\((DrawnPool\)\.types\.NAME|PriceList\)\.template|RecordedPool\)\.recorded|list\)\[\])"
)
_OF_ALL = (
    (re.compile(r"^clients\.groups\.NAME\.(hardware|batch_curve|outcomes|slot_usd_per_h)"), r"clients.\1"),
    (re.compile(r"^boxes\.NAME\.(hardware|batch_curve|slot_usd_per_h)"), r"clients.\1"),
    (re.compile(r"^boxes\.NAME\.outages"), "contractors.WHO.outages"),
    (re.compile(r"^clients\.groups\.NAME\.policy"), "policy"),
    (re.compile(r"^adversaries\[\]\(\w+\)\.who\.facts"), "contractors.WHO"),
    (re.compile(r"^adversaries\[\]\(\w+\)\.who"), "adversaries[].who"),
)
"""Sections that stand in several places, and where they are counted."""


def counted(place: str) -> str:
    """Where a setting is counted that stands in several places."""
    for pattern, counted_as in _OF_ALL:
        place = pattern.sub(counted_as, place)
    return _FACTS.sub("contractors.WHO", place)


def explained(place: str) -> bool:
    """Whether nothing is asked of a setting."""
    return any(re.fullmatch(pattern, place) for pattern in EXPLAINED)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the markets' files are."""
    return tmp_path_factory.mktemp("files")


def walked(data: dict[str, Any], folder: Path, among: str = "") -> dict[str, dict[str, str]]:
    """What comes of other values of each setting: by its place, and by the value where each has to act."""
    scenario = coalesce_sim.load(data)
    base = play(scenario)
    places: dict[str, list[Setting]] = {}
    for setting in settings_in(scenario):
        if setting.place.startswith(among) and not explained(setting.place):
            places.setdefault(setting.place, []).append(setting)
    found: dict[str, dict[str, str]] = {}
    for place, occurrences in places.items():
        outcomes: dict[str, str] = {}
        found[place] = outcomes
        for setting in (*occurrences[3:4], *occurrences[:2]):
            for value in other_values(setting, folder):
                which = repr(value) if is_choice(setting) else "any value"
                if outcomes.get(which) in (None, "nothing", "refused"):
                    came = effect(data, base, setting, value)
                    outcomes[which] = outcomes.get(which, came) if came == "refused" else came
    return found


def silent(found: dict[str, dict[str, str]]) -> list[str]:
    """What neither acts nor is told nor refused, or has no other value here."""
    right = ("acts", "told", "refused")
    return [
        f"{place}: {outcomes or 'no value tried'}"
        for place, outcomes in found.items()
        if not outcomes or any(each not in right for each in outcomes.values())
    ]


NAMES = (
    *("hours", "tokens", "estimates", "contracts", "insecure", "steps", "series", "listing", "recorded"),
    *("groups", "boxes", "shared", "turnover", "moving"),
)


@pytest.mark.parametrize("name", NAMES)
def test_every_setting_of_a_market_acts_or_is_told(name: str, folder: Path) -> None:
    found = walked(markets(folder)[name], folder)
    assert silent({place: each for place, each in found.items() if not place.startswith("policy")}) == []


OF_SPLITTING = ("decompose", "split_usd", "split_s", "integration_usd", "steps")


def test_every_setting_of_splitting_acts_or_is_told(folder: Path) -> None:
    for name in OF_SPLITTING:
        assert silent(walked(splits(), folder, among=f"workload.types.NAME.{name}")) == []


@pytest.mark.parametrize("kind", POLICIES)
def test_every_setting_of_a_policy_acts_or_is_told(kind: str, folder: Path) -> None:
    data = markets(folder)["contracts"] | {"policy": POLICIES[kind]}
    assert silent(walked(data, folder, among="policy")) == []


def test_every_setting_of_a_routing_acts_or_is_told(folder: Path) -> None:
    assert silent(walked(routed(), folder, among="policy")) == []


ATTEMPTS = "workload.arrivals(Listed).tasks[].logged.attempts"


def test_every_setting_of_a_log_acts_or_is_told(folder: Path) -> None:
    for data in (logged(), table(folder)):
        for among in ("workload.arrivals", "policy", "workload.types.NAME.expected_output_tokens"):
            found = walked(data, folder, among=among)
            assert silent({place: each for place, each in found.items() if place != ATTEMPTS}) == []
    played = logged() | {"policy": {"kind": "as_logged"}}
    assert silent(walked(played, folder, among=ATTEMPTS)) == []


@pytest.mark.parametrize("kind", CHEATS)
def test_every_setting_of_those_who_cheat_acts_or_is_told(kind: str, folder: Path) -> None:
    assert silent(walked(cheated(CHEATS[kind]), folder, among="adversaries")) == []


def test_every_setting_against_those_who_cheat_acts_or_is_told(folder: Path) -> None:
    data = cheated(CHEATS["exit_scam"], defences=DEFENCES)
    assert silent(walked(data, folder, among="defences")) == []
    data = cheated(CHEATS["bad_mouthing"], reputation=WHITBY)
    assert silent(walked(data, folder, among="reputation")) == []


def test_every_setting_about_who_may_be_hired_acts_or_is_told(folder: Path) -> None:
    for among in ("compliance", "contractors(DrawnPool).types.NAME.jurisdiction", "workload.types.NAME.data"):
        assert silent(walked(ruled(), folder, among=among)) == []


@pytest.mark.parametrize("name", SETTLEMENTS)
def test_every_setting_about_payment_acts_or_is_told(name: str, folder: Path) -> None:
    assert silent(walked(paid(name), folder, among="settlement")) == []


def test_every_setting_of_what_is_uncertain_acts_or_is_told(folder: Path) -> None:
    assert silent(walked(uncertain(folder), folder, among="uncertainty")) == []
    assert silent(walked(resampled(folder), folder, among="workload.arrivals(Csv).resample")) == []


def test_numbers_move_in_all_ways(folder: Path) -> None:
    moving = coalesce_sim.load(markets(folder)["moving"])
    there = {setting.place.partition("(Moving).")[2] for setting in settings_in(moving)}
    assert set(settings_of(Moving)) <= there


def test_the_markets_have_every_setting(folder: Path) -> None:
    data = [*markets(folder).values(), resampled(folder), uncertain(folder)]
    data += [data[0] | {"policy": policy} for policy in POLICIES.values() if policy["kind"] != "fixed"]
    data += [markets(folder)["contracts"] | {"policy": POLICIES["fixed"]}, routed()]
    data += [logged(), table(folder), ruled(), *map(paid, SETTLEMENTS)]
    data += [cheated(each, defences=DEFENCES, reputation=WHITBY) for each in CHEATS.values()]
    there = {setting.place for each in data for setting in settings_in(coalesce_sim.load(each))}
    shared = {counted(place) for place in there}
    missing = [
        place for place in all_settings() if not explained(counted(place)) and counted(place) not in shared
    ]
    assert missing == []
