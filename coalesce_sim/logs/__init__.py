"""From a gateway's log to a market: what is read, what is left out and why, and the files that are
written."""
