"""What comes in and goes out at the edges: streams, signals, markup, and code of the user's own."""

from __future__ import annotations

import json
import os
import pty
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest

from acceptance.cli.a_run import DRAWN, FIGURES, FILES, SMALL, complaints, left
from tests.cli.calling import ROOT, contents, printed_and_imported


@dataclass(frozen=True)
class Ended:
    code: int
    out: str
    err: str

    @property
    def complaints(self) -> list[str]:
        return complaints(self.err)


def shell(line: str, **variables: str) -> Ended:
    """What a shell makes of a line in which `coalesce-sim` is the program."""
    program = f'coalesce-sim() {{ "{sys.executable}" -m coalesce_sim "$@"; }}; '
    done = subprocess.run(
        ["bash", "-c", program + line],
        env={**os.environ, "PYTHONPATH": str(ROOT), **variables},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return Ended(done.returncode, done.stdout, done.stderr)


CANNOT_PRINT = "coalesce-sim: cannot print the result: {}; files that were written are kept"


@pytest.mark.parametrize(
    ("option", "stdout", "why"),
    [("", ">&-", "Bad file descriptor"), ("--json", ">/dev/full", "No space left on device")],
)
def test_who_cannot_be_told_has_the_results_all_the_same(option: str, stdout: str, why: str):
    ended = shell(f"coalesce-sim {SMALL} {option} {stdout}")
    assert (ended.code, ended.complaints) == (1, [CANNOT_PRINT.format(why)])
    assert left() == FILES
    pd.read_parquet("o/decisions.parquet")


@pytest.mark.parametrize("stderr", ["2>&-", "2>/dev/full"])
def test_who_does_not_listen_on_stderr_misses_it(stderr: str):
    ended = shell(f"coalesce-sim {SMALL} --json {stderr}")
    assert (ended.code, ended.err) == (0, "")
    assert json.loads(ended.out)["scenario"] == "dur_03"
    assert left() == FILES


def test_without_any_stream_it_plays_quietly():
    assert shell(f"coalesce-sim {SMALL} --quiet <&- >&- 2>&-").code == 0
    assert left() == FILES
    assert json.loads(Path("o/summary.json").read_text())["replications"] == 1


@pytest.mark.parametrize("line", ["--help", "hardware"])
def test_every_command_tells_of_a_full_disk(line: str):
    ended = shell(f"coalesce-sim {line} >/dev/full")
    assert (ended.code, ended.err) == (1, CANNOT_PRINT.format("No space left on device") + "\n")


def test_a_reader_that_has_seen_enough_is_no_failure_of_ours():
    ended = shell(f"coalesce-sim {SMALL} | true; exit ${{PIPESTATUS[0]}}")
    assert (ended.code, ended.complaints) == (1, [])
    assert left() == FILES


POLICY = """
import os
import sys
from coalesce_sim import LOCAL, Decision, Policy

print("imported")
os.system("echo imported by another process")

class Mine(Policy):
    def decide(self, view):
        if view.task == 3:
            self.do()
        return Decision(LOCAL)

class Prints(Mine):
    def do(self):
        print("a print")
        os.system("echo another process")

class Exits(Mine):
    def do(self):
        sys.exit(0)

class Raises(Mine):
    def do(self):
        raise BaseException("two\\nlines\\x1b[2J")

class Interrupts(Mine):
    def do(self):
        raise KeyboardInterrupt

class OsExits(Mine):
    def do(self):
        os._exit(0)

class Dies(Mine):
    def do(self):
        os.kill(os.getpid(), 9)

class Vague(Mine):
    def decide(self, view):
        return "at home"
"""


@pytest.fixture
def own() -> None:
    Path("own.py").write_text(POLICY)


@pytest.mark.usefixtures("own")
@pytest.mark.parametrize("jobs", [1, 2])
def test_what_a_policy_prints_leaves_the_json_alone(jobs: int):
    given = f"--set clock.days=1 --replications 2 --jobs {jobs} --out o --json --no-figures"
    ended = shell(f"coalesce-sim dur_03 {given} --set 'policy={{class: \"own:Prints\"}}'")
    assert ended.code == 0
    assert json.loads(ended.out)["replications"] == 2
    assert ended.err.count("a print") == 2  # two processes may print into one another's lines
    assert "imported by another process" in ended.err


AT = "task 3, replication 0, seed 1: decide raised"
RAISES = f"own:Raises: {AT} BaseException: two\\nlines\\x1b[2J (own.py:26)"
OS_EXITS = f"own:OsExits: {AT} SystemExit: os._exit(0) (own.py:34)"
VAGUE = "own:Vague: task 0, replication 0, seed 1: decide must return a Decision (got 'at home')"


@pytest.mark.usefixtures("own")
@pytest.mark.parametrize(
    ("jobs", "name", "told"),
    [
        (2, "Exits", f"own:Exits: {AT} SystemExit: 0 (own.py:22)"),
        (1, "Raises", RAISES),
        (2, "Raises", RAISES),
        (1, "OsExits", OS_EXITS),
        (2, "OsExits", OS_EXITS),
        (1, "Vague", VAGUE),
    ],
)
def test_a_policy_that_fails_is_told_with_its_place(jobs: int, name: str, told: str):
    given = f"--set clock.days=1 --replications 2 --jobs {jobs} --out o --json"
    ended = shell(f"coalesce-sim dur_03 {given} --set 'policy={{class: \"own:{name}\"}}'")
    assert (ended.code, ended.out) == (1, "")
    assert f"Error: {told}" in ended.complaints
    assert "coalesce_sim/" not in ended.err
    assert not Path("o").exists()


@pytest.mark.usefixtures("own")
@pytest.mark.parametrize(
    ("name", "code", "told"),
    [
        (
            "Dies",
            1,
            "Error: a process that played runs ended before they did: killed, perhaps for lack of ",
        ),
        ("Interrupts", 130, "coalesce-sim: interrupted by SIGINT"),
    ],
)
def test_a_policy_that_ends_its_process_is_told(name: str, code: int, told: str):
    given = "--set clock.days=1 --replications 2 --jobs 2 --out o --json"
    ended = shell(f"coalesce-sim dur_03 {given} --set 'policy={{class: \"own:{name}\"}}'")
    assert (ended.code, ended.out) == (code, "")
    assert ended.complaints[-1].startswith(told)
    assert not Path("o").exists()


@pytest.mark.usefixtures("own")
def test_whatever_a_policy_does_is_the_error_of_its_run_in_a_sweep():
    vary = "policy.class=own:Prints,own:Exits,own:Raises,own:OsExits,own:Dies"
    given = f"--set clock.days=1 --set 'policy={{class: \"own:Prints\"}}' --vary {vary} --replications 1"
    ended = shell(f"coalesce-sim sweep dur_03 {given} --jobs 2 --out o --json")
    assert ended.code == 1
    assert json.loads(ended.out)["failed"] == 4
    errors = pd.read_csv("o/failures.csv").set_index("policy.class")["error"]
    assert errors["own:Exits"] == f"PolicyError: own:Exits: {AT} SystemExit: 0 (own.py:22)"
    assert errors["own:Raises"].startswith(f"PolicyError: own:Raises: {AT} BaseException: two\\nlines")
    assert errors["own:OsExits"] == f"PolicyError: own:OsExits: {AT} SystemExit: os._exit(0) (own.py:34)"
    assert errors["own:Dies"].endswith("perhaps for lack of memory, or ended by own:Dies")


@pytest.mark.usefixtures("own")
def test_only_who_plays_executes_what_a_scenario_names():
    scenario = 'extends: dur_03\nclock: {days: 1}\npolicy: {class: "own:Prints"}\n'
    Path("mine.yaml").write_text(scenario)
    ended = shell("coalesce-sim validate mine.yaml")
    assert (ended.code, "imported" in ended.out) == (0, False)
    assert ended.complaints == []
    assert "note: not imported, and so not checked: own:Prints (see --import)" in ended.err
    assert "imported by another process" in shell("coalesce-sim validate mine.yaml --import").out
    assert shell("coalesce-sim run mine.yaml --replications 1 --jobs 1 --out o --quiet").code == 0
    for reading in ("report o", "scenarios", "schema"):
        ended = shell(f"coalesce-sim {reading}")
        assert (ended.code, "imported" in ended.out + ended.err) == (0, False)


MARKED = 'extends: dur_03\nclock: {days: 0.3}\ntitle: "[red]a[/red] $x^{2$ \\e[2J\\u202e <b>"\n'
SHOWN = r"[red]a[/red] $x^{2$ \x1b[2J\u202e <b>"


def on_a_terminal(*args: str, columns: int = 120) -> str:
    """What a terminal is sent."""
    here, there = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "coalesce_sim", *args],
        env={**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": str(columns), "TERM": "xterm"},
        stdin=there,
        stdout=there,
        stderr=there,
    )
    os.close(there)
    sent = b""
    while True:
        try:
            read = os.read(here, 65_536)
        except OSError:  # the other end is closed
            break
        if not read:
            break
        sent += read
    assert process.wait(60) == 0
    os.close(here)
    return sent.decode()


