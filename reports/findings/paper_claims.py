"""The claims of Huang, Huang & Cai (2018, sections 4.1 to 4.5): the evidence each has there, and what is measured here.

A claim *holds* where the difference it names is significant and in its direction, *does not hold* where the difference
is significant and in the other direction, and otherwise *inconclusive*. Significant means two things at once: a test of
that direction, corrected by Holm over all claims tested (prediction included), gives p < 0.05, and the 95 % interval
excludes 0. Where the paper gives a size, a one-sided test says whether an advantage so large is ruled out.

Each is tested again without the controls (human music as it was played, instead of on the models' grid), with other
sounds, and with the same models decoded in other ways: a claim with another verdict there depends on the control, the
sound or the decoding. `reports.findings.claim_tests` has the tests.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from reports.content.report import ModelRole, SystemContent

PARTS: tuple[ModelRole, ...] = ("rnn", "lstm", "c-lstm")


@dataclass(frozen=True)
class Claim:
    """One claim about the sound or the notes: `one` has more, or less, of a metric than `other`; without `other`, its
    mean lies above, or below, `null`."""

    text: str
    paper: str
    metric: str
    one: ModelRole
    other: ModelRole | None
    more: bool
    null: float = 0.0


CLAIMS = (
    Claim(
        "The LSTM’s volume has fewer ups and downs than human music",
        "Figure 3: one song; “almost no ups and downs”",
        "level_spread",
        "lstm",
        "human",
        more=False,
    ),
    Claim(
        "The LSTM’s volume stays near its maximum",
        "Figure 3: one song; “always at a large value”",
        "time_near_maximum",
        "lstm",
        "human",
        more=True,
    ),
    Claim(
        "The C-LSTM’s volume has more ups and downs than the LSTM’s",
        "Figure 3: one song each; “some ups and downs”",
        "level_spread",
        "c-lstm",
        "lstm",
        more=True,
    ),
    Claim(
        "The C-LSTM’s ups and downs are slower than human ones",
        "Figure 3: one song; “not as fast”",
        "fluctuation_rate",
        "c-lstm",
        "human",
        more=False,
    ),
    Claim(
        "The LSTM has less of its energy below 1 kHz than human music",
        "Figure 4: one song; below 1.3 kHz, “dispersed”",
        "energy_below_1000_hz",
        "lstm",
        "human",
        more=False,
    ),
    Claim(
        "The C-LSTM’s energy is more concentrated below 1 kHz than the LSTM’s",
        "Figure 4: one song each; 1.2 kHz against 1.3 kHz",
        "energy_below_1000_hz",
        "c-lstm",
        "lstm",
        more=True,
    ),
    Claim(
        "The C-LSTM has less energy above 1.3 kHz than the LSTM",
        "Figure 4: one song each; highs “slightly smaller”",
        "energy_below_1300_hz",
        "c-lstm",
        "lstm",
        more=True,
    ),
    Claim(
        "Human music changes mainly in the highs",
        "Figure 5: one song, by eye",
        "changes_in_highs",
        "human",
        None,
        more=True,
        null=0.5,
    ),
    Claim(
        "The C-LSTM’s music changes mainly in the highs",
        "Figure 5: one song, by eye",
        "changes_in_highs",
        "c-lstm",
        None,
        more=True,
        null=0.5,
    ),
    Claim(
        "The LSTM’s spectrum hardly changes with time, compared with human music",
        "Figure 5: one song; “hardly changes”",
        "spectral_change",
        "lstm",
        "human",
        more=False,
    ),
    Claim(
        "The C-LSTM’s spectrum changes more than the LSTM’s",
        "Figure 5: one song each, by eye",
        "spectral_change",
        "c-lstm",
        "lstm",
        more=True,
    ),
    Claim(
        "The LSTM repeats more than human music",
        "Interviews: “more repetitions and loops”",
        "longest_repeat_share",
        "lstm",
        "human",
        more=True,
    ),
    Claim(
        "The C-LSTM repeats less than the LSTM",
        "Interviews: “will not repeat the same melody exactly”",
        "longest_repeat_share",
        "c-lstm",
        "lstm",
        more=False,
    ),
)


def parts_of(systems: Sequence[SystemContent]) -> dict[ModelRole, str]:
    """Which system has which of the paper's parts: the first whose music a model of that kind made, as its weights or
    its `generated.json` show (`reports.inputs.models`). The name of a system gives it no part.

    >>> of = {"role": "system", "colour": "", "shown": "", "median_seconds": 9.0, "inputs": ()}
    >>> parts_of([SystemContent(name=name, model="lstm", **of) for name in ("first", "second")])
    {'lstm': 'first'}
    """
    found: dict[ModelRole, str] = {}
    for system in systems:
        for part in PARTS:
            if system.role == "system" and system.model == part:
                found.setdefault(part, system.name)
    return found
