"""One replication as it went: recorded while it is played, kept in columns, and drawn in the browser."""
