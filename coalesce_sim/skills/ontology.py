"""How near skills are in a tree of skills.

Sources: Rada et al. (1989), IEEE Transactions on Systems, Man, and Cybernetics 19(1), for steps; Wu and
Palmer (1994), ACL; Resnik (1995), IJCAI, with the information content of Seco et al. (2004), ECAI, which
needs no corpus and lies in [0, 1].
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence


class SkillTree:
    """Similarities in [0, 1] between the skills of a forest.

    `parents` has the parent of each skill, None of a root; `meant` the skill that a name or a synonym means.
    What has no place in the tree is near to itself alone.
    """

    def __init__(self, parents: Mapping[str, str | None], meant: Mapping[str, str], measure: str) -> None:
        self._parents, self._meant, self._measure = parents, meant, measure
        self._below = _counted(parents)
        self._known: dict[tuple[str, str], float] = {}

    def match(self, required: Sequence[str], offered: Sequence[str]) -> float:
        """The mean over what is required of the similarity to the nearest that is offered; 1 where nothing is
        required, 0 where nothing is offered."""
        if not required:
            return 1.0
        nearest = [
            max((self.similarity(one, other) for other in offered), default=0.0)
            for one in dict.fromkeys(required)
        ]
        return sum(nearest) / len(nearest)

    def similarity(self, one: str, other: str) -> float:
        """How near two skills are, under whatever names; 1 for the same one."""
        pair = self._meant.get(one, one), self._meant.get(other, other)
        if pair not in self._known:
            self._known[pair] = self._worked_out(*pair)
        return self._known[pair]

    def _worked_out(self, one: str, other: str) -> float:
        if one == other:
            return 1.0
        up, others = self._upwards(one), self._upwards(other)
        shared = next((each for each in up if each in others), None)
        if shared is None:
            return 0.0
        if self._measure == "resnik":
            return 1 - math.log(self._below[shared]) / math.log(len(self._parents))
        if self._measure == "path":
            return 1 / (1 + up.index(shared) + others.index(shared))
        return 2 * len(self._upwards(shared)) / (len(up) + len(others))

    def _upwards(self, skill: str) -> list[str]:
        """A skill, its parent, and so on to the root; as many as its depth, a root being at 1."""
        way: list[str] = []
        at = skill if skill in self._parents else None
        while at is not None:
            way.append(at)
            at = self._parents[at]
        return way


def _counted(parents: Mapping[str, str | None]) -> dict[str, int]:
    """How many skills are a skill or below it."""
    below, children = dict.fromkeys(parents, 1), Counter(parents.values())
    done = [skill for skill in parents if not children[skill]]
    for skill in done:
        parent = parents[skill]
        if parent is not None:
            below[parent] += below[skill]
            children[parent] -= 1
            if not children[parent]:
                done.append(parent)
    return below
