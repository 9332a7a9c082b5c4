"""A closed study: the sealed key opened, everything concluded, and how it is exported, drawn and printed."""
