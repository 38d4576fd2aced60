"""Attacks and defences as users write them: ``on_off(who.share=0.1)``, ``entry_fee=1+dues=1``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar, get_args

from coalesce_sim.experiments.words import CLASS, Worded, split, unknown_name
from coalesce_sim.scenario.adversaries import AdversarySettings, OwnAdversary
from coalesce_sim.scenario.base import Model
from coalesce_sim.scenario.document import Change
from coalesce_sim.scenario.problems import Problem, ScenarioError, closest
from coalesce_sim.scenario.schema import Scenario

OWN = "scenario"
"""The attack that is the scenario's own section, all of it at once."""

NONE = "none"
"""The defence that is the market as stated."""

_TWINS = ("honest", "absent")
_KINDS = tuple(tag.tag for choice in get_args(get_args(AdversarySettings)[0]) for tag in get_args(choice)[1:])

Written = TypeVar("Written", "Attack", "Defence")


@dataclass(frozen=True, slots=True)
class Attack:
    """Those who cheat together, and the text that it is shown by."""

    label: str
    adversaries: tuple[AdversarySettings, ...]


@dataclass(frozen=True, slots=True)
class Defence:
    """Fields of the scenario that are set together, as texts for ``--set``, and the text it is shown by."""

    label: str
    sets: tuple[str, ...]

    @property
    def changes(self) -> list[Change]:
        """What it changes in a scenario."""
        return [Change.of_text(each) for each in self.sets]

    @property
    def explained(self) -> str:
        """Which fields it sets."""
        return ", ".join(self.sets) or "the market as stated"


class _Chosen(Model):
    """What is validated of an adversary that was written as text."""

    adversary: AdversarySettings


def attacks(scenario: Scenario, texts: Sequence[str] = ()) -> list[Attack]:
    """The attacks to play, in the order given; with none listed the scenario's own adversaries, together.

    A text is the name of a kind, or ``module:Class``, with parameters: ``on_off(who.share=0.1)``; several at
    once are joined by ``+``; ``scenario`` stands for the scenario's own. What is not stated is as in the
    scenario's own adversary of the same kind if it has just one, else by default.

    Raises `ScenarioError` with all problems.
    """
    if not texts and not scenario.adversaries:
        message = "nobody cheats: state adversaries, or --adversary 'on_off(who.share=0.1)'"
        raise ScenarioError([Problem("", None, "adversaries", message)])
    return _each("adversary", list(texts) or [OWN], lambda label: _attack(scenario, label))


def defences(texts: Sequence[str]) -> list[Defence]:
    """The defences to play, the first one `NONE`; several at once are joined by ``+``.

    A text is an alias of `ALIASES`, such as ``entry_fee=1``, or ``path.to.field=value``. Raises
    `ScenarioError` with all problems.
    """
    return _each("defence", [NONE, *(text for text in texts if text.strip() != NONE)], _defence)


def _each(what: str, texts: Iterable[str], make: Callable[[str], Written]) -> list[Written]:
    """All of them, or all that is wrong with them."""
    made: list[Written] = []
    problems: list[Problem] = []
    for text in texts:
        label = text.strip()
        if any(label == each.label for each in made):
            problems.append(Problem(f"{what} {label!r}", None, "", "listed twice"))
            continue
        try:
            made.append(make(label))
        except ScenarioError as error:
            problems.extend(error.problems)
    if problems:
        raise ScenarioError(problems)
    return made


def _attack(scenario: Scenario, label: str) -> Attack:
    chosen: list[AdversarySettings] = []
    for part in split(label, "+"):
        chosen += scenario.adversaries if part == OWN else [_adversary(scenario, part)]
    if not chosen:
        raise ScenarioError([Problem(f"adversary {label!r}", None, "", "the scenario states no adversaries")])
    return Attack(own_label(scenario) if label == OWN else label, tuple(chosen))


def own_label(scenario: Scenario) -> str:
    """What the scenario's own adversaries are called together."""
    return "+".join(
        each.class_ if isinstance(each, OwnAdversary) else each.kind for each in scenario.adversaries
    )


def _adversary(scenario: Scenario, text: str) -> AdversarySettings:
    worded = Worded.of("adversary", text)
    return worded.settings("adversary", _base(scenario, worded), _Chosen).adversary


def _base(scenario: Scenario, worded: Worded) -> dict[str, Any]:
    """What the stated parameters are merged over."""
    name, tag = worded.name, CLASS if ":" in worded.name else "kind"
    known = [kind for kind in _KINDS if kind not in (CLASS, *_TWINS)]
    if tag == "kind" and name not in known:
        raise unknown_name(worded, [OWN, *known], closest(name, [OWN, *known]), ", or module:Class")
    own = [each.model_dump(mode="json", by_alias=True, exclude_none=True) for each in scenario.adversaries]
    same = [each for each in own if each.get(tag) == name]
    base = same[0] if len(same) == 1 else {tag: name}
    if any(each.startswith("who.") for each in worded.parameters):
        base.pop("who", None)  # of its ways to say who just one can be stated
    return base


