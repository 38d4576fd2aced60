"""What all errors of this package have in common; they themselves stand beside what raises them."""

from __future__ import annotations

import signal


class CoalesceError(Exception):
    """Any error that coalesce_sim raises on purpose and that has a name of its own.

    Each is also of the built-in kind that it is a case of, such as ValueError.

    >>> import coalesce_sim
    >>> try:
    ...     coalesce_sim.open_results("nowhere")
    ... except coalesce_sim.CoalesceError as error:
    ...     print(f"{type(error).__name__}: {error}")
    ResultsError: 'nowhere' holds no sweep: there is no sweep.json
    """


class ConservationError(CoalesceError, RuntimeError):
    """Raised in a run whose tasks, money or capacity do not add up: a defect of the simulator, never of the
    scenario."""


class AmountError(CoalesceError, ValueError):
    """Raised in a run that is to write down more money at once than 64 bits hold in 10⁻⁹ of a currency."""


class ResultsWarning(UserWarning):
    """What is to be known of results that can be read all the same: unchecked, damaged, or made again.

    >>> import warnings
    >>> import coalesce_sim
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("error", coalesce_sim.ResultsWarning)  # refuse what is doubtful, too
    ...     epsilons = {"base": "dur_02", "set": {"clock.days": 1}, "factors": {"policy.epsilon": [0, 0.3]}}
    ...     played = coalesce_sim.sweep({"name": "epsilons", **epsilons}, replications=2, out="there", jobs=1)
    ...     coalesce_sim.open_results("there").complete
    True
    """


class Interrupted(BaseException):
    """The user or the system wants the program to end; `signal` is the number of the signal."""

    def __init__(self, number: int) -> None:
        super().__init__(number)  # simpy makes exceptions anew from their args
        self.signal = number

    def __str__(self) -> str:
        return f"interrupted by {signal.Signals(self.signal).name}"


WANTED_TO_END = (KeyboardInterrupt, Interrupted)
"""What comes from outside, whatever code it finds at work: nobody's failure."""
