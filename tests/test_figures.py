"""The figures show what the arrays hold, on axes common to all songs, and are the same files for the same songs."""

from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from drawn_texts import faults
from matplotlib.axes import Axes
from typer.testing import CliRunner

from clstm.cli.main import load_commands
from clstm.music.midi import Notes, write_midi
from clstm.music.score import HELD, STRUCK, encode
from clstm.runtime.errors import UserError
from evaluation.figures.palette import REFERENCE, SYSTEMS, system_colour
from evaluation.figures.style import COLUMN_WIDTH, PAGE_WIDTH, save
from reports.figures import panels, plots, reach
from reports.figures.captions import alternative_text, finding
from reports.figures.panels import (
    KINDS,
    PIANO_ROLL,
    SCORE_MATRIX,
    SELF_SIMILARITY,
    SONOGRAM,
    SPECTRUM,
    WAVEFORM,
    FigureKind,
)
from reports.figures.scale import Scale
from reports.figures.songs import DrawnPiece, read_song, song
from reports.inputs.prediction import REACH_PAIRS, read_reach, read_reach_pairs
from reports.numbers import number, pitch_name

RATE = 44100
TUNE = Notes.of([(0.25 * i, 0.25 * i + 0.25, 60 + i % 5, 80) for i in range(16)])


def sine(frequency: float, seconds: float, amplitude: float = 0.5) -> np.ndarray:
    return amplitude * np.sin(2 * np.pi * frequency * np.arange(round(seconds * RATE)) / RATE).astype(np.float32)


@pytest.fixture(scope="module")
def songs() -> list[DrawnPiece]:
    return [
        song("Human", "tune", REFERENCE, sine(440, 4), RATE, TUNE),
        song("Model", "drone", SYSTEMS[0], sine(2000, 3, amplitude=0.1), RATE, TUNE.between(0, 3)),
        song("Recording", "hum", SYSTEMS[1], sine(100, 2), RATE, None),
    ]


def axes_of(kind: FigureKind, one: DrawnPiece, scale: Scale) -> Axes:
    return panels.draw(kind, [one], scale).axes[0]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.key)
def test_panels_of_one_scale_have_the_same_axes(kind: FigureKind, songs: list[DrawnPiece]) -> None:
    scale = Scale.of(songs)
    limits = {(*axes.get_xlim(), *axes.get_ylim()) for axes in (axes_of(kind, one, scale) for one in songs[:2])}
    boxes = {axes_of(kind, one, scale).get_position().bounds for one in songs[:2]}
    assert len(limits) == len(boxes) == 1


def test_the_score_matrix_shows_every_cell_held_below_struck(songs: list[DrawnPiece]) -> None:
    (image,) = axes_of(SCORE_MATRIX, songs[0], Scale.of(songs)).get_images()
    cells = np.asarray(image.get_array().filled(0))
    pitches = len(cells) // 2
    assert (cells[:pitches] == 1).sum() == songs[0].matrix[HELD].sum() > 0
    assert (cells[pitches:] == 2).sum() == songs[0].matrix[STRUCK].sum() > 0
    assert not (cells[:pitches] == 2).any()


def test_the_score_matrix_leaves_out_octaves_nobody_uses(songs: list[DrawnPiece]) -> None:
    scale = Scale.of(songs)
    assert (scale.lowest, scale.highest) == (60, 71)


def test_a_song_that_came_as_audio_has_no_score_matrix(songs: list[DrawnPiece]) -> None:
    assert [one.name for one in panels.drawable(SCORE_MATRIX, songs)] == ["Human", "Model"]
    assert panels.drawable(SONOGRAM, songs) == songs


def test_the_waveform_reaches_its_peaks_and_its_envelope_the_rms(songs: list[DrawnPiece]) -> None:
    peaks, rms = axes_of(WAVEFORM, songs[0], Scale.of(songs)).collections
    assert peaks.get_datalim(peaks.axes.transData).ymax == pytest.approx(0.5, abs=0.001)
    assert rms.get_datalim(rms.axes.transData).ymax == pytest.approx(0.5 / np.sqrt(2), rel=0.02)


def test_the_spectrum_prints_the_share_below_each_limit(songs: list[DrawnPiece]) -> None:
    scale = Scale.of(songs)
    low, high = ("\n".join(text.get_text() for text in axes_of(SPECTRUM, one, scale).texts) for one in songs[:2])
    assert low.count("100.0 %") == 3
    assert high.count("0.0 %") == 3


