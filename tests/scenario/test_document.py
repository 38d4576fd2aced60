from __future__ import annotations

import os
import pickle
import textwrap
from datetime import date, datetime
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coalesce_sim import bundled
from coalesce_sim.scenario import yamltext
from coalesce_sim.scenario.document import Mark, read_document
from coalesce_sim.scenario.problems import Problem, ScenarioError


@pytest.fixture(params=["CBaseLoader", "BaseLoader"], autouse=True)
def _parser(request, monkeypatch):
    """Each test runs on libyaml and on PyYAML's own parser."""
    if not hasattr(yaml, request.param):
        pytest.skip("PyYAML was built without libyaml")
    monkeypatch.setattr(yamltext, "_LOADER", getattr(yaml, request.param))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty working directory, so that messages show bare file names."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def shipped(tmp_path, monkeypatch):
    """A bundle of our own: scenarios dur_01 and dur_03, profile published."""
    scenarios = tmp_path / "package" / "scenarios"
    (scenarios / "profiles").mkdir(parents=True)
    (scenarios / "dur_01.yaml").write_text("days: 1\n")
    (scenarios / "dur_03.yaml").write_text("extends: published\ndays: 3\n")
    (scenarios / "profiles" / "published.yaml").write_text("days: 7\nepsilon: 0.1\n")
    monkeypatch.setattr(bundled, "_PACKAGE", tmp_path / "package")
    return scenarios


def write(path: Path, text: str) -> Path:
    path.write_text(textwrap.dedent(text))
    return path


def read(text: str, folder: Path, *overrides: str):
    return read_document(write(folder / "a.yaml", text), overrides)


def error_of(source, *overrides: str) -> str:
    with pytest.raises(ScenarioError) as caught:
        read_document(source, overrides)
    return str(caught.value)


def error_in(text: str, folder: Path, *overrides: str) -> str:
    return error_of(write(folder / "a.yaml", text), *overrides)


# What is read


def test_values_names_and_marks(folder):
    document = read("a: 1\nb:\n  c: [x, y]\n  d:\n    - {e: 2}\n", folder)
    assert document.data == {"a": 1, "b": {"c": ["x", "y"], "d": [{"e": 2}]}}
    assert document.name == "a"
    assert document.sources == (folder / "a.yaml",)
    assert {path: mark.line for path, mark in document.marks.items()} == {
        (): 1,
        ("a",): 1,
        ("b",): 2,
        ("b", "c"): 3,
        ("b", "c", 0): 3,
        ("b", "c", 1): 3,
        ("b", "d"): 4,
        ("b", "d", 0): 5,
        ("b", "d", 0, "e"): 5,
    }
    assert {mark.file for mark in document.marks.values()} == {"a.yaml"}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2.8e15", 2.8e15),
        ("1e-3", 0.001),
        ("+.5", 0.5),
        ("12", 12),
        ("010", 10),
        ("0x1F", 31),
        ("0o17", 15),
        ("true", True),
        ("False", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("no", "no"),
        ("on", "on"),
        ("y", "y"),
        ("1:30", "1:30"),
        ("1_000", "1_000"),
        ("0b1", "0b1"),
        ("=", "="),
        ("'12'", "12"),
        ('"true"', "true"),
        (".inf", float("inf")),
        ("-.INF", float("-inf")),
        ("2025-06-01T08:00:00", datetime(2025, 6, 1, 8)),
        ("2025-06-01 08:00", datetime(2025, 6, 1, 8)),
        ("2025-06-01", date(2025, 6, 1)),
        ("'2025-06-01'", "2025-06-01"),
    ],
)
def test_scalars_follow_yaml_1_2(folder, text, value):
    got = read(f"a: {text}\n", folder).data["a"]
    assert got == value
    assert type(got) is type(value)


def test_booleans_and_numbers_of_other_dialects_are_usable_as_keys(folder):
    assert read("no: 1\non: 2\n", folder).data == {"no": 1, "on": 2}


