"""MIDI to score matrix, the three networks of Huang et al. 2018, their training, accuracy and generation.

Kept empty of imports: `evaluation`, `listening_study` and `reports` take the light modules from here without torch.
Public names of the packages above resolve when they are asked for: `from clstm import Music` is
`evaluation.music.Music`, or an error that names the other `evaluation` that hides it.
"""

from typing import Any


def __getattr__(name: str) -> Any:
    # Python asks here for every module it is about to import (`from clstm import midi`); theirs are small letters.
    if name[:1].isupper():
        from clstm.runtime.shadowing import load

        try:
            return load("clstm.names", name)
        except LookupError:
            pass
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
