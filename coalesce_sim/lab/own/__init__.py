"""From somebody's own log to a routing: what was uploaded, how far they are, and what is told of it."""
