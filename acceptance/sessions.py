"""The terminal sessions that README and pages show: each is played, and prints what stands there.

    python -m acceptance.sessions [PAGE ...]            # names those that print something else
    python -m acceptance.sessions --write [PAGE ...]    # puts into the pages what is printed now

A session is a ``console`` block: a line ``$ COMMAND``, and below it all that the command prints, in which
``…`` on a line of its own stands for what is left out, and within one for how long something took. The
sessions of a page are played in turn in an empty folder, in which the files of the page are: YAML and Python
blocks that begin with a comment of a file name, and CSV and JSON blocks that follow a line which begins with
one in backquotes. Of the recorded runs of real agents, which nobody can download, those that lie beside the
checkout are in its `data/`; where there are none, the page that needs them is left out (`lacks_records`).
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher, get_close_matches
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGES = [
    path
    for path in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))
    if "```console\n" in path.read_text("utf-8")
]

_RECORDS = [ROOT.parent / "shared" / "data" / f"openhands_{what}.csv" for what in ("instances", "models")]
_REPLAYED = re.compile(r"^\$ coalesce-sim (?:\w+ )?real_agents(?:_240|_2000)?\b(?!_)", re.MULTILINE)
"""A session of the scenarios that replay them."""

_COMMENTED = re.compile(
    r"^```(?:yaml|python)\n# (?P<name>\w+\.(?:yaml|py))\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE
)
_NAMED = re.compile(
    r"^`(?P<name>[\w./]+\.(?P<kind>csv|json))`[^\n]*(?:\n[^`\n]+)*\n\n```(?P=kind)\n(?P<text>.*?)^```$",
    re.DOTALL | re.MULTILINE,
)
_SESSION = re.compile(
    r"^```console\n\$ (?P<command>(?:[^\n]*\\\n)*[^\n]*)\n(?P<shown>.*?)^```$", re.DOTALL | re.MULTILINE
)
_CUT = "…"
_TIMING = re.compile(r"(?<=\btasks in )[\d.,]+ s\b(?: \([\d,.]+ tasks/s(?:, compiled core)?\))?")
"""What differs from one machine to another, and is shown as a cut."""

_NUMBER = re.compile(r"[-−]?\d[\d.,]*")


@dataclass(frozen=True, slots=True)
class Session:
    """A command, and what a page shows of what it prints, which stands there from `start` to `end`."""

    command: str
    shown: str
    start: int
    end: int


def sessions_of(text: str) -> list[Session]:
    """All sessions of a page, in their order. Raises ValueError for a block that is none."""
    found = [
        Session(match["command"], match["shown"], match.start("shown"), match.end("shown"))
        for match in _SESSION.finditer(text)
    ]
    if len(found) != text.count("```console\n"):
        raise ValueError("a console block does not begin with a command")
    return found


def lacks_records(text: str) -> bool:
    """Whether a page replays recorded runs that are not here."""
    return bool(_REPLAYED.search(text)) and not all(path.is_file() for path in _RECORDS)


def play(text: str, folder: Path) -> Iterator[tuple[Session, str]]:
    """Play the sessions of a page in an empty folder; each with all that it prints.

    Raises RuntimeError where a command ends neither well nor by refusing its input.
    """
    for file in (*_COMMENTED.finditer(text), *_NAMED.finditer(text)):
        path = folder / file["name"]
        path.parent.mkdir(exist_ok=True)
        path.write_text(file["text"], "utf-8")
    if _REPLAYED.search(text):
        (folder / "data").mkdir(exist_ok=True)
        for path in _RECORDS:
            (folder / "data" / path.name).symlink_to(path)
    environment = {
        name: value for name, value in os.environ.items() if name not in ("COLUMNS", "FORCE_COLOR")
    }
    environment["PATH"] = os.pathsep.join((str(Path(sys.executable).parent), environment["PATH"]))
    for session in sessions_of(text):
        ended = subprocess.run(
            ["bash", "-c", session.command],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            check=False,
        )
        if ended.returncode not in (0, 2):
            raise RuntimeError(f"$ {session.command}\n{ended.stdout}exit code {ended.returncode}")
        yield session, ended.stdout


def missing_line(shown: str, printed: str) -> str | None:
    """The first line that is shown, not printed at its place, or printed, not shown; None if all agree."""
    told, parts, position = _lines(printed), _parts(_lines(shown)), 0
    for number, part in enumerate(parts):
        starts = range(position, len(told) + 1) if number else (0,)
        start = next((start for start in starts if told[start : start + len(part)] == part), None)
        if start is None:
            return next((line for line in part if line not in told[position:]), part[0])
        position = start + len(part)
    ends_cut = len(parts) > 1 and not parts[-1]
    return None if ends_cut or position == len(told) else told[position]


def shown_anew(shown: str, printed: str) -> str:
    """What a page is to show of what is printed now, cut where it was cut before.

    Raises ValueError where nothing is like a part that was shown.
    """
    parts, lines = _parts(shown.splitlines()), _TIMING.sub(_CUT, printed).splitlines()
    lines = [line.rstrip() for line in lines]
    keys, anew, position, last = [_key(line) for line in lines], [], 0, len(parts) - 1
    for number, part in enumerate(parts):
        start, end = position, position if last else len(lines)
        if last and part:
            start, end = _place([_key(line) for line in part], keys, position)
            start, end = start if number else 0, end if number < last else len(lines)
        anew.append("\n".join(lines[start:end]).strip("\n"))
        position = end
    text = f"\n{_CUT}\n".join(anew).strip("\n")
    return f"{text}\n" if text else ""


def _place(part: Sequence[str], keys: Sequence[str], position: int) -> tuple[int, int]:
    """From where to where printed lines are like those of a part."""
    below = keys[position:]
    part = [next(iter(get_close_matches(line, below, n=1)), line) for line in part]
    matches = SequenceMatcher(None, part, below, autojunk=False).get_matching_blocks()
    alike = [match for match in matches if any(part[match.a : match.a + match.size])]
    if not alike:
        raise ValueError(f"nothing is printed that is like {part[0]!r}: cut it anew by hand")
    start = alike[0].b - alike[0].a
    end = alike[-1].b + len(part) - alike[-1].a
    return max(0, start) + position, min(len(keys) - position, end) + position


def _parts(lines: Sequence[str]) -> list[list[str]]:
    """What stands before, between and after the cuts."""
    parts: list[list[str]] = [[]]
    for line in lines:
        if line.strip() == _CUT:
            parts.append([])
        else:
            parts[-1].append(line)
    return parts


def _lines(text: str) -> list[str]:
    """Without blank lines, times and rules of tables, and with one space where there are several."""
    told = [re.sub(r"\s+", " ", _TIMING.sub(_CUT, line)).strip() for line in text.splitlines()]
    return [line for line in told if line and set(line) - set("─ ")]


def _key(line: str) -> str:
    """What a line is recognised by when its numbers have changed, or the width of its table."""
    return re.sub(r"─+", "─", re.sub(r"\s+", " ", _NUMBER.sub("#", line)).strip())


def _rewritten(text: str, *, write: bool) -> tuple[str, list[str]]:
    """A page with what its sessions print now, and what is wrong with it as it stands."""
    anew, complaints, copied = "", [], 0
    with tempfile.TemporaryDirectory() as folder:
        for session, printed in play(text, Path(folder)):
            line = missing_line(session.shown, printed)
            if line is not None:
                complaints.append(f"$ {session.command}\n  {line}")
            anew += text[copied : session.start]
            anew += shown_anew(session.shown, printed) if write else session.shown
            copied = session.end
    return anew + text[copied:], complaints


def main() -> None:
    """Play all pages or those named; exit code 1 where one shows something else than is printed."""
    parser = argparse.ArgumentParser(prog="python -m acceptance.sessions", description=__doc__.split("\n")[0])
    parser.add_argument(
        "pages", nargs="*", type=Path, metavar="PAGE", help="by default README and all of docs/"
    )
    parser.add_argument("--write", action="store_true", help="put what is printed now into the pages")
    given = parser.parse_args()
    wrong = False
    for page in given.pages or PAGES:
        text = page.read_text("utf-8")
        if lacks_records(text):
            print(f"{page}: left out, since the recorded runs are not here", flush=True)
            continue
        anew, complaints = _rewritten(text, write=given.write)
        if given.write:
            page.write_text(anew, "utf-8")
        told = "\n".join(complaints) or "as shown"
        print(f"{page}: {told}", flush=True)
        wrong |= bool(complaints) and not given.write
    sys.exit(wrong)


if __name__ == "__main__":
    main()
