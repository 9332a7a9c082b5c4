"""How much a piece repeats itself. Its notes are read as tokens of interval and rhythm on the 1/8 s grid
(`evaluation.metrics.shared_passages`), so a repetition in another key counts too.

distinct_4_grams     the distinct 4-grams of tokens (five notes) over all of them: distinct-n of Li et al., "A
                     diversity-promoting objective function for neural conversation models" (NAACL 2016), over the
                     number of n-grams, so that 1 is reached where nothing comes again.
compression_ratio    bytes before over bytes after, by DEFLATE (RFC 1951, zlib's level 9) without zlib's header and
                     checksum. Each token is two bytes: semitones + 128, then frames, 255 standing for all beyond.
longest_repeat       notes of the longest run of tokens that begins at two places, which may overlap.
loop_onset, loop_period, looped
                     the loop that `clstm.music.degeneration` finds: one pattern, three times or more in succession, for
                     10 s.

**The longer a piece, the more of it has come before**: only sets of pieces of one length can be compared.
"""

import zlib

import numpy as np

from clstm.music.degeneration import LOOPED, loop
from clstm.music.midi import Notes
from clstm.music.score import FRAME_RATE, encode
from evaluation.metrics.metric import Metric, MetricValue, Missing
from evaluation.metrics.shared_passages import INTERVALS, Array, Ranks, gaps, repeated, strikes, tokens

N = 4  # tokens of an n-gram
FEWEST = 32  # notes; of fewer, what DEFLATE needs for itself decides the ratio

METRICS = {
    "distinct_4_grams": Metric(
        "Distinct 4-grams",
        "share",
        "Distinct runs of five notes (intervals and rhythm, 1/8 s) divided by all such runs; falls with a "
        "piece's length.",
        "repetition",
        sources=("li2016",),
    ),
    "compression_ratio": Metric(
        "Compression ratio",
        "",
        "Size of the notes' intervals and rhythm (1/8 s) before DEFLATE divided by the size after: higher for music "
        "that repeats itself. It rises with a piece's length and with its density: r = .64 with notes per second, in "
        "500 pieces.",
        "repetition",
        since=2,
        sources=("deutsch1996",),
    ),
    "longest_repeat_share": Metric(
        "Longest repeat",
        "share",
        "Share of the notes in the longest run, in any key, that occurs again (it may overlap itself).",
        "repetition",
        paper="it will not repeat the same melody exactly",
        sources=("huang2018",),
    ),
    "longest_repeat": Metric(
        "Longest repeat in notes",
        "notes",
        "Notes of the longest run, in any key, that occurs again (it may overlap itself).",
        "repetition",
        compared=False,
    ),
    "looped": Metric(
        "Looping",
        "share",
        "1 if one pattern comes at least three times in succession, for at least 10 s together; else 0.",
        "repetition",
        paper="more repetitions and loops",
        sources=("huang2018",),
    ),
    "loop_onset": Metric(
        "Loop begins", "s", "When the loop begins, in a piece that loops.", "repetition", compared=False
    ),
    "loop_period": Metric("Loop period", "s", "How long one round of the loop is.", "repetition", compared=False),
}


def measure(notes: Notes, seconds: float | None = None) -> dict[str, MetricValue]:
    """Every metric of the repetition of notes that last `seconds`, or to the end of the last note.

    Middle C every half second: all notes but the first belong to a repeat, and the piece loops with that period.

    >>> values = measure(Notes.of([(k / 2, k / 2 + 0.25, 60, 80) for k in range(40)]))
    >>> values["longest_repeat"], values["looped"], values["loop_period"]
    (39.0, 1.0, 0.5)
    """
    matrix = encode(notes, None if seconds is None else round(seconds * FRAME_RATE))
    frame, pitch = strikes(matrix)
    if not len(frame):
        reason = "no notes between MIDI 24 and 101" if len(notes) else "no notes"
        return dict.fromkeys(METRICS, Missing(reason))
    token = tokens(frame, pitch)
    ranks = Ranks.of(token)
    run = repeated(ranks)
    notes_of_run = run + 1 if run else 0
    found = loop(matrix)
    straight = Missing("it does not loop")
    return {
        "distinct_4_grams": distinct(ranks) if len(token) >= N else Missing(f"fewer than {N + 1} notes"),
        "compression_ratio": (
            compression_ratio(token) if len(frame) >= FEWEST else Missing(f"fewer than {FEWEST} notes")
        ),
        "longest_repeat_share": notes_of_run / len(frame) if len(frame) > 1 else Missing("one note"),
        "longest_repeat": float(notes_of_run) if len(frame) > 1 else Missing("one note"),
        "looped": (
            float(found is not None)
            if matrix.shape[1] >= LOOPED * FRAME_RATE
            else Missing(f"shorter than {LOOPED:g} s")
        ),
        "loop_onset": found[0] / FRAME_RATE if found else straight,
        "loop_period": found[1] / FRAME_RATE if found else straight,
    }


def distinct(ranks: Ranks) -> float:
    """Share of the runs of `N` tokens that are distinct, 1 / their number .. 1, of the ranks of at least so many.

    >>> distinct(Ranks.of(np.array([1, 2, 1, 2, 1, 2, 9])))
    0.75
    """
    count = len(ranks.order) - N + 1
    width = N.bit_length() - 1  # N is a power of two, as the windows of ranks are
    if len(ranks.levels) <= width:  # shorter windows are all distinct already
        return 1.0
    return float(np.count_nonzero(np.bincount(ranks.levels[width][:count])) / count)  # ranks count from 0


def compression_ratio(token: Array) -> float:
    """Bytes of the tokens (at least one) over their bytes after DEFLATE; hardly less than 1, more for repetition.

    >>> noise = np.random.default_rng(0).integers(0, 2**16, 1000)
    >>> compression_ratio(np.zeros(1000, int)) > 50 > 1.01 > compression_ratio(noise)
    True
    """
    pairs = np.stack([token % INTERVALS, np.minimum(gaps(token), 255)], axis=1).astype(np.uint8)
    deflate = zlib.compressobj(level=9, wbits=-zlib.MAX_WBITS)  # negative: no header, no checksum
    return pairs.size / len(deflate.compress(pairs.tobytes()) + deflate.flush())
