"""The pages, each with `show`."""
