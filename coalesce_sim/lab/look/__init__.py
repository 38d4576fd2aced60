"""How the pages look: one style with the report and the figures, light and dark."""
