"""What to outsource, to whom, what it saves and how sure that is: advice from a market that was played."""
