"""Find out whether another package hides one of ours. Python imports the first package of a name on its path, and
ours have common names: a folder `evaluation/` or a module `evaluation.py` in a user's project hides ours there.

Nothing here imports the package in question: no foreign code runs to find out whose it is.
"""

import os
import sys
from collections.abc import Iterable
from importlib.machinery import ModuleSpec, PathFinder
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from clstm.runtime.errors import MissingToolError, UserError

HERE = Path(__file__).resolve().parents[2]  # packages installed together are side by side


class HiddenPackageError(UserError, ImportError):
    """Another package of the same name hides one of ours. The message names both places."""


def hiding(package: str) -> Path | None:
    """The file or folder that this process imports instead of our top-level `package`; None if it imports ours."""
    ours = HERE / package
    loaded = sys.modules.get(package)
    found = _place(getattr(loaded, "__spec__", None) if loaded else find_spec(package))
    return None if found in (None, ours) or not ours.is_dir() else found


def check(package: str) -> None:
    """Raise `HiddenPackageError` if another package hides ours."""
    if theirs := hiding(package):
        raise HiddenPackageError(
            f"{_hides(package, theirs)}; start Python where it does not look there first, or give that another name"
        )


def load(group: str, name: str) -> Any:
    """Import the object of one of our entry points.

    Raises `HiddenPackageError` if another package would be imported, `LookupError` if there is no such entry point,
    `MissingToolError` where a package that it needs is not installed.
    """
    for entry in entry_points(group=group, name=name):
        check(package_of(entry))
        try:
            return entry.load()
        except ModuleNotFoundError as error:
            needed = (error.name or entry.module).partition(".")[0]
            raise MissingToolError(
                f"{name} of clstm needs the package {needed}, which is not installed; install clstm again: pip install"
                " --force-reinstall clstm"
            ) from error
    raise LookupError(f"no entry point {name} in {group}")


def package_of(entry: EntryPoint) -> str:
    return entry.module.partition(".")[0]


def put_ours_first(packages: Iterable[str]) -> str:
    """Let this process, and those it starts, import our packages: what hides one goes to the end of Python's path.

    Only for a process of our own, such as the command. Returns a sentence about those that were hidden, or "".
    """
    hidden = {package: theirs for package in packages if (theirs := hiding(package))}
    for package in hidden:
        _move_back(package)
    said = ", ".join(_hides(package, theirs) for package, theirs in hidden.items())
    return f"{said}; this command takes its own" if said else ""


def _move_back(package: str) -> None:
    """Entries of the path that hold another package of this name go last; they go from PYTHONPATH, which comes first
    in every process that is started."""
    ours = HERE / package
    strange = [entry for entry in sys.path if _place(PathFinder.find_spec(package, [entry])) not in (None, ours)]
    sys.path[:] = [entry for entry in sys.path if entry not in strange] + strange
    if given := os.environ.get("PYTHONPATH"):
        places = {Path(entry).resolve() for entry in strange}
        kept = [entry for entry in given.split(os.pathsep) if Path(entry).resolve() not in places]
        os.environ["PYTHONPATH"] = os.pathsep.join(kept)


def _hides(package: str, theirs: Path) -> str:
    return f"{theirs} hides the package {package} of clstm at {HERE / package}"


def _place(spec: ModuleSpec | None) -> Path | None:
    """The folder of a package, or the file of a module. None for a folder without `__init__.py`, which hides nothing:
    Python looks further for a package with one."""
    if spec is None or not spec.origin:
        return None
    origin = Path(spec.origin).resolve()
    return origin.parent if spec.submodule_search_locations else origin
