"""MIDI to score matrix, the three networks of Huang et al. 2018, their training, accuracy and generation; and the
Python API of all four packages: `import clstm as cl`.

Kept empty of imports: `evaluation`, `listening_study` and `reports` take the light modules from here without torch.
The names of the API (`cl.Music`, `cl.compare`; entry points `clstm.names`) resolve when they are asked for, as imports
only point down. `__init__.pyi` says the same to editors and type checkers.
"""

from typing import Any


def __getattr__(name: str) -> Any:
    # Python asks here for modules too, before it imports them (`from clstm import pretrained`): none has such a name.
    if not name.startswith("_"):
        from clstm.runtime.shadowing import load

        try:
            found = load("clstm.names", name)
        except LookupError:
            pass
        else:
            from clstm.notebook.arguments import in_arguments

            found = globals()[name] = found if isinstance(found, type) else in_arguments(found)
            return found
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    from importlib.metadata import entry_points

    return sorted({*globals(), *(entry.name for entry in entry_points(group="clstm.names"))})
