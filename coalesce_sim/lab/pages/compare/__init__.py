"""The page Compare: settings or policies side by side on the same random numbers."""
