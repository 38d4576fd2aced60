"""The browser lab: a market to look at, by sliders and pictures. Nothing in the engine knows of it."""
