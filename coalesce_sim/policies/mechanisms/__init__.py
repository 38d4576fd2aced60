"""Policies that agree on a price with the contractors instead of taking the offered one."""
