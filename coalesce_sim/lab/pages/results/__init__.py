"""The page Results: a list of all folders of results, and any of them opened."""
