"""The picture of a replay as a browser draws it, and what it says held against the replay itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from selenium import webdriver
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement

import coalesce_sim
from acceptance.browsing import forget, resize
from coalesce_sim.lab.replay.picture import KEY_BYTES, script, style
from coalesce_sim.lab.replay.recording import Recording
from coalesce_sim.lab.replay.replay import Replay

HOSTILE = "<img src=x onerror='window.hacked = true'>"
PAGE = """<!doctype html><meta charset="utf-8"><body>
<div id="host"></div>
<script type="module">
{script}
const root = document.getElementById("host").attachShadow({{ mode: "open" }});
const [style, made_] = [document.createElement("style"), document.createElement("div")];
style.textContent = {style};
made_.className = "replay";
root.append(style, made_);
Object.assign(window, {{ sent: [], root }});
const data = new TextEncoder().encode({text});
const setTriggerValue = (name, value) => window.sent.push([name, value]);
window.again = () => picture({{ parentElement: root, data, setTriggerValue }});
window.end = window.again();
window.players_now = () => players.get(made_).now;
window.player = players.get(made_);
</script>"""


def recorded(name: str, *changes: str, most_tasks: int = 20_000) -> Replay:
    scenario = coalesce_sim.load(name, changes)
    recording = Recording(scenario, seed=1, replication=0, most_tasks=most_tasks)
    coalesce_sim.stage(scenario, seed=1, observer=recording).play()
    return recording.replay()


def in_script(value: str) -> str:
    return json.dumps(value).replace("</", "<\\/")


def show(browser: webdriver.Chrome, folder: Path, replay: Replay, width: int = 1400) -> None:
    """Open a page with nothing but the picture, wide as stated, and forget what was logged before."""
    resize(browser, width)
    page = folder / "replay.html"
    text = "k" * KEY_BYTES + replay.text()
    page.write_text(PAGE.format(script=script(), style=in_script(style()), text=in_script(text)), "utf-8")
    browser.get("about:blank")
    forget(browser)
    browser.get(page.as_uri())
    assert ask(browser, "return Boolean(window.player)"), browser.get_log("browser")


def ask(browser: webdriver.Chrome, told: str) -> Any:
    return browser.execute_script(told)


def within(browser: webdriver.Chrome, selector: str) -> WebElement:
    found = ask(browser, f"return root.querySelector({json.dumps(selector)})")
    assert isinstance(found, WebElement), selector
    return found


@pytest.mark.parametrize("width", [1400, 400])
@pytest.mark.parametrize(
    "scenario",
    [
        ("dur_03", "clock.days=1"),
        ("market_day", "clock.days=0.01"),
        ("entry_and_exit", "clock.days=0.05", "turnover.entry.per_day=60"),
        ("sybil", "workload.arrivals.limit=150"),
        ("shared_box", "clock.days=0.03"),
    ],
    ids=lambda scenario: scenario[0],
)
def test_it_shows_at_any_moment_what_the_replay_says(browser, tmp_path, scenario, width):
    replay = recorded(*scenario)
    show(browser, tmp_path, replay, width)
    under_way = 0
    for now_s in ((np.arange(20) + 0.377) * replay.until_s / 20).tolist():
        state = replay.at(now_s / 3600)
        counts = [state.coming.sum(), state.waiting.sum(), state.at_work.sum(), state.checking.sum()]
        told = ask(
            browser,
            f"""player.seek({now_s}); const {{ model }} = player;
            return [model.totals, [...model.queue], [...model.busy],
            model.names.map((_, who) => model.isPresent(who, {now_s})),
            model.names.map((_, who) => model.score(who, {now_s}) ?? null)]""",
        )
        score = [None if np.isnan(each) else each for each in state.score.tolist()]
        assert told == [counts, state.queue.tolist(), state.busy.tolist(), state.present.tolist(), score]
        under_way += sum(counts)
    assert under_way > 20
    told = [each.text for each in replay.moments if each.text.startswith("The most work at once")]
    most = ask(browser, "return player.model.most()")
    assert told == [f"The most work at once: {most} jobs under way."]
    assert ask(browser, "return document.documentElement.scrollWidth") <= width
    errors = [entry for entry in browser.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")]
    assert not errors
    messages = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    asked = [each for each in messages if each["method"] == "Network.requestWillBeSent"]
    assert all(each["params"]["request"]["url"].startswith(("file:", "data:")) for each in asked)


def test_keys_move_the_moment_and_play(browser, tmp_path):
    replay = recorded("market_day", "clock.days=0.01")
    show(browser, tmp_path, replay)
    slider = within(browser, "input[type=range]")
    ask(browser, "player.seek(0)")
    slider.send_keys(Keys.ARROW_RIGHT)
    assert ask(browser, "return player.now") == pytest.approx(replay.until_s / 300)
    before = ask(browser, "return player.now")
    slider.send_keys(Keys.SPACE)
    assert ask(browser, "return player.playing")
    assert within(browser, ".now").get_attribute("aria-live") == "off"
    slider.send_keys(Keys.SPACE)
    assert not ask(browser, "return player.playing")
    assert ask(browser, "return player.now") >= before
    within(browser, ".next").click()
    times = np.unique(np.concatenate([replay.jobs.asked_s, replay.jobs.began_s, replay.jobs.ended_s]))
    assert np.isclose(times, ask(browser, "return player.now")).any()
    assert "task" in within(browser, ".now").text.lower()
    within(browser, ".contractors .worker").send_keys(Keys.ARROW_DOWN)
    assert ask(browser, "return root.activeElement.textContent").startswith(
        replay.workers.name[int(np.flatnonzero(~replay.workers.is_client)[1])]
    )


def test_a_job_is_asked_about_by_a_click_and_a_worker_shows_what_it_has_in_hand(browser, tmp_path):
    replay = recorded("market_day", "clock.days=0.01")
    show(browser, tmp_path, replay)
    busiest = int(np.bincount(replay.jobs.worker[~replay.jobs.at_home]).argmax())
    job = int(np.flatnonzero(replay.jobs.worker == busiest)[3])
    middle_s = (replay.jobs.began_s[job] + replay.jobs.left_s[job]) / 2
    ask(browser, f"player.seek({middle_s}); player.choose({busiest})")
    details = within(browser, ".details")
    assert replay.workers.name[busiest] in details.text
    assert f"Task {replay.jobs.task[job]}" in details.text
    within(browser, ".details .job").click()
    name, asked = ask(browser, "return sent.at(-1)")
    assert name == "task"
    assert asked["worker"] == replay.workers.name[busiest]
    assert asked["task"] in replay.jobs.task[replay.jobs.worker == busiest]
    x, y = ask(browser, "player.choose(-1, true); const hit = player.stage.hits[0]; return [hit.x, hit.y]")
    ask(
        browser,
        f"""const box = player.stage.element.getBoundingClientRect();
        const at = {{ clientX: box.left + {x}, clientY: box.top + {y}, detail: 1, bubbles: true }};
        player.stage.element.dispatchEvent(new MouseEvent("click", at))""",
    )
    assert ask(browser, "return sent.length") == 2


def test_a_rerun_keeps_the_moment_and_so_does_a_page_that_comes_back(browser, tmp_path):
    show(browser, tmp_path, recorded("market_day", "clock.days=0.01"))
    now = ask(browser, "player.seek(300); player.play(); again(); return player.now")
    assert now >= 300
    assert ask(browser, "return player.playing")
    assert ask(browser, "player.pause(); player.seek(400); end(); again(); return players_now()") == 400


def test_names_are_texts(browser, tmp_path):
    sellers = json.dumps([{"name": HOSTILE, "price_usd": 0.01, "latency_min": 1, "reliability": 0.9}])
    replay = recorded("dur_03", "clock.days=1", f"contractors={sellers}")
    assert HOSTILE in replay.workers.name
    show(browser, tmp_path, replay)
    ask(browser, f"player.choose({replay.workers.name.index(HOSTILE)})")
    assert HOSTILE in within(browser, ".details").text
    assert not ask(browser, "return Boolean(window.hacked)")


def test_two_thousand_jobs_of_a_hundred_workers_are_drawn_in_time(browser, tmp_path):
    changes = ("clock.days=0.05", "contractors.count=400", "clients.count=400")
    replay = recorded(
        "market_day", *changes, "workload.arrivals.gap_s={exponential: {mean: 0.1}}", most_tasks=6000
    )
    assert len(replay.workers.name) == 100
    show(browser, tmp_path, replay)
    most, took_ms = ask(
        browser,
        """player.seek(player.model.until); const most = player.model.totals.reduce((a, b) => a + b);
        const begun = performance.now();
        for (let turn = 0; turn < 20; turn += 1) { player.now -= 0.01; player.paint(); }
        return [most, (performance.now() - begun) / 20]""",
    )
    assert most >= 2000
    assert took_ms < 33
