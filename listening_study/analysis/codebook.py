"""Every column of every exported table: its unit and meaning. The tables are made with exactly these columns."""

from dataclasses import dataclass

import pandas as pd

from listening_study.protocol.questions import FORMS, RATINGS, SCALE_HIGHEST

WILSON = "Wilson's 95 % interval; descriptive: answers of one listener, or about one clip, are not independent"
_SCALE = f"1 to {SCALE_HIGHEST}"


@dataclass(frozen=True)
class Column:
    """A column of an exported table."""

    name: str
    unit: str
    meaning: str


CODEBOOK: dict[str, tuple[Column, ...]] = {
    "answers": (
        Column("sequence", "", "order in which the answers of all participants arrived, from 1"),
        Column("participant", "", "number of the participant, in order of consent"),
        Column("slot", "", "place in the design: with the study's secret it gives the order of clips"),
        Column("extra", "", "absent for so long that the place in the design was given to another"),
        Column("language", "", "language of the page"),
        Column("trial", "", "position of the clip in this participant's order, from 1"),
        Column("kind", "", "main; catch: three beeps; repeat: a clip heard before"),
        Column("clip", "", "the clip's random name"),
        Column("source", "", "source of the clip's music, from the sealed key; empty for catch trials"),
        Column("is_human", "", "whether that source is the human one; empty for catch trials"),
        Column("piece", "", "file the clip was cut from"),
        Column("start", "s", "where in the piece the clip begins"),
        Column("answer", "", "human or computer; empty: the clip would not play on the participant's device"),
        Column("said_human", "", "1: human, 0: computer"),
        *(
            Column(str(question), f"1 to {form.highest}" if form.highest else "", form.meaning)
            for question, form in FORMS.items()
        ),
        Column("heard", "share", "of the clip, as the player reported"),
        Column("plays", "", "times started from the beginning"),
        Column("seconds", "s", "from shown to answered; missing where the clock was set back in between"),
        Column("shown_at", "UTC", "when the clip was first shown, ISO 8601"),
        Column("answered_at", "UTC", "when the answer was stored, ISO 8601"),
        Column("consent", "", "SHA-256 of the text the participant agreed to"),
    ),
    "listeners": (
        Column("participant", "", "number of the participant, in order of consent"),
        Column("slot", "", "place in the design"),
        Column("extra", "", "absent for so long that the place in the design was given to another"),
        Column("language", "", "language of the page"),
        Column("consented_at", "UTC", "ISO 8601"),
        Column("answered", "", "trials answered"),
        Column("complete", "", "answered every trial"),
        Column("listening", "0 to 3", "hours of music per week: less than 1, 1 to 5, 6 to 15, more"),
        Column("training", "0 to 3", "years of lessons: none, 1 to 3, 4 to 10, more"),
        Column("playing", "0 to 2", "plays or sings: no, used to, yes"),
        Column("hearing", "0 to 2", "hearing loss: no, yes, not said"),
        Column("device", "0 to 2", "headphones or earphones, loudspeakers, the device's own loudspeaker"),
        Column("headphones_right", "", "right replies in the headphone check"),
        Column("headphones_passed", "", "at most one wrong; empty without a whole check"),
        Column("catch_missed", "", "catch trials answered incorrectly"),
        Column("consistent", "share", "of repeated clips answered as before"),
        Column("median_delay", "s", "median from the end of a clip, heard once, to the answer"),
    ),
    "judgements": (
        Column("participant", "", "number of the participant, in order of consent"),
        Column("block", "", "of the study's tasks, from 1"),
        Column("task", "", "rating, preference, continuation, mushra or abx"),
        Column("trial", "", "position of the screen in this participant's order, from 1"),
        Column("kind", "", "main; repeat: a screen seen before"),
        Column("item", "", "name of the screen, the same for every participant who had these clips"),
        Column("prompt", "", "piece that the prompt is from; empty where clips are not matched by prompts"),
        Column("position", "", "of the clip on the screen, from 1; of ABX, of X"),
        Column("clip", "", "the clip's random name"),
        Column(
            "source", "", "source of the clip; MUSHRA: also reference (hidden) and anchors; ABX: the system compared"
        ),
        Column("is_human", "", "whether that source is the human one; the hidden reference is"),
        Column("attribute", "", "what was rated; preference; abx"),
        Column("value", "", "as rated; preference: 1 chosen, 0 not, 0.5 no difference; ABX: 1 identified, 0 not"),
        Column("heard", "share", "of what is on the screen, as the player reported"),
        Column("plays", "", "times started from the beginning"),
        Column("seconds", "s", "from shown to answered; missing where the clock was set back in between"),
        Column("shown_at", "UTC", "when the screen was first shown, ISO 8601"),
        Column("answered_at", "UTC", "when the judgement was stored, ISO 8601"),
    ),
    "clips": (
        Column("clip", "", "the clip's random name"),
        Column("source", "", "who made the music"),
        Column("piece", "", "file the clip was cut from"),
        Column("start", "s", "where in the piece the clip begins"),
        Column("answers", "", "about this clip, after exclusions"),
        Column("said_human", "", "of these, how many were human"),
        Column("p_human", "share", "said_human / answers"),
    ),
    "tally": (
        Column("source", "", "who made the music"),
        Column("is_human", "", "whether this is the human source"),
        Column("clips", "", "clips of this source in the study"),
        Column("clips_heard", "", "those with at least one answer"),
        Column("majority_human", "", "clips that more than half of their answers called human"),
        Column("ties", "", "clips called human by exactly half of their answers"),
        Column("answers", "", "answers to clips of this source, after exclusions"),
        Column("said_human", "", "of these, how many were human"),
        Column("p_human", "share", "said_human / answers; empty without answers"),
        Column("low", "share", f"lower end of {WILSON}"),
        Column("high", "share", f"upper end of {WILSON}"),
        Column(
            "d_prime",
            "z",
            "how well listeners distinguish it from the human source, log-linear correction; descriptive",
        ),
        Column("criterion", "z", "above 0: a tendency to answer computer; descriptive"),
        Column("auc", "share", "area under the ROC from answer and confidence; 0.5: not distinguished; descriptive"),
        Column("alpha", "", "Krippendorff's, agreement of listeners about the clips of this source"),
    ),
    "confusion": (
        Column("made_by", "", "human or computer, from the sealed key"),
        Column("source", "", "who made the music; empty: all of them"),
        Column("said_human", "", "answers"),
        Column("said_computer", "", "answers"),
    ),
    "ratings": (
        Column("source", "", "who made the music"),
        Column("question", "", ", ".join(RATINGS)),
        Column("ratings", "", "how many"),
        Column("mean", _SCALE, ""),
        Column("median", _SCALE, ""),
        *(Column(f"rated_{value}", "", f"how many gave {value}") for value in range(1, SCALE_HIGHEST + 1)),
    ),
    "interview": (
        Column("participant", "", "number of the participant, in order of consent"),
        Column("question", "", "cues, human, rhythm, melody, repetition, other"),
        Column("reply", "", "in the participant's words"),
    ),
    "exclusions": (
        Column("reason", "", "in the order applied"),
        Column("registered", "", "whether it was registered before the first answer"),
        Column("listeners", "", "listeners excluded for it"),
        Column("answers", "", "answers excluded for it"),
    ),
    "judgement-exclusions": (
        Column("reason", "", "in the order applied"),
        Column("registered", "", "whether it was registered before the first answer"),
        Column("listeners", "", "listeners excluded for it"),
        Column("answers", "", "judgements excluded for it"),
    ),
    "contrasts": (
        Column("analysis", "", "registered, or how the analysis differs from the registered one"),
        Column("source", "", "the system"),
        Column("human", "", "the human source it is compared with"),
        Column("is_anchor", "", "known to be bad: unless it differs significantly, no system is called equivalent"),
        Column("listeners", "", "who answered about either source"),
        Column("clips", "", "of the system, with an answer"),
        Column("human_clips", "", "of the human source, with an answer"),
        Column("p_system", "share", 'P("human" | system)'),
        Column("p_human", "share", 'P("human" | human)'),
        Column("difference", "share", "p_system - p_human, from the crossed model"),
        Column("low", "share", "its interval at 1 - alpha, not corrected"),
        Column("high", "share", "its interval at 1 - alpha, not corrected"),
        Column("log_odds_ratio", "", "of the two shares"),
        Column("log_odds_low", "", "its interval"),
        Column("log_odds_high", "", "its interval"),
        Column("statistic", "", "t"),
        Column("df", "", "degrees of freedom, by Satterthwaite"),
        Column("p", "", "two-sided"),
        Column("p_holm", "", "corrected over the registered contrasts"),
        Column("p_permutation", "", "source permuted over clips, for these listeners"),
        Column("p_permutation_holm", "", "corrected over the registered contrasts"),
        Column("margin", "share", "of equivalence, registered"),
        Column("equivalent_low", "share", "interval at 1 - 2 alpha that is compared with the margin"),
        Column("equivalent_high", "share", "interval at 1 - 2 alpha that is compared with the margin"),
        Column("tost_p", "", "two one-sided tests; empty for the anchor"),
        Column("tost_p_holm", "", "corrected over the registered contrasts"),
        Column("equivalence", "", "equivalent within the margin, or inconclusive"),
        Column("verdict", "", "significant difference, equivalent within the margin, or inconclusive"),
        Column("words", "", "the same as a sentence"),
    ),
    "components": (
        Column("source", "", "the system compared with the human source"),
        *(
            Column(f"{part}{scale}", unit, meaning)
            for scale, unit in (("", "share"), ("_log_odds", "logits"))
            for part, meaning in (
                ("listener", "standard deviation between listeners"),
                ("slope", "standard deviation between listeners in the difference of the two sources"),
                ("clip", "standard deviation between clips of a source"),
            )
        ),
    ),
}


def columns(table: str) -> list[str]:
    """The columns of an exported table, in order.

    >>> columns("exclusions")
    ['reason', 'registered', 'listeners', 'answers']
    """
    return [column.name for column in CODEBOOK[table]]


def codebook() -> pd.DataFrame:
    """One row per column of every table: table, name, unit, meaning.

    >>> codebook().query("name == 'p_human'")["table"].tolist()
    ['clips', 'tally', 'contrasts']
    """
    rows = [
        {"table": table, "name": column.name, "unit": column.unit, "meaning": column.meaning}
        for table, listed in CODEBOOK.items()
        for column in listed
    ]
    return pd.DataFrame(rows)
