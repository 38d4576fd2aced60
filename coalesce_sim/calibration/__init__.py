"""From measured runs to a scenario: fitted on a part of them, its errors told on the rest."""
