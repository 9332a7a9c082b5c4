"""A figure that does not exist for an input: it is missing, with its reason, and never a silent NaN."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Missing:
    """Stands where a number would. The reason reads on in a table: "silent", "shorter than 0.4 s"."""

    reason: str


Figure = float | Missing