def test_a_byte_order_mark_is_skipped(folder):
    (folder / "a.yaml").write_bytes(b"\xef\xbb\xbfa: 1\n")
    assert read_document(folder / "a.yaml").data == {"a": 1}


def test_an_alias_repeats_the_value_of_its_anchor_but_is_marked_where_it_stands(folder):
    document = read("a: &x {b: [1]}\nc: *x\nd: [*x, &y 3, *y]\n", folder)
    assert document.data == {"a": {"b": [1]}, "c": {"b": [1]}, "d": [{"b": [1]}, 3, 3]}
    assert document.marks["c",].line == 2
    assert document.marks["c", "b"].line == 1
    document.data["c"]["b"].append(2)
    assert document.data["a"] == {"b": [1]}, "aliases must not share their lists"


# Texts such as 1e3 are left out: PyYAML writes them without quotes, and in YAML 1.2 they are numbers.
_texts = st.text(max_size=8).filter(lambda text: text[:1] not in set("+-.0123456789"))
_scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | _texts


def _nested(scalars):
    containers = st.recursive(
        scalars,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_texts, inner, max_size=3),
        max_leaves=15,
    )
    return st.dictionaries(_texts.filter(lambda key: key != "extends"), containers, max_size=4)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_nested(_scalars), _nested(_scalars | st.datetimes() | st.dates()))
def test_what_pyyaml_dumps_is_read_back(tmp_path, data, data_with_dates):
    path = tmp_path / "a.yaml"
    for content, flow in ((data, True), (data_with_dates, False)):
        path.write_text(yaml.safe_dump(content, default_flow_style=flow))
        assert read_document(path).data == content
        assert read_document({"extends": str(path)}).data == content
        assert read_document(content).data == content


# What is refused


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "a.yaml: is empty; a scenario is a mapping of fields"),
        ("# nothing\n", "a.yaml: is empty; a scenario is a mapping of fields"),
        ("---\n", "a.yaml:2: a scenario must be a mapping of fields (got null)"),
        ("\n- 1\n", "a.yaml:2: a scenario must be a mapping of fields (got a list)"),
        ("days 3\n", "a.yaml:1: a scenario must be a mapping of fields (got 'days 3')"),
        ("a: 1\n---\nb: 2\n", "a.yaml:2: a second document starts here; a scenario file holds one"),
        ("a: b: c\n", "a.yaml:1: column 5: not valid YAML: mapping values are not allowed"),
        ("a: 1\nb: [1,\n", "a.yaml:3: column 1: not valid YAML: "),
        (
            "a: 1\nb: 'x\n",
            "found unexpected end of stream while scanning a quoted scalar that starts at line 2",
        ),
        ("a:\n\t- 1\n", "a.yaml:2: column 1: not valid YAML: found character"),
        ("a: 1\nb: \x07\n", "a.yaml:2: the character '\\x07' is not allowed in YAML"),
        ("a: !!python/name:os.system x\n", "a.yaml:1: tags are not allowed (got !!python/name:os.system); "),
        ("a: !thing {b: 1}\n", "a.yaml:1: tags are not allowed (got !thing); to mark text, quote it"),
        ("a: *b\n", "a.yaml:1: the alias *b has no anchor before it"),
        ("a: &b\n  c: *b\n", "a.yaml:2: the alias *b stands inside what it refers to"),
        ("? [a]\n: 1\n", "a.yaml:1: keys must be text (got an alias, a list or a mapping)"),
        ("a: 1\nb:\n  c: .nan\n", "a.yaml:3: b.c: nan is not a value a scenario can hold"),
        ("a: [1e999]\n", "a.yaml:1: a[0]: too large for a number (got '1e999')"),
        ("a: 2025-02-30\n", "a.yaml:1: a: not a valid number, date or time (got '2025-02-30')"),
        ("a: " + "9" * 5000, f"a.yaml:1: a: not a valid number, date or time (got '{'9' * 58}…)"),
    ],
)
def test_one_clear_message_for_what_cannot_be_read(folder, text, message):
    error = error_in(text, folder)
    assert message in error
    assert error.startswith("a.yaml")
    assert len(error.splitlines()) == 1


