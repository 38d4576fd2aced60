"""Who may be hired by whom, and the rule that says so."""
