"""Agent Cards of A2A: from a folder of them to contractors of a scenario, and back."""
