"""What the user writes: schema, loading, validation."""
