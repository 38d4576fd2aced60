"""Folders of results: which there are, and what each of them tells. Nothing here knows of a page."""
