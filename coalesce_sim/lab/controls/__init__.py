"""Which fields of a scenario can be moved by sliders and choices, and what moving them asks for."""
