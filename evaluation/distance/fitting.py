"""Fit the space that comes with the program again, from folders of human music.

    python -m evaluation.distance.fitting FOLDER ... [--seconds 30] [--out human_piano.json]

Every piece is measured twice, as it is and on the grid of the score matrix at one velocity, since systems of both kinds
are compared. The pieces must not be among those that anybody compares.
"""

from argparse import ArgumentParser
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from evaluation.controls.control import SCORE_MATRIX
from evaluation.distance.space import SHIPPED, Space, fitted, write
from evaluation.measurement.inputs import measurement_inputs
from evaluation.measurement.options.named_paths import music_files
from evaluation.measurement.systems import measure_systems


def main(arguments: Sequence[str] | None = None) -> None:
    parser = ArgumentParser(prog="python -m evaluation.distance.fitting")
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--out", type=Path, default=SHIPPED)
    given = parser.parse_args(arguments)
    spaces, pieces = fit(given.folders, given.seconds)
    how = f"the first {given.seconds:g} s of each, as they were played and on the grid of the score matrix"
    write(spaces, f"{pieces} human pieces, {how}", given.out)


def fit(folders: Sequence[Path], seconds: float) -> tuple[dict[str, Space], int]:
    """The spaces of all music in some folders, and how many pieces it has."""
    inputs = [one for folder in folders for one in measurement_inputs(music_files(folder).files, {}, seconds)]
    played = measure_systems({"played": inputs, "grid": [replace(one, control=SCORE_MATRIX) for one in inputs]})
    wide = played.values.pivot(index=["system", "piece"], columns="metric", values="value")
    return fitted(wide), len(inputs)


if __name__ == "__main__":
    main()
