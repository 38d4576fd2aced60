"""A search as people look at it: on a terminal, as a figure, as a folder of files."""
