"""Policies that learn what each alternative is worth from what came of choosing it.

The alternatives of a task are its eligible offers and home. `arms` keeps what each has come to, `indices`
holds the textbook formulas as pure functions, `rewards` maps money to rewards from 0 to 1. The policies
estimate costs in USD (`greedy`), rewards of arms (`ucb`, `thompson`, `exp3`, `budgeted`) or a linear model
(`linear`). Those in `moving` go by what happened lately, as `forgetting` keeps it.

Feedback is delayed: a decision whose outcome is still out counts as if it came out as the offer estimates,
so that a burst of arrivals does not all go to the same untried contractor. `Decision.explored` marks a
random draw in `EpsilonGreedy` and `Exp3`, and in policies with an index a choice other than the best mean;
the other greedy policies never explore in this sense.
"""
