"""How a report was made, and whether that still holds: `provenance` records, `verify` compares."""
