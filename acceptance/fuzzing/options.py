"""Options of the command line, right and wrong, on a market of a few tasks."""

from __future__ import annotations

import random
from collections.abc import Callable

from acceptance.fuzzing import bases, manners
from acceptance.fuzzing.case import Case

Words = list[str]

_WRONG = (
    "",
    " ",
    "x",
    "-1",
    "0",
    "1.5",
    "1e3",
    "nan",
    "inf",
    "9" * 30,
    "a=b",
    "=",
    "a:b",
    "[b]x[/b]",
    "\u0661",
    "--",
)
_SETTINGS = (
    *(
        "policy.epsilon=0",
        "policy.epsilon=2",
        "policy.epsilon=nan",
        "policy=greedy",
        "policy.kind=greedy",
        "policy={}",
    ),
    *(
        "clock.days=0.01",
        "clock.days=-1",
        "clock.days=",
        "clock.day=1",
        "clock=3",
        "seed=5",
        "seed=-1",
        "name=",
        "name=a/b",
    ),
    *(
        "contractors.count=2",
        "contractors[0].price_usd=1",
        "clients.count=1",
        "clients.slots=0",
        "x",
        "=",
        ".=1",
        "a..b=1",
    ),
    *(
        "contractors.types=null",
        "workload.types.new={}",
        "skills.threshold=[1",
        "title=[b]bold[/b]",
        "title=\u03b5 \u2028 x",
    ),
)
_VARY = (
    *(
        "policy.epsilon=0,0.1",
        "policy.epsilon=0:0.2:3",
        "policy.epsilon=0:0.2",
        "policy.epsilon=",
        "policy.epsilon=nan,1",
    ),
    *(
        "policy.epsilon=0:0.2:0",
        "policy.epsilon=0:0.2:-3",
        "policy.epsilon=0.1,0.1",
        "policy.epsilon=1e400:0:2",
        "x=1,2",
    ),
    *(
        "policy=topsis,greedy",
        "policy=topsis(epsilon=0),cheapest",
        "policy=topsis(",
        "contractors.count=2:4",
        "seed=1,2",
    ),
    *(
        "contractors.count=2:4:3",
        "policy.epsilon={logspace: [0.1, 0.2, 2]}",
        "policy.epsilon={logspace: [0, 1, 2]}",
        "=1",
    ),
    *(
        "policy.epsilon={linspace: [0, 1]}",
        "policy.epsilon={alternatives: {}}",
        "clients.slots=unlimited,1",
        ":::",
        "a:b:c",
    ),
)
_POLICIES = (
    "topsis,greedy",
    "cheapest",
    "topsis(epsilon=0),topsis",
    "scenario,random",
    "nobody",
    "topsis(",
    ",",
    "a:B",
    "oracle,best_fixed",
)
_METRICS = (
    "cost_reduction",
    "realised_usd",
    "outsourcing_rate",
    "success_rate",
    "cost_reductoin",
    "tasks",
    "lateness_usd",
)
_UNTIL = (
    "cost_reduction=50",
    "cost_reduction=0",
    "cost_reduction=x",
    "{metric: tasks, half_width: 5, cap: 12}",
    "{",
    "tasks=5",
)
_DESIGNS = ("grid", "latin_hypercube=2", "sobol=2", "sobol=0", "sobol=x", "latin_hypercube=-1", "other=3", "")


def play(case: Case) -> None:
    """One command with options drawn at random; whatever they are, the program keeps its manners."""
    rng = case.rng
    bases.write(bases.short(rng.choice(("published", "market"))), case.path("market.yaml"))
    command, options = rng.choice(_COMMANDS)
    words = [command, *options(rng)]
    if rng.random() < 0.1:
        words.insert(rng.randrange(len(words) + 1), rng.choice(_WRONG))
    writes = "--out" in words and command in ("run", "compare", "optimize")
    manners.look(case, case.run(*words), out=case.path("out") if writes else None)


def _common(rng: random.Random, *, writes: bool = True, jobs: bool = True) -> Words:
    words: Words = []
    for _ in range(rng.choice((0, 0, 1, 1, 2))):
        words += ["--set", rng.choice(_SETTINGS)]
    words += _maybe(rng, 0.3, "--seed", str(rng.randrange(100)), "9223372036854775807", *_WRONG)
    words += _maybe(rng, 0.5, "--json")
    if writes:
        words += ["--out", "out", *_maybe(rng, 0.3, "--quiet")]
    if jobs:
        words += ["--jobs", "1"] if rng.random() < 0.9 else ["--jobs", rng.choice(("2", *_WRONG))]
    return words