def test_all_bad_keys_and_scalars_of_a_file_at_once(folder):
    text = """\
        a: 1
        b:
          - {c: 2, c: 3}
          - <<: {d: 1}
        1: x
        null: y
        2025-06-01: z
        d: .nan
        a: 2
        a: 3
        """
    assert error_in(text, folder).splitlines() == [
        "a.yaml:3: b[0].c: duplicate key; first at line 3",
        "a.yaml:4: b[1]: merge keys (<<) are not supported; use `extends`",
        "a.yaml:5: keys must be text (got 1); quote it",
        "a.yaml:6: keys must be text (got null); quote it",
        "a.yaml:7: keys must be text (got 2025-06-01); quote it",
        "a.yaml:8: d: nan is not a value a scenario can hold",
        "a.yaml:9: a: duplicate key; first at line 1",
        "a.yaml:10: a: duplicate key; first at line 1",
    ]


def test_an_alias_bomb_is_refused_before_it_goes_off(folder):
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 30)]
    message = "holds more than 1,000,000 values once aliases are written out"
    assert error_in("\n".join(lines), folder) == f"a.yaml:6: {message}"


@pytest.mark.parametrize(
    "text", ["a: " + "[" * 100_000, "- " * 10_000, "a: " + "{b: " * 101 + "1" + "}" * 101]
)
def test_deep_nesting_is_refused(folder, text):
    assert error_in(text, folder) == "a.yaml:1: nests deeper than 100 levels"


def test_deep_nesting_through_aliases_is_refused(folder):
    text = "a0: &a0 [x]\n" + "".join(f"a{i}: &a{i} [*a{i - 1}]\n" for i in range(1, 5000))
    assert error_in(text, folder) == "a.yaml:100: nests deeper than 100 levels"


def test_a_hundred_levels_are_read(folder):
    data = read("a: " + "[" * 99 + "]" * 99, folder).data["a"]
    for _ in range(98):
        (data,) = data
    assert data == []


def test_deep_python_data_is_refused():
    data: dict = {}
    data["a"] = data
    assert error_of(data) == "<scenario>: nests deeper than 100 levels"


def test_a_missing_file_and_a_directory(folder):
    assert error_of("b.yaml") == "b.yaml: no such file"
    assert error_of(Path("b")) == "b: no such file"
    (folder / "c.yaml").mkdir()
    assert error_of("c.yaml") == "c.yaml: is a directory, not a file"
    (folder / "results").mkdir()
    assert error_of("results") == "results: is a directory, not a file"


def test_a_pipe_is_not_waited_for(folder):
    os.mkfifo(folder / "p.yaml")
    assert error_of("p.yaml") == "p.yaml: is a device or pipe, not a file"


def test_a_large_file_is_not_read(folder, monkeypatch):
    with (folder / "a.yaml").open("wb") as file:
        file.truncate(50_000_000)
    monkeypatch.setattr(Path, "read_bytes", lambda _: pytest.fail("read"))
    assert error_of("a.yaml") == "a.yaml: is 50,000,000 bytes long; the limit is 8,000,000 bytes"


def test_a_file_that_may_not_be_read(folder, monkeypatch):
    def refuse(_):
        raise PermissionError(13, "Permission denied")

    write(folder / "a.yaml", "a: 1\n")
    monkeypatch.setattr(Path, "read_bytes", refuse)
    assert error_of("a.yaml") == "a.yaml: cannot be read: Permission denied"
    assert error_of("a\0.yaml") == r"a\x00.yaml: cannot be read: embedded null byte"


def test_invalid_utf_8_is_shown_by_offset_and_line(folder):
    (folder / "a.yaml").write_bytes(b"a: 1\nb: \xe9t\xe9\n")
    assert error_of("a.yaml") == "a.yaml:2: is not UTF-8 text: byte 0xe9 at offset 8"