def test_what_a_user_wrote_is_no_command_to_a_terminal():
    Path("mine.yaml").write_text(MARKED)
    for command in (("validate", "mine.yaml"), ("run", "mine.yaml", "--replications", "1", "--jobs", "1")):
        sent = on_a_terminal(*command)
        assert "\x1b[2J" not in sent
        assert "\u202e" not in sent
        assert SHOWN in sent.replace("\x1b[0m", "").replace("\x1b[1m", "")
    assert shell("coalesce-sim report results/mine").code == 0
    page = Path("results/mine/report.html").read_text()
    assert "\x1b" not in page
    assert r"<title>[red]a[/red] $x^{2$ \x1b[2J\u202e &lt;b&gt;" in page
    wrong = shell("coalesce-sim run $'a\\e[2J.yaml'")
    assert (wrong.code, wrong.err) == (2, "a\\x1b[2J.yaml: no such file\n")


def test_the_backend_of_a_notebook_is_not_asked_for():
    ended = shell(f"coalesce-sim {DRAWN} --quiet", MPLBACKEND="module://no_such_package.backend_inline")
    assert (ended.code, ended.complaints) == (0, [])
    assert left() == FILES | FIGURES


UNWRITABLE = """
from coalesce_sim.cli import main
main()
"""
AS_ANYBODY = "--bounding-set=-dac_override,-dac_read_search,-fowner,-chown"


