"""The languages that this package has texts in."""

from typing import Literal

Language = Literal["en", "zh", "de", "es"]
