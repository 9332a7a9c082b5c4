"""Music -> audio -> numbers and tables: one module a view of the sound."""
