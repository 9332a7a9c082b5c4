"""Files of any kind against FluidSynth's own file player, one line per file: `make bench MIDI=FOLDER`.

equal   share of samples that are the player's
dB      largest difference of momentary loudness where the player is above -60 LUFS
quiet   largest difference of samples elsewhere
onset   largest difference of onsets from the player's, samples
drift   largest difference of the player's onsets from the file's tempo map, ms: it drifts where the tempo changes
speed   the player's time over ours
"""

import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from fluidsynth_player import Onsets, played

from clstm.music.piece import Piece, read_piece
from clstm.runtime.errors import UnreadableFileError
from clstm.runtime.finding import MIDI, find_files
from evaluation.audio.render import RenderSettings, first_samples, render
from evaluation.metrics.loudness import momentary_loudness

pytestmark = pytest.mark.bench

SECONDS = 90.0  # of each file
QUIET = -60.0  # LUFS: below, samples are compared
SETTINGS = RenderSettings(tail=0.0)


def test_files_sound_as_the_player_plays_them(midi_folder: Path) -> None:
    titles = ("s", "equal", "dB", "quiet", "onset", "drift", "speed")
    print(f"\n{'file':40}", *(f"{title:>7}" for title in titles))
    found: dict[str, Agreement] = {}
    for path in list(find_files([midi_folder], MIDI))[:60]:
        try:
            piece = read_piece(path)
        except UnreadableFileError as error:
            print(f"{path.name[:40]:40} {error.reason}")
            continue
        found[path.name] = one = _agreement(path, piece)
        print(
            f"{path.name[:40]:40} {one.seconds:7.0f} {one.equal:7.4f} {one.apart:7.3f} {one.quiet:7.0e}"
            f" {one.behind:7} {one.drift:7.1f} {one.speed:7.2f}",
            flush=True,
        )
    in_time = {name: one for name, one in found.items() if one.behind == 0}  # elsewhere the player drifts
    assert in_time
    assert {name: one for name, one in in_time.items() if one.apart > 0.1 or one.quiet > 1e-4} == {}


class Agreement(NamedTuple):
    """The columns of the table."""

    seconds: float
    equal: float
    apart: float
    quiet: float
    behind: int
    drift: float
    speed: float


def _agreement(path: Path, piece: Piece) -> Agreement:
    part = piece.between(0.0, min(piece.duration, SECONDS))
    began = time.perf_counter()
    ours = render(part, SETTINGS)
    middle = time.perf_counter()
    onsets: Onsets = {}
    theirs = played(path, len(ours) / SETTINGS.sample_rate, SETTINGS, onsets)
    speed = (time.perf_counter() - middle) / (middle - began)
    equal = float((ours == theirs).all(axis=1).mean())
    _, mine = momentary_loudness(ours, SETTINGS.sample_rate)
    _, other = momentary_loudness(theirs, SETTINGS.sample_rate)
    loud = np.nan_to_num(other, nan=-np.inf, neginf=-np.inf) > QUIET
    apart = float(np.abs(mine[loud] - other[loud]).max(initial=0.0))
    centre = np.round((np.arange(len(other)) / max(len(other), 1)) * len(ours)).astype(int)
    silent = np.repeat(~loud, np.diff(np.append(centre, len(ours))))
    quiet = float(np.abs(ours - theirs)[silent].max(initial=0.0))
    behind, drift = _onsets(part, onsets)
    return Agreement(len(ours) / SETTINGS.sample_rate, equal, apart, quiet, behind, drift, speed)


def _onsets(part: Piece, theirs: Onsets) -> tuple[int, float]:
    """The largest difference from the player's onsets, in samples; and of the player's from the tempo map, in ms."""
    struck = part.messages.where(part.messages.struck)
    sample = first_samples(struck.due, SETTINGS.sample_rate)
    mine: dict[tuple[int, int], list[tuple[int, float]]] = {}
    for channel, key, at, when in zip(
        struck.channel.tolist(), struck.first.tolist(), sample.tolist(), struck.time, strict=True
    ):
        mine.setdefault((channel, key), []).append((at, float(when)))
    both = [(one, other) for key, own in mine.items() for one, other in zip(own, theirs.get(key, ()), strict=False)]
    behind = max((abs(at - other) for (at, _), other in both), default=0)
    drift = max((abs(other / SETTINGS.sample_rate - when) for (_, when), other in both), default=0.0)
    return behind, 1000 * drift
