"""What a task costs, at home and at a contractor."""
