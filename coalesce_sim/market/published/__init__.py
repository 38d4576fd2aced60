"""The published trade: every contractor delivers; prices move by the hour."""
