"""Notes compared with notes: what a system copied from its corpus, and what a time grid loses of a performance."""