@dataclass(frozen=True, slots=True)
class Alias:
    """A short name of settings. `field` is what ``name=value`` sets, `mapping` what the fields in brackets
    belong to, `fixed` what it always sets."""

    field: str = ""
    mapping: str = ""
    fixed: tuple[str, ...] = ()

    @property
    def form(self) -> str:
        """How it is written after its name."""
        return "=VALUE" if self.field else "(FIELD=VALUE, …)" if self.mapping else ""


_MODEL = "reputation.model"
ALIASES: Mapping[str, Alias] = {
    "entry_fee": Alias("defences.entry_fee_usd"),
    "dues": Alias("defences.dues_usd"),
    "stake": Alias("defences.stake_usd"),
    "platform_fee": Alias("defences.platform_fee_share"),
    "audit": Alias(mapping="defences.audit"),
    "reserve_price": Alias(fixed=("defences.reserve_price=true",)),
    "explore_at_most": Alias("defences.explore_at_most"),
    "random_order": Alias(fixed=("defences.random_order=true",)),
    "commitment": Alias("defences.commitment.usd_per_slot_h"),
    "contract_ratings": Alias(fixed=("defences.ratings=contracts",)),
    "forgetting": Alias(f"{_MODEL}.forgetting", fixed=(f"{_MODEL}.kind=beta",)),
    "window": Alias(f"{_MODEL}.window_ratings", fixed=(f"{_MODEL}.kind=sliding_window",)),
    "whitby": Alias(mapping=_MODEL, fixed=(f"{_MODEL}.kind=whitby",)),
    "eigentrust": Alias(mapping=_MODEL, fixed=(f"{_MODEL}.kind=eigentrust",)),
    "due_on_failure": Alias("contracts.due_on_failure"),
    "on_acceptance": Alias(fixed=("contracts.due_on_failure=0",)),
    "escrow": Alias(mapping="settlement.escrow", fixed=("settlement.escrow.until=verified",)),
    "holdback": Alias("settlement.escrow.holdback"),
    "vickrey": Alias(mapping="policy", fixed=("policy.kind=vickrey",)),
    "score_auction": Alias(mapping="policy", fixed=("policy.kind=score_auction",)),
}
"""What a defence may be called, and which fields it sets."""


def _defence(label: str) -> Defence:
    if label == NONE:
        return Defence(NONE, ())
    problems: list[Problem] = []
    sets: dict[str, str] = {}
    for part in split(label, "+"):
        try:
            for each in _sets(part):
                Change.of_text(each)
                path = each.partition("=")[0].strip()
                if sets.setdefault(path, each) != each:
                    raise _refused(label, f"{path} is set twice")
        except ScenarioError as error:
            own = (each.path or each.file.removeprefix("--set ") for each in error.problems)
            problems += (
                each
                if each.file.startswith("defence ")
                else Problem(f"defence {label!r}", None, path, each.message)
                for each, path in zip(error.problems, own, strict=True)
            )
    if problems:
        raise ScenarioError(problems)
    return Defence(label, tuple(sets.values()))


def _sets(text: str) -> list[str]:
    """What an alias, or a field, comes to as texts for ``--set``."""
    name, equals, value = text.partition("=")
    name = name.strip()
    if "(" not in name and equals and "." in name:
        return [text]
    if "(" in name or not equals:
        worded = Worded.of("defence", text)
        alias = _alias(worded)
        if alias.field:
            raise worded.refused(f"needs a value: write {worded.name}=VALUE")
        if worded.parameters and not alias.mapping:
            raise worded.refused("has no parameters")
        if not (worded.parameters or alias.fixed):
            raise worded.refused(f"must be written {worded.name}{alias.form}")
        return [*alias.fixed, *(f"{alias.mapping}.{each}" for each in worded.parameters)]
    alias = _alias(Worded("defence", text, name, ()))
    if not alias.field:
        raise _refused(text, f"must be written {name}{alias.form}")
    return [*alias.fixed, f"{alias.field}={value.strip()}"]


def _alias(worded: Worded) -> Alias:
    if worded.name not in ALIASES:
        known = [NONE, *ALIASES]
        raise unknown_name(worded, known, closest(worded.name, known), ", or path.to.field=value")
    return ALIASES[worded.name]


def _refused(text: str, message: str) -> ScenarioError:
    return Worded("defence", text, "", ()).refused(message)
