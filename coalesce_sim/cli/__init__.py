"""Commands: thin, no logic."""