def test_the_spectrum_marks_the_limits_of_the_paper(songs: list[DrawnPiece]) -> None:
    lines = axes_of(SPECTRUM, songs[0], Scale.of(songs)).get_lines()
    assert [float(line.get_xdata()[0]) for line in lines if len(line.get_xdata()) == 2] == [1.0, 1.2, 1.3]


def test_the_spectrum_repeats_the_reference_with_every_other_song(songs: list[DrawnPiece]) -> None:
    behind = axes_of(SPECTRUM, songs[1], Scale.of(songs)).get_lines()[0].get_ydata()
    np.testing.assert_array_equal(behind, plots.smooth(songs[0].spectrum))


def test_a_smoothed_flat_spectrum_stays_flat_to_its_ends() -> None:
    np.testing.assert_allclose(plots.smooth(np.full(500, -40.0)), -40.0)


def test_sonograms_share_one_colour_scale(songs: list[DrawnPiece]) -> None:
    scale = Scale.of(songs)
    images = [axes_of(SONOGRAM, one, scale).get_images()[0] for one in songs]
    assert {image.get_clim() for image in images} == {(scale.sonogram_top - 80, scale.sonogram_top)}


def test_a_sonogram_is_brightest_where_the_tone_is(songs: list[DrawnPiece]) -> None:
    level = songs[1].sonogram.mean(axis=1)
    assert (level.argmax() + 0.5) * songs[1].sonogram_hz / len(level) == pytest.approx(2000, abs=30)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.key)
def test_silence_is_drawn_and_said(kind: FigureKind) -> None:
    silent = song("Silence", "rest", SYSTEMS[0], np.zeros(RATE, dtype=np.float32), RATE, Notes.of())
    panels.draw(kind, [silent], Scale.of([silent])).savefig(BytesIO())
    assert finding(kind, silent) == ("no notes" if kind.of_notes else "silent")


def test_one_sample_is_drawn() -> None:
    click = song("Click", "click", SYSTEMS[0], np.ones(1, dtype=np.float32), RATE, None)
    for kind in (WAVEFORM, SPECTRUM, SONOGRAM):
        drawn = BytesIO()
        panels.draw(kind, [click], Scale.of([click])).savefig(drawn)
        assert drawn.getvalue().startswith(b"\x89PNG")


@pytest.mark.parametrize("suffix", [".svg", ".pdf", ".png"])
def test_the_same_songs_give_the_same_file(suffix: str, songs: list[DrawnPiece], tmp_path: Path) -> None:
    files = [tmp_path / f"{attempt}{suffix}" for attempt in range(2)]
    for file in files:
        save(panels.draw(SPECTRUM, songs, Scale.of(songs)), file, dpi=100)
    assert files[0].read_bytes() == files[1].read_bytes()


@pytest.mark.parametrize("suffix", [".svg", ".pdf", ".png"])
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.key)
def test_every_kind_is_written_in_every_format(
    kind: FigureKind, suffix: str, songs: list[DrawnPiece], tmp_path: Path
) -> None:
    save(panels.draw(kind, songs[:1]), tmp_path / f"figure{suffix}", dpi=50)
    begins = {".svg": b"<?xml", ".pdf": b"%PDF", ".png": b"\x89PNG"}[suffix]
    assert (tmp_path / f"figure{suffix}").read_bytes().startswith(begins)


def test_a_panel_of_noise_stays_small_as_svg(tmp_path: Path) -> None:
    noise = 0.1 * np.random.default_rng(0).standard_normal(60 * RATE).astype(np.float32)
    dense = song("Noise", "noise", SYSTEMS[0], noise, RATE, TUNE)
    for kind in KINDS:
        save(panels.draw(kind, [dense], Scale.of([dense])), tmp_path / f"{kind.key}.svg", dpi=200)
    assert max(file.stat().st_size for file in tmp_path.iterdir()) < 400_000


@pytest.mark.parametrize("name", ["$x^2$ & <b>", "\\frac", "音楽", "n" * 300, "$"])
def test_any_name_can_stand_above_a_row(name: str, songs: list[DrawnPiece], tmp_path: Path) -> None:
    odd = [replace(songs[0], name=name), songs[1]]
    figure = panels.draw(WAVEFORM, odd, Scale.of(odd))
    save(figure, tmp_path / "odd.svg", dpi=100)
    assert name[:30] in figure.axes[0].get_title(loc="left")


