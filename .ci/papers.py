"""Print what MusPy and smg-metrics give for the song of tests/papers_song.py, and what libfmp gives for its sound as
MusDr calls it, to be recorded in tests/test_papers.py.

pip install muspy==0.5.0 smg-metrics==5.4.3
python .ci/papers.py
pip install libfmp==1.3.0
python .ci/papers.py structure
"""

import sys
import tempfile
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from papers_song import RATE, sound, write_song

BAR = 4  # quarters
PLAIN = (
    *("n_pitches_used", "n_pitch_classes_used", "pitch_range", "polyphony", "polyphony_rate"),
    *("scale_consistency", "pitch_entropy", "pitch_class_entropy", "empty_beat_rate"),
)


def structure() -> dict[str, float]:
    """The structure indicators of MusDr, from the similarity matrix of libfmp and its scape plot."""
    import librosa
    from libfmp.c3 import normalize_feature_sequence, smooth_downsample_feature_sequence
    from libfmp.c4 import compute_fitness_scape_plot, compute_sm_ti, compute_tempo_rel_set, threshold_matrix

    chroma = librosa.feature.chroma_stft(y=sound(), sr=RATE, tuning=0, norm=2, hop_length=2205, n_fft=4410)
    features, _ = smooth_downsample_feature_sequence(chroma, 10, filt_len=21, down_sampling=5)
    features = normalize_feature_sequence(features, norm="2", threshold=0.001)
    tempi, keys = compute_tempo_rel_set(0.5, 2, 7), np.arange(12)
    alike, _ = compute_sm_ti(features, features, L=16, tempo_rel_set=tempi, shift_set=keys, direction=2)
    matrix = threshold_matrix(alike, thresh=0.25, strategy="relative", scale=True, penalty=-2)
    np.fill_diagonal(matrix, 1)
    fitness = compute_fitness_scape_plot(matrix)[0]
    spans = {"SI_short": (3, 8), "SI_mid": (8, 15), "SI_long": (15, 128)}
    return {name: fitness[2 * begin - 1 : 2 * end].max() for name, (begin, end) in spans.items()}


def of_the_song() -> dict[str, float]:
    import muspy
    from smg_metrics.harmony import chord_histogram_entropy, out_of_key_fraction

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "song.mid"
        write_song(path)
        music = muspy.read_midi(path)
        names = (
            "n_pitches_used n_pitch_classes_used pitch_range polyphony polyphony_rate scale_consistency pitch_entropy"
        )
        found = {
            name: getattr(muspy, name)(music) for name in [*names.split(), "pitch_class_entropy", "empty_beat_rate"]
        }
        found["pitch_in_scale_rate"] = muspy.pitch_in_scale_rate(music, 0, "major")
        found["empty_measure_rate"] = muspy.empty_measure_rate(music, BAR * music.resolution)
        music.adjust_resolution(24)
        found["groove_consistency"] = muspy.groove_consistency(music, BAR * 24)
        found["drum_in_pattern_rate (duple)"] = muspy.drum_in_pattern_rate(music, "duple")
        found["drum_in_pattern_rate (triple)"] = muspy.drum_in_pattern_rate(music, "triple")
        found["drum_pattern_consistency"] = muspy.drum_pattern_consistency(music)
        found["OOK"], found["CHE"] = out_of_key_fraction(path), chord_histogram_entropy(path)
    return found


def main() -> None:
    for name, value in (structure() if "structure" in sys.argv else of_the_song()).items():
        print(f'    "{name}": {float(value)!r},')


if __name__ == "__main__":
    main()
