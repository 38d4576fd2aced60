"""What a comparison of policies came to, as files and for people."""