@pytest.mark.parametrize("width", [COLUMN_WIDTH, PAGE_WIDTH])
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.key)
def test_every_label_is_whole_and_none_lies_upon_another(
    kind: FigureKind, width: float, songs: list[DrawnPiece]
) -> None:
    names = ["A person, as it was played on a piano, in the autumn", "n" * 120]
    shown = [replace(one, name=name) for one, name in zip(songs, names, strict=False)]
    assert faults(panels.draw(kind, shown, width=width)) == []
    assert faults(panels.draw(kind, shown[:1])) == []


def test_the_piano_roll_has_room_for_every_note_of_any_song_however_late_or_low() -> None:
    late = Notes.of([(0.0, 1.0, 60, 80), (18.0, 19.0, 21, 80), (19.0, 20.0, 108, 80)])
    one = song("Late", "late", REFERENCE, sine(440, 20), RATE, late)
    axes = axes_of(PIANO_ROLL, one, Scale.of([one]))
    low, high = axes.get_ylim()
    assert low < 21 < 108 < high


def test_a_soft_song_beside_a_loud_one_can_still_be_seen() -> None:
    loud = song("Loud", "loud", REFERENCE, sine(440, 2), RATE, None)
    soft = song("Soft", "soft", SYSTEMS[0], sine(880, 2, amplitude=1e-4), RATE, None)
    scale = Scale.of([loud, soft])
    course = axes_of(SPECTRUM, soft, scale).get_lines()[1]
    assert course.get_ydata().max() > axes_of(SPECTRUM, soft, scale).get_ylim()[0] + 20
    (image,) = axes_of(SONOGRAM, soft, scale).get_images()
    assert np.asarray(image.get_array()).max() > image.get_clim()[0] + 20


def test_a_figure_alone_takes_three_lines(tmp_path: Path) -> None:
    write_midi(TUNE, tmp_path / "tune.mid")
    one = read_song(tmp_path / "tune.mid", "Tune")
    save(panels.draw(WAVEFORM, [one]), tmp_path / "waveform.pdf")
    assert (tmp_path / "waveform.pdf").read_bytes().startswith(b"%PDF")


def test_a_piano_roll_has_a_line_a_note_the_darker_the_louder(songs: list[DrawnPiece]) -> None:
    loud = replace(songs[0], notes=Notes.of([(0, 1, 60, 127), (1, 2, 64, 1)]))
    (rolls,) = axes_of(PIANO_ROLL, loud, Scale.of([loud])).collections
    assert [line.tolist() for line in rolls.get_segments()] == [[[0, 60], [1, 60]], [[1, 64], [2, 64]]]
    assert rolls.get_alpha()[0] > rolls.get_alpha()[1]


def test_a_steady_tone_is_like_itself_everywhere(songs: list[DrawnPiece]) -> None:
    (image,) = axes_of(SELF_SIMILARITY, songs[0], Scale.of(songs)).get_images()
    assert np.asarray(image.get_array()).min() > 0.99


def test_squares_stand_side_by_side_and_rows_below_each_other(songs: list[DrawnPiece]) -> None:
    def corners(kind: FigureKind) -> list[tuple[float, float]]:
        return [axes.get_position().p0.round(2).tolist() for axes in panels.draw(kind, songs).axes]

    assert len({x for x, _ in corners(SELF_SIMILARITY)}) == 2
    assert len({x for x, _ in corners(WAVEFORM)}) == 1


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.key)
def test_the_box_of_a_panel_is_where_its_axes_are(kind: FigureKind, songs: list[DrawnPiece]) -> None:
    left, top, width, height = kind.box()
    bounds = axes_of(kind, songs[0], Scale.of(songs)).get_position().bounds
    assert bounds == pytest.approx((left, 1 - top - height, width, height))


def test_findings_are_the_numbers_of_what_is_drawn(songs: list[DrawnPiece]) -> None:
    assert finding(SCORE_MATRIX, songs[0]) == "16 notes in 4 s (4.0 per second), 1.0 sounding at once, C4 to E4"
    assert finding(WAVEFORM, songs[0]).startswith("mean level −9.0 dBFS, spread 0.0 dB")
    assert finding(SPECTRUM, songs[1]).startswith("0.0 % of the energy below 1 kHz")
    assert finding(SONOGRAM, songs[0]).startswith(
        "change from one eighth of a second to the next 0.00 (0: the same spectrum"
    )
    assert alternative_text(WAVEFORM, songs[0]).startswith("Waveform and RMS envelope of Human, tune: mean level −9.0")


