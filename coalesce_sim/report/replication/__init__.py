"""The study of the published figures, as people look at it."""
