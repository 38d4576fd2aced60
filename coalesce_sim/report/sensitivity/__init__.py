"""A sensitivity analysis as people look at it: on a terminal and in words."""
