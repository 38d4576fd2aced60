"""Settings that a scenario states and that nothing in its market asks for."""
