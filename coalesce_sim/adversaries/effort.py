"""Worse work than was sold."""

from __future__ import annotations

from coalesce_sim.adversaries.protocol import Adversary, Effort, Scene, Sight
from coalesce_sim.scenario import adversaries as settings


class Cheap(Adversary):
    """What cheap work is like."""

    def __init__(self, rules: settings.Cheap) -> None:
        self._with = rules.with_
        self.cheap: Effort | None = Effort(None, rules.success, rules.cost_factor)

    def start(self, scene: Scene) -> None:
        """Find the contractor whose work it is; where none of that type was drawn, work is honest."""
        if self._with is not None:
            found = scene.named(self._with)
            self.cheap = Effort(found[0]) if found else None


class OnOff(Cheap):
    """Cheats while its score is high, with hysteresis."""

    def __init__(self, rules: settings.OnOff) -> None:
        super().__init__(rules)
        self._rules = rules
        self._cheats: set[int] = set()

    def effort(self, sight: Sight, who: int, luck: float) -> Effort | None:
        """Bad while it cheats."""
        return self.cheap if self._cheating(sight, who) else None

    def noticed(self, sight: Sight, who: int) -> None:
        """Remember on which side of its bounds the score was last."""
        if self._cheating(sight, who):
            self._cheats.add(who)
        else:
            self._cheats.discard(who)

    def _cheating(self, sight: Sight, who: int) -> bool:
        score, rules = sight.score(who), self._rules
        return score >= rules.cheat_above or (who in self._cheats and score >= rules.behave_below)


class ExitScam(Cheap):
    """Cheats from some hour on."""

    def __init__(self, rules: settings.ExitScam) -> None:
        super().__init__(rules)
        self._from_s = 3600 * rules.from_hour

    def effort(self, sight: Sight, who: int, luck: float) -> Effort | None:
        """Bad from then on."""
        return self.cheap if sight.now_s >= self._from_s else None


class Substitution(Cheap):
    """Delivers another's work, now and then or always."""

    def __init__(self, rules: settings.Substitution) -> None:
        super().__init__(rules)
        self._share = rules.share

    def effort(self, sight: Sight, who: int, luck: float) -> Effort | None:
        """The other's, by luck."""
        return self.cheap if luck < self._share else None
