"""Facts about the world outside, and where to get more of them."""
