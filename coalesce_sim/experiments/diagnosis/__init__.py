"""What is wrong with a market: plays it a few times, and recognises signatures of failure."""
