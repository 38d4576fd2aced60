"""What every command owes its user, whatever it was given: judged by what it printed and left."""

from __future__ import annotations

import json
import re
from itertools import pairwise
from pathlib import Path

from acceptance.fuzzing.case import Case, Outcome

_UNFINISHED = (".unfinished-*", ".writing-*")

_PLACE = re.compile(
    r"""^(
        [^\n:]+\.(ya?ml|csv|json|parquet)(:\d+)?:\s\S      # a file, its line, what is wrong there
      | --[a-z][a-z-]*(\s[^:]+)?:\s\S                      # an option and what it was told
      | [a-z_]+([.\[][^:\s]+)*:\s\S                        # a field
      | policy\s(?P<mark>['"]).*(?P=mark):\s\S              # one of the policies that were listed
    )""",
    re.VERBOSE,
)
_SECRETS = ("Traceback (most recent call last)", "Warning:", "pydantic", "<coalesce_sim.", " object at 0x")
"""What only whoever wrote the program can make sense of."""
_UNSAID = re.compile(r"(?<![\w.%/'\"-])[-+]?(nan|inf)(?![\w.'\"])", re.IGNORECASE)
_NOT_A_FAILURE_OF_THE_PROGRAM = ("not enough memory",)


def look(case: Case, outcome: Outcome, *, out: Path | None = None) -> bool:
    """Complain of bad manners; returns whether the command did what it was asked to (exit code 0).

    `out` is the folder that it was to write: there must be none unless the command was carried out.
    """
    said = f"`{' '.join(outcome.words)}` (exit code {outcome.code})"
    printed = outcome.stdout + outcome.stderr
    # An optimisation of which no setting keeps the constraints is carried out, written down, and ends with 1.
    fell_short = outcome.code == 1 and out is not None and (out / "optimisation.json").exists()
    for secret in _SECRETS:
        if secret in printed:
            case.complain(f"{said}: {secret!r} in what is printed: {_last_line(printed)}")
            break
    else:
        if outcome.code not in (0, 1, 2):
            case.complain(f"{said}: no exit code of the program: {_last_line(printed)}")
        elif outcome.code == 1 and not (fell_short or _may_fail(outcome)):
            case.complain(f"{said}: failed on input that it had accepted: {_last_line(printed)}")
        elif outcome.refused:
            _refusal(case, outcome, said)
    if outcome.code == 0:
        _output(case, outcome, said)
    for left in (each for pattern in _UNFINISHED for each in case.folder.rglob(pattern)):
        case.complain(f"{said}: left {left.relative_to(case.folder)} behind")
    if outcome.code != 0 and not fell_short and out is not None and out.exists():
        case.complain(f"{said}: left {sorted(each.name for each in out.iterdir())} of no whole run")
    return outcome.code == 0


def page(case: Case, path: Path) -> None:
    """Complain of a figure on a page that is none; there may be no page, where its command was refused."""
    if path.exists() and (
        found := re.search(r">\s*[-+]?(nan|inf)\b[^<]*<", path.read_text(encoding="utf-8"), re.I)
    ):
        case.complain(f"{path.name} shows {found[0]!r}")


def _may_fail(outcome: Outcome) -> bool:
    """Commands that play many runs report those that failed, or what fell short, by exit code 1."""
    if any(text in outcome.stderr for text in _NOT_A_FAILURE_OF_THE_PROGRAM):
        return True
    return outcome.words[0] in ("sweep", "sensitivity", "optimize") and outcome.stderr.startswith("Error: ")


def _refusal(case: Case, outcome: Outcome, said: str) -> None:
    """Wrong input: what is wrong and where, on stderr and nowhere else; `validate` has it as JSON too."""
    if outcome.words[0] == "validate" and "--json" in outcome.words and outcome.stdout:
        problems = json.loads(outcome.stdout)["problems"]
        if not problems or not all(
            each["file"] or each["path"] or any(repr(word) in each["message"] for word in outcome.words)
            for each in problems
        ):
            case.complain(f"{said}: problems without a place: {problems}")
        return
    if outcome.stdout:
        case.complain(f"{said}: a refusal with something on stdout")
    lines = [line for line in outcome.stderr.splitlines() if not line.startswith("warning: ")]
    usage = [line for line in lines if line.startswith("Error: ")]
    if usage:
        return  # of the command line: the usage stands above it, and the error names its argument
    if not lines:
        case.complain(f"{said}: refused without a word")
    given = (*outcome.words, *map(" ".join, pairwise(outcome.words)))
    for line in lines:
        if not _PLACE.match(line) and not any(
            repr(word) in line or line.startswith(f"{word}: ") for word in given
        ):
            case.complain(f"{said}: a refusal without a place: {line!r}")
            return


def _output(case: Case, outcome: Outcome, said: str) -> None:
    """What was done: valid JSON where JSON is promised, and no figure that is none."""
    if "--help" in outcome.words or outcome.words[0] == "schema":
        return
    if "--json" in outcome.words:
        try:
            json.loads(outcome.stdout, parse_constant=_no_such_constant)
        except ValueError as error:
            case.complain(f"{said}: stdout is not one JSON object: {error}")
    elif found := _UNSAID.search(outcome.stdout):
        case.complain(f"{said}: prints {found[0]!r} as a figure: {_line_of(outcome.stdout, found.start())!r}")


def _no_such_constant(name: str) -> float:
    raise ValueError(f"{name} is no JSON")


def _line_of(text: str, position: int) -> str:
    return text[text.rfind("\n", 0, position) + 1 :].partition("\n")[0].strip()


def _last_line(text: str) -> str:
    lines = text.strip().splitlines() or ["nothing"]
    return lines[-1][:300]
