"""Worse work than was sold."""

from __future__ import annotations

from coalesce_sim.adversaries.protocol import Adversary, Effort, Scene, Sight
from coalesce_sim.scenario import adversaries as settings


class Cheap(Adversary):
    """What cheap work is like."""

    def __init__(self, rules: settings.Cheap) -> None:
        self._with = rules.with_
        self.cheap = Effort(None, rules.success, rules.cost_factor)

    def start(self, scene: Scene) -> None:
        """Find the contractor whose work it is."""
        if self._with is not None:
            self.cheap = Effort(scene.named(self._with)[0])


class OnOff(Cheap):
    """Cheats while its score is high, with hysteresis."""

    def __init__(self, rules: settings.OnOff) -> None:
        super().__init__(rules)
        self._rules = rules
        self._cheats: dict[int, bool] = {}

    def effort(self, sight: Sight, who: int, luck: float) -> Effort | None:
        """Bad while it cheats; of whom nothing has been noticed, by the score that it starts with."""
        return self.cheap if self._cheats.get(who, self._is_high(sight, who)) else None

    def noticed(self, sight: Sight, who: int) -> None:
        """Change over where the score has passed its bound."""
        if self._is_high(sight, who):
            self._cheats[who] = True
        elif sight.score(who) < self._rules.behave_below:
            self._cheats[who] = False

    def _is_high(self, sight: Sight, who: int) -> bool:
        return sight.score(who) >= self._rules.cheat_above


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
