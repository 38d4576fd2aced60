"""Black-box search for the settings that serve a metric best, under constraints, validated on fresh seeds."""
