"""The browser lab: a market to look at, with sliders for the fields that matter."""
