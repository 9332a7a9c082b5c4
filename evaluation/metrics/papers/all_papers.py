"""All of them together, and the names that papers print."""

from dataclasses import dataclass

from evaluation.metrics.metric import Metric, MetricValue
from evaluation.metrics.papers import harmony, mgeval, musdr, muspy, scape
from evaluation.metrics.papers.reading import Reading

METRICS: dict[str, Metric] = {**muspy.METRICS, **mgeval.METRICS, **musdr.METRICS, **harmony.METRICS, **scape.METRICS}


@dataclass(frozen=True)
class Printed:
    """A number as papers print it.

    metric : its name in the catalogue, or in `mgeval.VECTORS`
    name : in the paper or its code
    source : a key of `sources.bib`
    """

    metric: str
    name: str
    source: str


_MUSPY, _MGEVAL, _MUSDR = "dong2020", "yang2020", "wu2020"

PRINTED = (
    Printed("pitch_range", "pitch_range", _MUSPY),
    Printed("muspy_pitches_used", "n_pitches_used", _MUSPY),
    Printed("muspy_pitch_classes_used", "n_pitch_classes_used", _MUSPY),
    Printed("muspy_polyphony", "polyphony", _MUSPY),
    Printed("muspy_polyphony_rate", "polyphony_rate", _MUSPY),
    Printed("muspy_pitch_in_scale_rate", "pitch_in_scale_rate", _MUSPY),
    Printed("scale_consistency", "scale_consistency", _MUSPY),
    Printed("muspy_pitch_entropy", "pitch_entropy", _MUSPY),
    Printed("pitch_class_entropy", "pitch_class_entropy", _MUSPY),
    Printed("muspy_empty_beat_rate", "empty_beat_rate", _MUSPY),
    Printed("muspy_empty_measure_rate", "empty_measure_rate", _MUSPY),
    Printed("muspy_groove_consistency", "groove_consistency", _MUSPY),
    Printed("muspy_drum_in_duple_rate", "drum_in_pattern_rate (duple)", _MUSPY),
    Printed("muspy_drum_in_triple_rate", "drum_in_pattern_rate (triple)", _MUSPY),
    Printed("muspy_drum_pattern_consistency", "drum_pattern_consistency", _MUSPY),
    Printed("muspy_pitches_used", "total_used_pitch", _MGEVAL),
    Printed("pitch_range", "pitch_range", _MGEVAL),
    Printed("mgeval_pitch_shift", "avg_pitch_shift", _MGEVAL),
    Printed("mgeval_note_count", "total_used_note", _MGEVAL),
    Printed("mgeval_ioi", "avg_IOI", _MGEVAL),
    Printed("mgeval_pitch_class_histogram", "total_pitch_class_histogram", _MGEVAL),
    Printed("mgeval_pitch_class_transitions", "pitch_class_transition_matrix", _MGEVAL),
    Printed("mgeval_note_length_histogram", "note_length_hist", _MGEVAL),
    Printed("mgeval_note_length_transitions", "note_length_transition_matrix", _MGEVAL),
    Printed("musdr_entropy_1_bar", "H1", _MUSDR),
    Printed("musdr_entropy_4_bars", "H4", _MUSDR),
    Printed("musdr_groove_similarity", "GS", _MUSDR),
    Printed("musdr_chord_irregularity", "CPI", _MUSDR),
    Printed("musdr_structure_short", "SI_short", _MUSDR),
    Printed("musdr_structure_mid", "SI_mid", _MUSDR),
    Printed("musdr_structure_long", "SI_long", _MUSDR),
    Printed("key_clarity", "key clarity", "krumhansl1982"),
    Printed("notes_out_of_key", "notes out of key", "krumhansl1982"),
    Printed("steps_out_of_key", "OOK", "zhu2025"),
    Printed("chord_vocabulary", "chord vocabulary", "yeh2021"),
    Printed("chord_entropy", "CHE", "yeh2021"),
)


def measure(read: Reading) -> dict[str, MetricValue]:
    """Every number of notes that papers print and no other view has."""
    return {**muspy.measure(read), **mgeval.measure(read), **musdr.measure(read), **harmony.measure(read)}
