"""Who is known for what: the public record of ratings, and the scores drawn from it."""

from coalesce_sim.reputation.ratings import Ratings

__all__ = ["Ratings"]