def test_numbers_have_a_true_minus_and_no_negative_zero() -> None:
    assert (number(-3.14159, 2), number(-0.01)) == ("−3.14", "0.0")


def test_middle_c_is_c4() -> None:
    assert [pitch_name(pitch) for pitch in (24, 60, 61, 70, 101)] == ["C1", "C4", "C♯4", "B♭4", "F7"]


def test_colours_are_distinct_and_never_the_references() -> None:
    colours = [system_colour(number) for number in range(3 * len(SYSTEMS))]
    assert colours[: len(SYSTEMS)] == list(SYSTEMS)
    assert len({*colours, REFERENCE}) == 3 * len(SYSTEMS) + 1


def test_matrices_of_the_page_are_the_score_matrix(songs: list[DrawnPiece]) -> None:
    np.testing.assert_array_equal(songs[0].matrix, encode(TUNE, frames=32))


def test_the_reach_of_models_is_drawn_from_its_table(tmp_path: Path) -> None:
    back = np.arange(90) / 8
    shares = {"rnn": np.exp(-back), "lstm": np.exp(-back / 5)}
    curves = pd.concat([pd.DataFrame({"system": name, "seconds_back": back, "share": y}) for name, y in shares.items()])
    curves.to_csv(tmp_path / "reach.csv", index=False)
    axes = reach.draw(read_reach(tmp_path / "reach.csv")).axes[0]
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["rnn", "lstm"]
    for line, y in zip(axes.get_lines(), shares.values(), strict=True):
        np.testing.assert_allclose(line.get_ydata(), y)


def test_intervals_of_the_reach_are_bands_around_the_curves(tmp_path: Path) -> None:
    back = np.arange(90) / 8
    share = np.exp(-back)
    low = np.where(back > 10, 0, share / 2)  # a logarithm has no 0
    curves = pd.DataFrame({"system": "rnn", "seconds_back": back, "share": share, "share_low": low})
    curves.assign(share_high=share * 2).to_csv(tmp_path / "reach.csv", index=False)
    (band,) = reach.draw(read_reach(tmp_path / "reach.csv")).axes[0].collections
    vertices = band.get_paths()[0].vertices
    assert vertices[:, 1].max() == pytest.approx(2)
    assert vertices[:, 1].min() == pytest.approx(np.exp(-10) / 2)


def test_pairs_of_the_reach_are_read_with_the_kinds_of_their_networks(tmp_path: Path) -> None:
    row = dict.fromkeys(REACH_PAIRS, 0.5) | {"system": "a", "kind": "lstm", "other": "b", "other_kind": None}
    pd.DataFrame([row]).to_csv(tmp_path / "pairs.csv", index=False)
    (read,) = read_reach_pairs(tmp_path / "pairs.csv")
    assert (read.kind, read.other_kind, read.p) == ("lstm", "", 0.5)
    pd.DataFrame([row]).drop(columns="other").to_csv(tmp_path / "other.csv", index=False)
    with pytest.raises(
        UserError, match="has no column other; give the CSV of `clstm reach CORPUS RUNS --out CURVES --p"
    ):
        read_reach_pairs(tmp_path / "other.csv")


@pytest.mark.parametrize("text", ["system,share\nrnn,1\n", ""])
def test_another_table_than_the_reachs_is_said(tmp_path: Path, text: str) -> None:
    (tmp_path / "other.csv").write_text(text)
    with pytest.raises(UserError, match="give the CSV of `clstm reach"):
        read_reach(tmp_path / "other.csv")


def test_a_figure_of_the_reach_is_written_as_its_ending_says(tmp_path: Path) -> None:
    pd.DataFrame({"system": "rnn", "seconds_back": [0.0, 0.125], "share": [0.75, 0.25]}).to_csv(tmp_path / "r.csv")
    given = ["reach-figure", str(tmp_path / "r.csv"), "--out"]
    assert CliRunner().invoke(load_commands(), [*given, str(tmp_path / "r.svg")]).exit_code == 0
    assert "<svg" in (tmp_path / "r.svg").read_text()
    refused = CliRunner().invoke(load_commands(), [*given, str(tmp_path / "r.gif")])
    assert isinstance(refused.exception, UserError)
    assert ".svg, .pdf, .png" in str(refused.exception)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["r.csv", "r.svg"]