@pytest.fixture
def read_only(tmp_path: Path) -> Iterator[Path]:
    """A home, and a copy of the package, in which nobody can write."""
    folder = tmp_path / "read_only"
    shutil.copytree(ROOT / "coalesce_sim", folder / "coalesce_sim", ignore=lambda *_: {"__pycache__"})
    shutil.copytree(ROOT / "scenarios", folder / "scenarios")
    (folder / "play.py").write_text(UNWRITABLE)
    subprocess.run(["chmod", "-R", "a-w", str(folder)], check=True)
    yield folder
    subprocess.run(["chmod", "-R", "u+w", str(folder)], check=True)


def test_without_a_home_to_write_to_there_are_no_caches_and_no_words(read_only: Path):
    program = f"{sys.executable} {read_only}/play.py {DRAWN} --quiet"
    if os.geteuid() == 0:
        program = f"setpriv {AS_ANYBODY} --inh-caps={AS_ANYBODY.partition('=')[2]} {program}"
    caches = "env -u MPLCONFIGDIR -u NUMBA_CACHE_DIR -u XDG_CACHE_HOME -u XDG_CONFIG_HOME"
    ended = shell(
        f"{caches} {program}", HOME=str(read_only), PYTHONPATH=str(read_only), PYTHONDONTWRITEBYTECODE="1"
    )
    assert (ended.code, ended.complaints) == (0, [])
    assert left() == FILES | FIGURES


SCRIPT = """
import multiprocessing
multiprocessing.set_start_method("{}", force=True)
import coalesce_sim
small = coalesce_sim.load("dur_03", ["clock.days=0.1"])
{}
"""
SWEEP = 'coalesce_sim.sweep("dur_03", vary=["policy.epsilon=0,0.1"], replications=20, out="o", jobs=2)'
RUN = "coalesce_sim.run(small, replications=4, jobs=2)"


@pytest.mark.parametrize("method", ["spawn", "forkserver"])
@pytest.mark.parametrize("call", [SWEEP, RUN])
def test_a_script_without_a_guard_is_told_what_it_needs(method: str, call: str):
    Path("script.py").write_text(SCRIPT.format(method, call))
    ended = shell(f"timeout 60 {sys.executable} script.py")
    assert ended.code == 1
    assert ended.err.count("Traceback") == ended.err.count("The above exception") + 1
    told = ended.err.splitlines()[-1]
    assert "EngineError: the processes that were to play runs ended as they began" in told
    assert told.endswith(
        '`if __name__ == "__main__":` around what it does, since each process reads it again'
    )


@pytest.mark.parametrize("after_s", [0.1, 0.2, 0.4, 0.8])
def test_a_signal_while_modules_are_imported_leaves_nothing(after_s: float):
    process = subprocess.Popen(
        [sys.executable, "-m", "coalesce_sim", "dur_05", "--replications", "100000", "--out", "o", "--quiet"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stderr=subprocess.PIPE,
        text=True,
    )
    time.sleep(after_s)
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=60)
    # A shell gives 143 for both.
    assert process.returncode in (-signal.SIGTERM, 128 + signal.SIGTERM)
    assert err in ("", "coalesce-sim: interrupted by SIGTERM\n")
    assert contents(Path()) == {}


def test_a_run_without_figures_imports_nothing_that_only_they_need(tmp_path: Path):
    heavy = ("matplotlib", "numba", "pandas", "scipy")
    assert printed_and_imported(tmp_path, [*SMALL.split(), "--quiet"], heavy) == ("", [])


@pytest.mark.parametrize(
    "line", ["run", "run dur_01 --foo", "sweep dur_01 --seed x", "cards import", "compare dur_01 --out"]
)
def test_a_wrong_word_is_told_in_one_line(line: str):
    ended = shell(f"coalesce-sim {line}")
    assert (ended.code, ended.out) == (2, "")
    assert [each[:7] for each in ended.err.splitlines()] == ["Error: "]


def test_notes_are_as_wide_as_the_terminal_and_else_one_line():
    Path("mine.yaml").write_text("extends: market_day\npolicy: {kind: always_local}\n")
    given = ("validate", "mine.yaml", "--set", "cost_model.external.critical_factor=3")
    whole = shell(f"coalesce-sim {' '.join(given)}").err.splitlines()
    *shown, ok = [each.strip() for each in on_a_terminal(*given, columns=60).splitlines()]
    assert ok.startswith("ok: mine")
    assert len(shown) > len(whole) >= 1
    assert max(map(len, shown)) <= 60
    assert " ".join(shown) == " ".join(whole)
