"""A market as it is asked for, by a page or by a link that anybody may have made."""

import json
import os

import pytest
import yaml

from coalesce_sim import ScenarioError, load
from coalesce_sim.lab.controls.desk import desk
from coalesce_sim.lab.controls.reading import written
from coalesce_sim.lab.repeating import address, yaml_of
from coalesce_sim.lab.setting import UPLOADS, Setting, allowed

pytestmark = pytest.mark.usefixtures("lab")

MALICE = """
from pathlib import Path
Path("was_here").touch()
from coalesce_sim import Policy
class Mine(Policy):
    def decide(self, view):
        return [None]
"""


def test_a_setting_survives_its_address():
    setting = Setting("dur_03", ("policy.epsilon=0.2", "clock.days=1"), 7, 3)
    query = {name: [value] if isinstance(value, str) else value for name, value in setting.query.items()}
    assert Setting.of_query(query) == setting
    assert address("http://here/", setting.query) == (
        "http://here/?scenario=dur_03&set=policy.epsilon%3D0.2&set=clock.days%3D1&seed=7&replications=3"
    )


def test_the_key_tells_settings_apart_that_play_differently():
    asked = [
        Setting("dur_03", seed=1),
        Setting("dur_03", seed=2),
        Setting("dur_03", seed=1, replications=3),
        Setting("dur_03", ("policy.epsilon=0",), 1),
    ]
    assert len({each.key for each in asked}) == len(asked)
    assert Setting("dur_03").key == Setting("dur_03", seed=1).key


@pytest.mark.parametrize(
    ("name", "text"), [("seed", "-1"), ("seed", "x"), ("replications", "0"), ("seed", "²")]
)
def test_a_number_in_an_address_that_is_none_is_told(name, text):
    with pytest.raises(ScenarioError, match=f"{name}: must be a whole number .*got {text!r}"):
        Setting.of_query({"scenario": ["dur_03"], name: [text]})


@pytest.mark.parametrize(
    "source", ["/etc/passwd", "../elsewhere.yaml", "nothing_of_that_name", "below/../../elsewhere.yaml"]
)
def test_a_link_opens_nothing_but_what_is_bundled_or_below_the_start(tmp_path, source):
    (tmp_path.parent / "elsewhere.yaml").write_text("extends: dur_01\n")
    with pytest.raises(ScenarioError):
        _ = Setting(source).scenario


def test_code_is_executed_only_where_a_file_of_the_users_own_names_it(lab, tmp_path):
    (tmp_path / "mine.py").write_text(MALICE)
    (tmp_path / "mine.yaml").write_text('extends: dur_01\npolicy: {class: "mine:Mine"}\n')
    uploads = lab.keep / UPLOADS
    uploads.mkdir(parents=True)
    (uploads / "theirs.yaml").write_text('extends: dur_01\npolicy: {class: "mine:Mine"}\n')
    for foreign in (
        Setting("dur_01", ('policy={class: "mine:Mine"}',)),
        Setting("dur_01", ('skills.embedder={class: "mine:Mine"}',)),
        Setting(str(uploads / "theirs.yaml")),
    ):
        with pytest.raises(ScenarioError, match=r"names code, which is not executed .*got 'mine:Mine'"):
            _ = foreign.scenario
        assert not (tmp_path / "was_here").exists()
    assert Setting("mine.yaml").scenario.resolved()["policy"]["class"] == "mine:Mine"
    assert (tmp_path / "was_here").exists()


@pytest.fixture
def secret(tmp_path_factory):
    """A table that is not below the folder in which the lab was started."""
    path = tmp_path_factory.mktemp("elsewhere") / "secret.csv"
    path.write_text("password\nhunter2\n")
    return path


NAMES_A_FILE = ("workload.arrivals={{kind: table, path: {}}}", "uncertainty={{sample: {}}}")


@pytest.mark.parametrize("override", NAMES_A_FILE)
def test_a_link_has_no_file_read_that_lies_elsewhere(secret, tmp_path, override):
    (tmp_path / "link.csv").symlink_to(secret)
    for path in (secret, os.path.relpath(secret), "link.csv"):
        text = override.format(json.dumps(str(path)))
        with pytest.raises(ScenarioError, match="not read when a link or a field asks for it") as told:
            _ = Setting("dur_03", (text,)).scenario
        shown = desk(written("dur_03"), (text,))
        assert not shown.playable
        assert "password" not in f"{told.value} {shown.problems} {shown.refused}"


def test_an_upload_has_no_file_read_that_lies_elsewhere(lab, secret):
    (secret.parent / "secret.yaml").write_text("password: hunter2\n")
    uploads = lab.keep / UPLOADS
    uploads.mkdir(parents=True)
    far = [f"extends: {secret.parent}/secret.yaml", "extends: again.yaml"]
    far += [f"extends: dur_03\nuncertainty: {{sample: {secret}}}"]
    (uploads / "again.yaml").write_text(far[0])
    for text in far:
        (uploads / "theirs.yaml").write_text(text)
        source = str(uploads / "theirs.yaml")
        for ask in (lambda source: Setting(source).scenario, allowed):
            with pytest.raises(ScenarioError, match="not read when an upload asks for it") as told:
                ask(source)
            assert "password" not in str(told.value)


def test_a_file_of_the_users_own_has_any_file_read(secret, tmp_path):
    (tmp_path / "mine.yaml").write_text(f"extends: dur_03\nuncertainty: {{sample: {secret}}}\n")
    with pytest.raises(ScenarioError, match="password"):  # it was read, and is none
        _ = Setting("mine.yaml", ("clock.days=1",)).scenario


@pytest.mark.parametrize("source", ["a\0b.yaml", f"{'x' * 5000}.yaml", "ring.yaml"])
def test_a_name_that_no_file_can_have_is_told(tmp_path, source):
    (tmp_path / "ring.yaml").symlink_to(tmp_path / "ring.yaml")
    with pytest.raises(ScenarioError):
        _ = Setting(source).scenario


@pytest.mark.parametrize(
    "overrides",
    [
        (),
        ("policy.epsilon=0.3", "clock.days=2"),
        ("policy={kind: ucb1}",),
        ("contractors.types.*.slots=2",),
    ],
)
def test_the_file_plays_what_is_shown(overrides):
    origin = Setting("market_day", overrides, 3, 2).origin
    again, shown = load(yaml.safe_load(yaml_of(origin))).resolved(), origin.scenario.resolved()
    for wording in ("name", "title", "description", "published"):
        again.pop(wording, None)
        shown.pop(wording, None)
    assert again == {**shown, "seed": 3, "replications": 2}


def test_the_file_is_short_where_that_says_it():
    assert yaml.safe_load(yaml_of(Setting("dur_03", ("policy.epsilon=0.3",), 3, 2).origin)) == {
        "extends": "dur_03",
        "policy": {"epsilon": 0.3},
        "seed": 3,
        "replications": 2,
    }
