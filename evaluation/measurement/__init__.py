"""From files to one tidy table of metrics: inputs, measuring in parallel, and a cache."""
