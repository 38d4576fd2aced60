"""The page Play: a market, what it came to, and how it went."""