def test_errors_survive_a_process_pool(folder):
    with pytest.raises(ScenarioError) as caught:
        read("a: 1\na: 2\n", folder)
    copy = pickle.loads(pickle.dumps(caught.value))
    assert str(copy) == str(caught.value) == "a.yaml:2: a: duplicate key; first at line 1"
    assert copy.problems == (Problem("a.yaml", 2, "a", "duplicate key; first at line 1"),)


# extends


def test_a_child_is_merged_over_its_parent(folder):
    (folder / "base").mkdir()
    write(folder / "base" / "parent.yaml", "a: 1\nb: {c: 2, d: [1, 2]}\ne: {f: 1}\n")
    document = read("extends: base/parent.yaml\nb:\n  d: [3]\n  x: 4\ne: null\n", folder)
    assert document.data == {"a": 1, "b": {"c": 2, "d": [3], "x": 4}}
    assert document.marks["a",] == Mark("base/parent.yaml", 1)
    assert document.marks["e",] == Mark("a.yaml", 5)
    assert document.marks["b", "c"] == Mark("base/parent.yaml", 2)
    assert document.marks["b",] == Mark("a.yaml", 2)
    assert document.marks["b", "d", 0] == Mark("a.yaml", 3)
    assert ("b", "d", 1) not in document.marks
    assert document.sources == (folder / "a.yaml", folder / "base" / "parent.yaml")


def test_relative_paths_start_at_the_file_that_says_them(folder):
    (folder / "sub").mkdir()
    write(folder / "sub" / "b.yaml", "extends: ../c.yml\nb: 1\n")
    write(folder / "c.yml", "c: 1\n")
    assert read("extends: ./sub/b.yaml\na: 1\n", folder).data == {"a": 1, "b": 1, "c": 1}


def test_bundled_names(folder, shipped):
    document = read("extends: dur_03\nseed: 1\n", folder)
    assert document.data == {"days": 3, "epsilon": 0.1, "seed": 1}
    assert document.sources == (
        folder / "a.yaml",
        shipped / "dur_03.yaml",
        shipped / "profiles" / "published.yaml",
    )
    assert read_document("dur_03").data == {"days": 3, "epsilon": 0.1}
    assert read_document("dur_03").name == "dur_03"
    assert error_of("dur_30") == "no bundled scenario 'dur_30'; did you mean 'dur_03', 'dur_01'?"


@pytest.mark.usefixtures("shipped")
def test_a_missing_parent_is_told_where_it_is_asked_for(folder):
    text = "a: 1\nextends: publishd\n"
    message = "no bundled scenario 'publishd'; did you mean 'published'?"
    assert error_in(text, folder) == f"a.yaml:2: extends: {message}"
    text = "a: 1\nextends: ./publishd.yaml\n"
    message = "publishd.yaml: no such file; did you mean the bundled scenario 'published'?"
    assert error_in(text, folder) == f"a.yaml:2: extends: {message}"
    message = "must be the name or path of a scenario (got 3)"
    assert error_in("extends: 3\n", folder) == f"a.yaml:1: extends: {message}"


def test_a_circle_is_shown_whole(folder):
    write(folder / "b.yaml", "b: 1\nextends: c.yaml\n")
    write(folder / "c.yaml", "extends: ./b.yaml\n")
    message = "goes round in a circle: b.yaml -> c.yaml -> b.yaml"
    assert error_in("extends: b.yaml\n", folder) == f"c.yaml:1: extends: {message}"
    message = "goes round in a circle: a.yaml -> a.yaml"
    assert error_in("extends: a.yaml\n", folder) == f"a.yaml:1: extends: {message}"