def _maybe(rng: random.Random, share: float, option: str, *values: str) -> Words:
    """An option, or not; of its values the first is drawn half of the time."""
    if rng.random() >= share:
        return []
    if not values:
        return [option]
    return [option, values[0] if rng.random() < 0.5 else rng.choice(values)]


def _file(rng: random.Random) -> str:
    return (
        "market.yaml"
        if rng.random() < 0.93
        else rng.choice(("dur_1", "nowhere.yaml", ".", "markte", "/dev/null", ""))
    )


def _run(rng: random.Random) -> Words:
    return [
        _file(rng),
        *_common(rng),
        *_maybe(rng, 0.3, "--replications", "1", "2", *_WRONG),
        *_maybe(rng, 0.2, "--detail", "offers", "x"),
        *_maybe(rng, 0.2, "--book", "book", "out", "market.yaml", *_WRONG),
        *_maybe(rng, 0.1, "--payments"),
    ]


def _compare(rng: random.Random) -> Words:
    return [
        _file(rng),
        *_common(rng),
        "--replications",
        rng.choice("12"),
        *_maybe(rng, 0.7, "--policies", *_POLICIES),
    ]


def _sweep(rng: random.Random) -> Words:
    words = (
        [_file(rng), *_common(rng), "--replications", "1"]
        if rng.random() < 0.7
        else [_file(rng), *_common(rng), "--until", rng.choice(_UNTIL)]
    )
    for _ in range(rng.randrange(1, 3)):
        words += ["--vary", rng.choice(_VARY)]
    return (
        words
        + _maybe(rng, 0.3, "--design", *_DESIGNS)
        + _maybe(rng, 0.1, "--extend")
        + _maybe(rng, 0.1, "--retry-failed")
    )


def _optimize(rng: random.Random) -> Words:
    words = [_file(rng), *_common(rng), rng.choice(("--maximize", "--minimize")), rng.choice(_METRICS)]
    words += [
        "--over",
        rng.choice(_VARY),
        "--trials",
        "2",
        "--replications",
        "1",
        "--validate-replications",
        "2",
    ]
    return words + _maybe(
        rng,
        0.4,
        "--subject-to",
        "success_rate>=50",
        "tasks<=0",
        "x>=1",
        "success_rate=1",
        "success_rate>=nan",
    )


def _sensitivity(rng: random.Random) -> Words:
    words = [
        _file(rng),
        *_common(rng),
        "--vary",
        rng.choice(_VARY),
        "--replications",
        "1",
        "--samples",
        rng.choice(("2", "3")),
    ]
    return (
        words + _maybe(rng, 0.6, "--method", "morris", "sobol", "x") + _maybe(rng, 0.3, "--metric", *_METRICS)
    )


def _explain(rng: random.Random) -> Words:
    words = [
        _file(rng),
        "--task",
        rng.choice(("0", "1", "3", "99999", *_WRONG)),
        *_common(rng, writes=False, jobs=False),
    ]
    return words + _maybe(rng, 0.2, "--replication", "0", "3", *_WRONG)


def _doctor(rng: random.Random) -> Words:
    return [_file(rng), *_common(rng, writes=False), "--replications", "1"]


def _validate(rng: random.Random) -> Words:
    words = [_file(rng), *_maybe(rng, 0.5, "--json")]
    return words + [word for _ in range(rng.randrange(4)) for word in ("--set", rng.choice(_SETTINGS))]


def _reading(rng: random.Random) -> Words:
    return [
        rng.choice(("market.yaml", ".", "nowhere", "/dev/null")),
        *_maybe(rng, 0.3, "--json"),
        *_maybe(rng, 0.3, "--y", *_METRICS),
    ]


def _listing(rng: random.Random) -> Words:
    return _maybe(rng, 0.5, "--json") + _maybe(rng, 0.2, "rtx_4090") + _maybe(rng, 0.1, "--help")


_COMMANDS: tuple[tuple[str, Callable[[random.Random], Words]], ...] = (
    *[("run", _run)] * 2,
    *[("validate", _validate)] * 4,
    *[("explain", _explain)] * 2,
    *[("plot", _reading), ("report", _reading), ("hardware", _listing), ("scenarios", _listing)] * 2,
    *[("compare", _compare), ("optimize", _optimize), ("sensitivity", _sensitivity), ("sweep", _sweep)],
    *[("doctor", _doctor), ("schema", _listing)],
)
"""Commands, the quick ones more often."""
