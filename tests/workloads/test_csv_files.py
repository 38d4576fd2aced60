"""The one reader of CSV files: what is a row, what is a number, and where a refusal points."""

from __future__ import annotations

from pathlib import Path

import pytest

from coalesce_sim import ScenarioError
from coalesce_sim.inputs.csvfile import Row, read_rows, read_text


def rows(content: str | bytes, limit: int | None = None) -> list[tuple[int, str, float]]:
    """Line, name and amount of each row. Raises ScenarioError."""
    Path("f.csv").write_bytes(content.encode() if isinstance(content, str) else content)
    found: list[tuple[int, str, float]] = []

    def take(row: Row) -> None:
        found.append((row.line, row.text("name"), row.amount("usd")))

    problems = read_rows("f.csv", "field", read_text("f.csv", "field"), ("name", "usd"), take, limit)
    if problems:
        raise ScenarioError(problems)
    return found


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_a_row_is_on_the_line_on_which_it_begins(end: str, mark: str) -> None:
    lines = ["name,other,usd", "", '"a', 'b",,1', "c,,2"]
    assert rows(mark + end.join(lines)) == [(3, f"a{end}b", 1.0), (5, "c", 2.0)]


def test_spaces_around_a_cell_and_columns_nobody_asked_for_do_not_count() -> None:
    assert rows("usd , name,,\n 1,\ta b ,x,y\n") == [(2, "a b", 1.0)]


def test_rows_beyond_the_limit_are_not_looked_at() -> None:
    assert rows("name,usd\na,1\nb,x\n", limit=1) == [(2, "a", 1.0)]


@pytest.mark.parametrize(
    ("text", "value"), [("1", 1.0), ("+.5", 0.5), ("5.", 5.0), ("1e3", 1000.0), ("1E-3", 0.001), ("0e0", 0.0)]
)
def test_numbers(text: str, value: float) -> None:
    assert rows(f"name,usd\na,{text}\n") == [(2, "a", value)]


def test_there_is_no_negative_zero() -> None:
    assert str(rows("name,usd\na,-0.0\n")[0][2]) == "0.0"


@pytest.mark.parametrize(
    "text",
    ["1_000", "\u0661", "\uff11", "nan", "inf", "Infinity", "0x10", "1 000", "1\u00a0000", "1e", ".", "$1"],
)
def test_what_is_no_number(text: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        rows(f"name,usd\na,{text}\n")
    assert str(caught.value) == f"f.csv:2: usd: must be a number (got {text!r})"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("name,usd,usd\na,1,2\n", "f.csv:1: usd: stands 2 times in the header"),
        ("name,usd,x,x\na,1,2,3\n", "f.csv:1: x: stands 2 times in the header"),
        ("name;usd\na;1\n", "f.csv:1: name, usd: no such column (expected: name, usd; found: name;usd)"),
        ("name,usd\na,1e31\n", "f.csv:2: usd: must be <= 1e+30 (got '1e31')"),
        ("name,usd\na,1e999\n", "f.csv:2: usd: must be <= 1e+30 (got '1e999')"),
        (
            "name,usd\na,5e-324\n",
            "f.csv:2: usd: is smaller than any real amount: must be at least 1e-30 (got '5e-324')",
        ),
        ('name,usd\n\nb,2\n"a\n\nc,1\n', "f.csv:4: is no row of a CSV file: unexpected end of data"),
        ('name,usd\n"a"b,1\n', "f.csv:2: is no row of a CSV file: ',' expected after '\"'"),
        (b"name,usd\ra,1\rb,\xb2\r", "f.csv:3: must be UTF-8 text (got the byte 0xb2)"),
        (
            "name,usd\na,1\n".encode("utf-16"),
            "f.csv:1: must be UTF-8 text (got the byte 0xff, as UTF-16 begins; save the file as UTF-8)",
        ),
        ("name,usd\n\n", "field: f.csv: has no rows"),
        ('"na\rme",usd\n', "f.csv:1: name: no such column (expected: name, usd; found: na\\rme, usd)"),
    ],
)
def test_a_refusal_points_to_the_place(content: str | bytes, message: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        rows(content)
    assert str(caught.value) == message


def test_what_is_no_file_is_said() -> None:
    for name, message in (
        ("nowhere.csv", "no such file"),
        (".", "is a directory, not a file"),
        ("/dev/zero", "is a device or pipe, not a file"),
        ("a\0b", "cannot be read: embedded null byte"),
    ):
        with pytest.raises(ScenarioError) as caught:
            read_text(name, "field")
        assert str(caught.value) == f"field: {name}: {message}".replace("\0", r"\x00")
