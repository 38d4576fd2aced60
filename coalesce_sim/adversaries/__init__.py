"""Those who cheat: what they see, and what they do with it."""
