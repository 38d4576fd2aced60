"""Many runs and what they come to."""
