"""Who can do a task."""
