"""Attacks, priced against their honest twins on the same random numbers."""
