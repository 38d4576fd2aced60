"""The files that a scenario names: tasks, sellers and recorded runs, read and checked before play."""
