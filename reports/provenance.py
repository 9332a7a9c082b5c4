"""How a report was made: what somebody else needs to make it again."""

import platform
from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

from evaluation.render import RenderSettings, describe
from reports.systems import Piece, System

PACKAGES = ("clstm", "numpy", "scipy", "pandas", "matplotlib", "symusic", "pyloudnorm", "soundfile", "pyfluidsynth")


def versions() -> dict[str, str]:
    """Of Python and of every package that could change a number or a figure."""
    return {"python": platform.python_version(), **{package: version(package) for package in PACKAGES}}


def rendering(settings: RenderSettings, systems: Sequence[System]) -> dict[str, Any] | None:
    """The SoundFont, FluidSynth and its settings; None when every system came as audio and nothing was rendered."""
    return describe(settings) if any(system.has_notes for system in systems) else None


def inputs(system: System) -> list[dict[str, Any]]:
    """The files of a system by name and hash; a control has those of its reference."""
    return [_input(piece) for piece in system.pieces]


def _input(piece: Piece) -> dict[str, Any]:
    return {"file": piece.name, "sha256": piece.sha256, "seconds": round(piece.seconds, 3)}
