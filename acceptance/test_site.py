"""The terminal sessions that the pages show: each is played, and prints what stands there."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from coalesce_sim.cli import main

DOCS = Path(__file__).resolve().parents[1] / "docs"
PAGES = [path for path in sorted(DOCS.rglob("*.md")) if "```console\n" in path.read_text("utf-8")]

FILE = re.compile(r"^```yaml\n# (?P<name>[\w.]+\.yaml)\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE)
NAMED = re.compile(
    r"^`(?P<name>[\w./]+\.(?P<kind>csv|json))`[^\n]*(?:\n[^`\n]+)*\n\n```(?P=kind)\n(?P<text>.*?)^```$",
    re.DOTALL | re.MULTILINE,
)
SESSION = re.compile(
    r"^```console\n\$ coalesce-sim (?P<arguments>[^\n]*)\n(?P<shown>.*?)^```$", re.DOTALL | re.MULTILINE
)

TIMING = re.compile(r"[\d.,]+ (?:s|min|h)\b(?: \([\d,.]+ \w+/s\))?")
"""What differs from one machine to another."""


def lines(text: str) -> list[str]:
    """Without blank lines, and with one space where there are several."""
    told = [re.sub(r"\s+", " ", TIMING.sub("…", line)).strip() for line in text.splitlines()]
    return [line for line in told if line and set(line) - set("─ ")]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_sessions_in_a_page_print_what_is_shown(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    text = page.read_text("utf-8")
    for file in (*FILE.finditer(text), *NAMED.finditer(text)):
        Path(file["name"]).parent.mkdir(exist_ok=True)
        Path(file["name"]).write_text(file["text"], "utf-8")
    sessions = list(SESSION.finditer(text))
    assert len(sessions) == text.count("```console\n")
    for session in sessions:
        with pytest.raises(SystemExit) as ended:
            main(shlex.split(session["arguments"]))
        captured = capsys.readouterr()
        assert ended.value.code in (0, 2), captured.err
        printed = iter(lines(captured.err) + lines(captured.out))
        for line in lines(session["shown"]):
            assert line == "…" or line in printed, (
                f"$ {session['arguments']}\nnot printed, or not in this order: {line}"
            )
