"""The book of a market: money in integers, double entry, what must be conserved, and how it is handed on."""
