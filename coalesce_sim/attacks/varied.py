"""A field of the attacks that is varied, and the attacks at each of its levels."""

from __future__ import annotations

from dataclasses import dataclass

from coalesce_sim.experiments.attacks.written import Attack
from coalesce_sim.scenario.adversaries import AdversarySettings
from coalesce_sim.scenario.base import Model
from coalesce_sim.scenario.document import read_document, read_plain
from coalesce_sim.scenario.problems import Mark, Problem, ScenarioError, shortened
from coalesce_sim.scenario.validation import validate
from coalesce_sim.sweeps.factors import Listed, field_steps, levels_of
from coalesce_sim.sweeps.specification import factor_of_text

_SHARES = ("share", "clients")
"""Fields of `who` that may go down to 0, where nobody follows the strategy."""


class _Stated(Model):
    """What is validated of a level."""

    adversaries: list[AdversarySettings]


class _Levels(Model):
    """What is validated of the levels."""

    levels: Listed


@dataclass(frozen=True, slots=True)
class Varied:
    """A field of an attack, and its levels."""

    text: str
    path: str
    levels: tuple[float, ...]

    @classmethod
    def of(cls, text: str) -> Varied:
        """What ``adversaries[0].who.share=0:0.5:6`` says; ``share=…`` stands for the share of those who cheat
        where an attack has one adversary with a share. Raises `ScenarioError`."""
        path, settings = factor_of_text(text)
        mark = _mark(text)
        if path != "share" and not path.startswith("adversaries["):
            raise mark.error("must be a field of adversaries, as in adversaries[0].who.share, or share")
        if isinstance(settings, dict) and "uniform" in settings:
            raise mark.error("a range has no levels; say how many, as in share=0:0.5:6")
        try:
            field_steps(path)
            stated = validate(read_plain({"levels": settings}, mark.file), _Levels).levels
            found = [level.value for level in levels_of(path, stated)]
        except ScenarioError as error:
            raise _told(mark, error) from None
        except ValueError as error:
            raise mark.error(str(error)) from None
        numbers = [each for each in found if isinstance(each, int | float) and not isinstance(each, bool)]
        if len(numbers) < max(2, len(found)):
            raise mark.error("needs two levels or more, all of them numbers, as in share=0:0.5:6")
        return cls(text, path, tuple(sorted(map(float, numbers))))

    @property
    def of_share(self) -> bool:
        """Whether it is the share of those who cheat."""
        return self.path == "share" or self.path.endswith(tuple(f"who.{each}" for each in _SHARES))

    def at(self, attack: Attack) -> list[tuple[float, Attack]]:
        """An attack at every level; at a share of 0 nobody follows it. Raises `ScenarioError`."""
        return [(level, self._at(attack, level)) for level in self.levels]

    def _at(self, attack: Attack, level: float) -> Attack:
        path, mark = self._path(attack), _mark(self.text)
        index = int(path.partition("[")[2].partition("]")[0])
        if level == 0 and self.of_share:
            return Attack(attack.label, (*attack.adversaries[:index], *attack.adversaries[index + 1 :]))
        plain = [
            each.model_dump(mode="json", by_alias=True, exclude_none=True) for each in attack.adversaries
        ]
        try:
            document = read_document({"adversaries": plain}, [f"{path}={level:.12g}"])
            stated = validate(document, _Stated)
        except ScenarioError as error:
            raise _told(mark, error) from None
        return Attack(attack.label, tuple(stated.adversaries))

    def _path(self, attack: Attack) -> str:
        if self.path != "share":
            return self.path
        found = [
            f"adversaries[{index}].who.{field}"
            for index, each in enumerate(attack.adversaries)
            for field in _SHARES
            if getattr(each.who, field) is not None
        ]
        if len(found) != 1:
            many = "has no adversary" if not found else "has several adversaries"
            message = f"{attack.label} {many} with a share; name one, as in adversaries[0].who.share"
            raise _mark(self.text).error(message)
        return found[0]


def _mark(text: str) -> Mark:
    return Mark(f"--vary {shortened(text)}", None)


def _told(mark: Mark, error: ScenarioError) -> ScenarioError:
    """The same problems, of what was asked to vary."""
    return ScenarioError(Problem(mark.file, None, each.path, each.message) for each in error.problems)
