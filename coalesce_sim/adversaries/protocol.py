"""What the market asks of those who may cheat. Whoever answers nothing of it is honest."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from coalesce_sim.arrays import FloatArray
from coalesce_sim.reputation.rating import Ballot


class Effort(NamedTuple):
    """How work is done: as well, and at the cost, of the contractor `like`, and honestly where that offers
    for no such task; where `like` is None, good with probability `success`, at most that of honest work, at
    so much of its cost.

    >>> import coalesce_sim
    >>> coalesce_sim.Effort(success=0.2, cost_factor=0.1)
    Effort(like=None, success=0.2, cost_factor=0.1)
    """

    like: int | None = None
    success: float = 1.0
    cost_factor: float = 1.0


class Card(NamedTuple):
    """What a contractor says of itself.

    >>> import coalesce_sim
    >>> honest = coalesce_sim.Card(("law",), 0.7)
    >>> honest._replace(reliability=1.0)
    Card(skills=('law',), reliability=1.0)
    """

    skills: tuple[str, ...]
    reliability: float


class Hold(NamedTuple):
    """A contract that is made to be cancelled: it waits for a slot of a contractor, keeps it for `hold_s`
    seconds, and leaves; nobody pays, nothing is rated.

    >>> import coalesce_sim
    >>> coalesce_sim.Hold(contractor=2, hold_s=600.0)
    Hold(contractor=2, hold_s=600.0)
    """

    contractor: int
    hold_s: float


class Agent(NamedTuple):
    """One seller: the places of its names among all contractors, its own name first.

    >>> import coalesce_sim
    >>> own, *more = coalesce_sim.Agent((2, 30, 31)).names
    >>> own, more
    (2, [30, 31])
    """

    names: tuple[int, ...]


@dataclass(frozen=True)
class Scene:
    """What is told of a market before it begins: the followers of one strategy, and what is public.

    `agents` are its sellers, `clients` its clients. Of all contractors, those under names that are not used
    yet among them, there are `names` and `types`, and what they `list_usd` at the start; `named` gives the
    places of those that a word stands for, a name or a type, or a number.

    >>> import coalesce_sim
    >>> import numpy as np
    >>> who = {"names": ("a", "b", "c"), "types": ("edge", "cloud", "edge")}
    >>> scene = coalesce_sim.Scene(agents=(), clients=(), list_usd=np.ones(3), **who)
    >>> scene.named("b"), scene.named("edge"), scene.named("d")
    ((1,), (0, 2), ())
    """

    agents: tuple[Agent, ...]
    clients: tuple[int, ...]
    names: Sequence[str]
    types: Sequence[str]
    list_usd: FloatArray

    def named(self, *words: str | int) -> tuple[int, ...]:
        """The places of those that words or numbers mean, word by word; none of what is not there."""
        return tuple(who for word in words for who in self._meant(word))

    def _meant(self, word: str | int) -> tuple[int, ...]:
        if isinstance(word, int):
            return (word,)
        found = [place for place, name in enumerate(self.names) if name == word]
        found = found or [place for place, kind in enumerate(self.types) if kind == word]
        return tuple(found)


class Sight(Protocol):
    """What can be seen at a moment: the time, the public record, who is in the market; of one's own names the
    books. What others' work was like, and what policies think, cannot.

    >>> import coalesce_sim
    >>> class Patient(coalesce_sim.Adversary):
    ...     def effort(self, sight, who, luck):
    ...         many, bad = sight.ratings(who)
    ...         return coalesce_sim.Effort(success=0) if many >= 20 and sight.score(who) > 0.8 else None
    >>> issubclass(Patient, coalesce_sim.Adversary), "score" in dir(coalesce_sim.Sight)
    (True, True)
    """

    now_s: float

    def score(self, who: int) -> float:
        """The public score of a contractor, over all types of task; NaN where there is no record."""

    def ratings(self, who: int) -> tuple[int, int]:
        """How many ratings a contractor has, and how many of them say that its work was bad."""

    def active(self, who: int) -> bool:
        """Whether a contractor is in the market."""

    def profit_usd(self, who: int) -> float:
        """What is left of what one of the strategy's own names was paid. Raises ValueError for others."""


class Adversary:
    """One strategy, of all who follow it. A subclass answers what it does otherwise than the honest.

    What the market asks (all but `start`, `noticed` and `renames`) must change nothing: the same is asked
    beforehand, by those that are told what comes, and again. `luck` is uniform on (0, 1), the follower's own
    for the task.

    >>> import coalesce_sim
    >>> class RoundsUp(coalesce_sim.Adversary):
    ...     def bill_usd(self, sight, who, due_usd, honest_usd):
    ...         return -(-due_usd // 1)
    >>> strategy = RoundsUp()
    >>> strategy.bill_usd(None, 0, 1.25, 1.25), strategy.ask_usd(None, 0, 1.25)
    (2.0, 1.25)
    """

    acts_every_s: float | None = None
    """How often `ballots` and `blocks` are asked; None for never."""
    beneficiaries: tuple[int, ...] = ()
    """Contractors for whom it is done, besides those who follow it: known after `start`."""

    def start(self, scene: Scene) -> None:
        """The market is about to begin."""

    def card(self, honest: Card, wanted: Sequence[str]) -> Card:
        """What a contractor says of itself; tasks ask for the skills `wanted`."""
        del wanted
        return honest

    def slots(self, own: int) -> int:
        """How many of its slots a contractor offers, at least 1."""
        return own

    def ask_usd(self, sight: Sight, who: int, honest_usd: float) -> float:
        """The price that a contractor asks."""
        return honest_usd

    def hurries(self, sight: Sight, who: int) -> bool:
        """Whether the offer of a contractor comes before those of all others."""
        return False

    def bid_usd(self, sight: Sight, who: int, own_usd: float) -> float:
        """The bid of a contractor under seal; infinite for one who stays away."""
        return own_usd

    def effort(self, sight: Sight, who: int, luck: float) -> Effort | None:
        """How a contractor does a piece of work; None for honestly."""
        return None

    def bill_usd(self, sight: Sight, who: int, due_usd: float, honest_usd: float) -> float:
        """What a contractor bills for work; `due_usd` by its own offer or by use, `honest_usd` by an honest
        one."""
        return due_usd

    def rates(self, sight: Sight, cast: Ballot) -> Ballot:
        """What a client writes into the public record; it thinks `cast`."""
        return cast

    def reports(self, sight: Sight, client: int, luck: float) -> bool:
        """Whether a client says that work passed its check, which did."""
        return True

    def pays(self, sight: Sight, client: int, luck: float) -> bool:
        """Whether a client pays what is due."""
        return True

    def ballots(self, sight: Sight) -> Iterable[Ballot]:
        """Ratings that are written now, besides those of contracts just ended."""
        return ()

    def blocks(self, sight: Sight) -> Iterable[Hold]:
        """Contracts that are made now and will be cancelled."""
        return ()

    def noticed(self, sight: Sight, who: int) -> None:
        """A rating of one of the strategy's own names was written, or its contract has ended."""

    def renames(self, sight: Sight, who: int) -> bool:
        """Whether the agent of one of its names gives that up, for the next that it has; asked after
        `noticed`."""
        return False
