"""What a log says of tasks, and how it is played: each task goes where it went, and ends as it ended."""
