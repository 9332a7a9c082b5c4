"""From files to one tidy table of metrics: what is measured, in parallel, remembered in a cache."""
