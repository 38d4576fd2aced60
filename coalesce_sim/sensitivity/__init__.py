"""Which factors a metric depends on: Sobol indices and Morris screening over sweeps."""