@pytest.mark.parametrize(
    ("parent", "child", "merged"),
    [
        ({"kind": "a", "x": 1}, {"kind": "b", "y": 2}, {"kind": "b", "y": 2}),
        ({"kind": "a", "x": 1}, {"kind": "a", "y": 2}, {"kind": "a", "x": 1, "y": 2}),
        ({"kind": "a", "x": 1}, {"y": 2}, {"kind": "a", "x": 1, "y": 2}),
        ({"x": 1}, {"kind": "a", "y": 2}, {"kind": "a", "y": 2}),
        ({"kind": "a", "x": 1}, {"class": "m:P"}, {"class": "m:P"}),
        ({"class": "m:P", "x": 1}, {"class": "m:P", "y": 2}, {"class": "m:P", "x": 1, "y": 2}),
        ({"normal": {"mean": 1, "sd": 2}}, {"normal": {"sd": 3}}, {"normal": {"mean": 1, "sd": 3}}),
        ({"normal": {"mean": 1}}, {"uniform": {"low": 1}}, {"uniform": {"low": 1}}),
        ({"normal": {"mean": 1}}, {"other": 1}, {"normal": {"mean": 1}, "other": 1}),
        ({"normal": {"mean": 1}}, 3, 3),
        ([1, 2], [3], [3]),
    ],
)
def test_a_mapping_that_names_another_alternative_replaces(folder, parent, child, merged):
    path = folder / "parent.yaml"
    path.write_text(yaml.safe_dump({"field": parent}))
    assert read_document({"extends": str(path), "field": child}).data == {"field": merged}
    assert read_document({"extends": str(path), "field": None}).data == {}


# Overrides


def test_overrides_are_merged_in_turn(folder):
    text = "a: 1\nb:\n- {c: 2, d: {normal: {mean: 1, sd: 2}}}\n- {c: 3}\n"
    sets = [
        "a=no",
        "b[1].c=2.5e3",
        "b[0].d={uniform: {low: 0}}",
        "b[0].d.uniform.high=1",
        "e.f=[1, x]",
        "g=null",
    ]
    document = read(text, folder, *sets)
    assert document.data == {
        "a": "no",
        "b": [{"c": 2, "d": {"uniform": {"low": 0, "high": 1}}}, {"c": 2500.0}],
        "e": {"f": [1, "x"]},
        "g": None,
    }
    assert document.marks["a",] == Mark("--set a", None)
    assert document.marks["b", 1, "c"] == Mark("--set b[1].c", None)
    assert document.marks["b", 1] == Mark("a.yaml", 4)
    assert document.marks["b", 0, "c"] == Mark("a.yaml", 3)
    assert document.marks["b", 0, "d", "uniform", "low"] == Mark("--set b[0].d", None)
    assert document.marks[()] == Mark("a.yaml", 1)


def test_null_clears_what_is_inherited_and_what_comes_later_starts_anew(folder):
    write(folder / "parent.yaml", "types: {x: {a: 1}, y: {a: 2}, z: {a: 3}}\n")
    text = "extends: parent.yaml\ntypes:\n  x: null\n  new: null\n"
    assert read(text, folder).data == {"types": {"y": {"a": 2}, "z": {"a": 3}, "new": None}}
    document = read(text, folder, "types.y=null", "types.x.b=4", "types.new=5", "types.*.c=6")
    assert document.data == {"types": {"x": {"b": 4, "c": 6}, "z": {"a": 3, "c": 6}, "new": {"c": 6}}}


def test_a_star_stands_for_every_name_and_every_number(folder):
    text = "types: {x: {a: 1}, y: {a: 2, b: 3}}\nlist:\n- {a: 1}\n- {a: 2, b: {c: 1}}\n"
    document = read(text, folder, "types.*.a=7", "list[*].b.c=8")
    assert document.data == {
        "types": {"x": {"a": 7}, "y": {"a": 7, "b": 3}},
        "list": [{"a": 1, "b": {"c": 8}}, {"a": 2, "b": {"c": 8}}],
    }
    assert document.marks["types", "y", "a"] == Mark("--set types.*.a", None)
    assert document.marks["types", "y", "b"] == Mark("a.yaml", 1)
    assert read("share: {'*': 1, x: 2}\n", folder, "share.*=3").data == {"share": {"*": 3, "x": 2}}


