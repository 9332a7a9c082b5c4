"""Print what MusPy and smg-metrics give for the song of tests/papers_song.py, to be recorded in tests/test_papers.py.

pip install muspy==0.5.0 smg-metrics==5.4.3
python .ci/papers.py
"""

import sys
import tempfile
from pathlib import Path

import muspy
from smg_metrics.harmony import chord_histogram_entropy, out_of_key_fraction

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from papers_song import write_song

BAR = 4  # quarters
PLAIN = (
    *("n_pitches_used", "n_pitch_classes_used", "pitch_range", "polyphony", "polyphony_rate"),
    *("scale_consistency", "pitch_entropy", "pitch_class_entropy", "empty_beat_rate"),
)


def main() -> None:
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
    for name, value in found.items():
        print(f'    "{name}": {float(value)!r},')


if __name__ == "__main__":
    main()
