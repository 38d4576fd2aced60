"""The cells of a study of attacks: each a market under a policy and a defence, in which somebody cheats."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from coalesce_sim.experiments.attacks.twins import absent, honest, with_adversaries
from coalesce_sim.experiments.attacks.written import Attack, Defence
from coalesce_sim.loading import resolve
from coalesce_sim.scenario.adversarial import objections_to_adversaries
from coalesce_sim.scenario.document import Change, read_base
from coalesce_sim.scenario.policy import PolicySettings
from coalesce_sim.scenario.problems import Mark, Problem, ScenarioError
from coalesce_sim.scenario.schema import Scenario

NOBODY = "nobody cheats"
"""The attack in which nobody does."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A market in which somebody cheats, and its twins: in `honest` the same agents behave, in `absent` they
    are not there; None where clients cheat. `level` is that of a field of the attack that is varied."""

    policy: str
    attack: str
    defence: str
    scenario: Scenario
    honest: Scenario
    absent: Scenario | None
    level: float | None = None

    @property
    def markets(self) -> tuple[Scenario, ...]:
        """All that is played for it."""
        own = (self.scenario, self.honest)
        return own if self.absent is None else (*own, self.absent)

    def attacked_by(self, attack: Attack) -> Cell:
        """The same market under another attack."""
        return _cell(self.policy, attack, self.defence, self.scenario)


def cells(
    scenario: Scenario,
    policies: Mapping[str, PolicySettings],
    attacks: Sequence[Attack],
    defences: Sequence[Defence],
    varied: Sequence[tuple[float, Attack]] = (),
) -> list[Cell]:
    """Every attack under every defence and policy, by label; where nobody cheats each is a cell too, which is
    its own twin, and comes first; then those of attacks at levels of what is varied.

    Raises `ScenarioError` with all problems.
    """
    base = read_base({name: value for name, value in scenario.resolved().items() if name != "adversaries"})
    stated = [(None, Attack(NOBODY, ())), *((None, each) for each in attacks), *varied]
    found: list[Cell] = []
    problems: dict[Problem, None] = {}
    for policy, chosen in policies.items():
        plain = chosen.model_dump(mode="json", by_alias=True, exclude_none=True)
        own = Change.of_value(("policy",), plain, Mark(f"policy {policy!r}", None))
        for defence in defences:
            try:
                market = resolve(base, [own, *defence.changes])
            except ScenarioError as error:
                problems |= dict.fromkeys(_of_defence(defence, error.problems))
                continue
            for level, attack in stated:
                cell = _cell(policy, attack, defence.label, market, level)
                problems |= dict.fromkeys(_against(cell.scenario, attack))
                found.append(cell)
    if problems:
        raise ScenarioError(problems)
    return found


def _cell(policy: str, attack: Attack, defence: str, market: Scenario, level: float | None = None) -> Cell:
    cheated = with_adversaries(market, attack.adversaries)
    others = (honest(cheated), absent(cheated)) if attack.adversaries else (market, market)
    return Cell(policy, attack.label, defence, cheated, *others, level)


def _of_defence(defence: Defence, problems: Iterable[Problem]) -> Iterator[Problem]:
    for each in problems:
        if defence.sets:
            yield Problem(f"defence {defence.label!r}", None, each.path, each.message)
        else:
            yield each


def _against(scenario: Scenario, attack: Attack) -> Iterator[Problem]:
    """What keeps an attack from being played; of several adversaries at once each is told by its number."""
    for objection in objections_to_adversaries(scenario):
        place, _, message = objection.partition(": ")
        if len(attack.adversaries) == 1:
            place = place.removeprefix("adversaries[0].")
            message = message.replace("what adversaries[0] earns", "what it earns")
        yield Problem(f"adversary {attack.label!r}", None, place, message)