@pytest.mark.parametrize("path", ["a.*.b", "a[*]", "c.*", "none.*.x"])
def test_a_star_that_stands_for_nothing_is_refused(folder, path):
    text = "a: 1\nc: {}\n"
    assert error_in(text, folder, f"{path}=1") == f"--set {path}: there is nothing that * could stand for"


def test_an_override_that_names_another_alternative_replaces(folder):
    document = read("p: {kind: a, x: 1}\n", folder, "p.kind=b", "p.y=2")
    assert document.data == {"p": {"kind": "b", "y": 2}}
    assert document.marks["p",] == Mark("--set p.kind", None)


def test_all_bad_overrides_at_once(folder):
    bad = [
        "a",
        "=1",
        "b[x]=1",
        "b[2].c=1",
        "a[0]=1",
        "n[0]=1",
        "a=",
        "b=[1",
        "b[0]={c: 1, c: 2}",
        "extends=x",
    ]
    shape = "must look like path.to.field=value, as in contractors[2].price_usd=3"
    *lines, circular = error_in("a: 1\nb: [{c: 1}]\n", folder, *bad).splitlines()
    syntax = lines.pop(7)
    assert lines == [
        f"--set a: {shape}",
        f"--set =1: {shape}",
        f"--set b[x]=1: {shape}",
        "--set b[2].c: there is no item [2]; the list has 1",
        "--set a[0]: there is no list that [0] could be an item of",
        "--set n[0]: there is no list that [0] could be an item of",
        "--set a: has no value; write null to clear the field",
        "--set b[0]: b[0].c: duplicate key",
    ]
    assert syntax.startswith("--set b: b: column ")
    assert "not valid YAML" in syntax
    assert circular == "--set extends: `extends` cannot be overridden; change it in the file"
    deep = ".".join("a" * 101)
    assert error_in("a: 1\n", folder, f"{deep}=1") == f"--set {deep}: the path is more than 100 steps long"


# Python data


def test_a_mapping_is_a_source(folder):
    write(folder / "parent.yaml", "a: 1\nb: {c: 2}\n")
    document = read_document({"extends": "parent.yaml", "b": {"d": (1, 2)}}, ["b.c=3"])
    assert document.data == {"a": 1, "b": {"c": 3, "d": [1, 2]}}
    assert document.name == "scenario"
    assert document.sources == (Path("parent.yaml"),)
    assert document.marks["b", "d"] == Mark("<scenario>", None)
    assert document.marks["a",] == Mark("parent.yaml", 1)


def test_python_data_that_no_scenario_can_hold():
    assert error_of({"a": {1: 2}}) == "<scenario>: a: keys must be text (got 1)"
    assert error_of({"a": [float("nan")]}) == "<scenario>: a[0]: nan is not a value a scenario can hold"
    assert error_of({"extends": "there_is_none"}).startswith("<scenario>: extends: no bundled scenario")


# The bundle


def test_profiles_can_be_found_but_are_not_listed(shipped):
    assert bundled.names() == ["dur_01", "dur_03"]
    assert bundled.find("dur_01") == shipped / "dur_01.yaml"
    assert bundled.find("published") == shipped / "profiles" / "published.yaml"
    with pytest.raises(
        LookupError, match=r"^no bundled scenario 'dur-03'; did you mean 'dur_03', 'dur_01'\?$"
    ):
        bundled.find("dur-03")
    with pytest.raises(LookupError, match=r"^no bundled scenario '\.\./x'$"):
        bundled.find("../x")


def test_a_clone_has_its_scenarios_beside_the_package(shipped, monkeypatch):
    beside = shipped.parent / "src"
    monkeypatch.setattr(bundled, "_PACKAGE", beside)
    assert bundled.find("dur_01") == shipped / "dur_01.yaml"
