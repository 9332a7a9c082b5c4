"""Does anything but the music reveal a clip's source? Run by the researcher before the study opens.

Four kinds of checks. What must be equal in every clip is compared exactly: bytes, samples, blocks of the container,
file times. Incidental differences (`features`) are given to classifiers, and a permutation test says whether they
predict the source (`prediction`). The study's server is started on a copy of the study, and simulated participants
record everything it sends (`crawl`, `traffic`). An attacker who knows the code, everything that is published and one
participant's traffic tries to assign each clip to its source (`attack`). Features of the music itself are reported
only: they may differ, and listeners are asked to hear that.

The audit opens the sealed key and sees no answer, so the study stays sealed.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum

import numpy as np
import pandas as pd

from clstm.runtime.progress import Progress, silent
from listening_study.blinding import names
from listening_study.blinding.attack import LEVEL, AttackResult, ReceivedTrial, attack
from listening_study.blinding.features import (
    Feature,
    FeatureKind,
    Sound,
    in_one_role,
    listen,
    of_design,
    of_files,
    of_screens,
    of_sounds,
)
from listening_study.blinding.files import ClipFile, faults, read_clip
from listening_study.blinding.prediction import ALPHA, Prediction, predict, smallest_p
from listening_study.blinding.traffic import ServerTraffic
from listening_study.protocol.configuration import Loudness
from listening_study.protocol.key import PROMPT, Key
from listening_study.protocol.order import COMPUTABLE, Order
from listening_study.protocol.private_files import is_open_to_others
from listening_study.protocol.study import Study

EXACT, ATTACK = "exact", "attack"
TOGETHER = "all of these together"


class BlindingVerdict(StrEnum):
    CLEAN = "clean"
    LEAK = "LEAK"
    REPORTED = "reported"


COLUMNS = ("check", "kind")  # the first of the table of findings


@dataclass(frozen=True)
class BlindingFinding:
    """One line of the audit.

    kind : "exact", "attack", or what a feature is
    accuracy, auc, p, corrected : as in `prediction.Prediction`; None for exact checks, or where all clips are alike.
        For an attack only accuracy and p: its groups get the sources that fit best, and so do those of guessing
    detail : what was found
    """

    check: str
    kind: str
    verdict: BlindingVerdict
    detail: str = ""
    accuracy: float | None = None
    auc: float | None = None
    p: float | None = None
    corrected: float | None = None


@dataclass(frozen=True)
class BlindingAudit:
    """Everything that was found.

    chance : of naming a source by guessing
    smallest_p : the smallest that so many clips can reach, after correction; above 0.05 only the exact checks can fail
    """

    findings: list[BlindingFinding]
    clips: int
    sources: int
    smallest_p: float

    @property
    def leaks(self) -> list[BlindingFinding]:
        return [finding for finding in self.findings if finding.verdict is BlindingVerdict.LEAK]

    @property
    def chance(self) -> float:
        return 1 / self.sources

    @property
    def too_few(self) -> bool:
        return self.smallest_p > ALPHA

    def table(self) -> pd.DataFrame:
        """One row per finding.

        >>> clean = BlindingFinding("bytes", EXACT, BlindingVerdict.CLEAN, "alike")
        >>> BlindingAudit([clean], clips=20, sources=2, smallest_p=1e-5).table()[["check", "detail"]]
           check detail
        0  bytes  alike
        """
        return pd.DataFrame([asdict(finding) for finding in self.findings])


@dataclass(frozen=True)
class BlindingEvidence:
    """What was read and measured of a study's clips."""

    files: list[ClipFile]  # main clips, then catch and practice, and those that tasks need besides
    sounds: list[Sound]  # of the main clips


def examine(study: Study, progress: Progress = silent) -> BlindingEvidence:
    """Read every clip's file and measure the main ones. `progress` counts these."""
    others = [*study.catch, *study.practice, *study.others]
    files = [read_clip(study.clip_path(clip)) for clip in (*study.clips, *others)]
    sounds = []
    for number, clip in enumerate(study.clips, 1):
        sounds.append(listen(study.clip_path(clip)))
        progress("Clips", number, len(study.clips))
    return BlindingEvidence(files, sounds)


def judge(
    study: Study,
    key: Key,
    order: Order,
    evidence: BlindingEvidence,
    traffic: ServerTraffic | None = None,
    *,
    seed: int = 0,
) -> BlindingAudit:
    """Compare what was found with the key and the secret order."""
    words = names.revealing(study, key)
    checks = {
        **_file_faults(evidence.files, key),
        "file names": names.in_file_names(study, words),
        "study.json names": names.in_study_file(study, words),
        "study.json order": names.order(study, order),
        "private files": _readable(study),
    }
    main = evidence.files[: len(study.clips)]
    features = [
        *of_files(main),
        *of_sounds(evidence.sounds, Loudness(study.sound["loudness"])),
        *([of_design(study, order)] if study.asks_source else []),
        *of_screens(study, order),
    ]
    if traffic:
        checks |= traffic.faults(words, [*study.clips, *study.catch, *study.practice, *study.others])
        features += traffic.features(study.clips) if study.asks_source else []
        features += traffic.features_of_screens(study.clips, in_one_role(study, order))
    sources = sorted(key.sources)
    labels = np.array([sources.index(key.clips[clip].source) for clip in study.clips])
    predicted, tested = _predictions(features, labels, sources.index(key.human), seed)
    exact = [
        BlindingFinding(name, EXACT, BlindingVerdict.LEAK if fault else BlindingVerdict.CLEAN, fault or "alike")
        for name, fault in checks.items()
    ]
    attacked = _attacked(study, key, order, traffic)
    return BlindingAudit(
        [*exact, attacked, *predicted], len(labels), len(sources), min(1.0, smallest_p(labels) * tested)
    )


def _file_faults(files: Sequence[ClipFile], key: Key) -> dict[str, str]:
    """What must be alike in every clip; prompts have a length of their own, and are alike among themselves."""
    prompts = {name for name, origin in key.others.items() if origin.source == PROMPT}
    found = faults(files)
    if prompts:
        parts = ([file for file in files if (file.name in prompts) == yes] for yes in (False, True))
        found["samples"] = next(filter(None, (faults(part)["samples"] for part in parts)), "")
    return found


def _readable(study: Study) -> str:
    """Which private files others may read."""
    wide = [str(path.relative_to(study.folder)) for path in study.private_paths if is_open_to_others(path)]
    return f"others on this machine may read {', '.join(wide)}; close them with chmod go=" if wide else ""


def _attacked(study: Study, key: Key, order: Order, traffic: ServerTraffic | None) -> BlindingFinding:
    """What an attacker finds who was the first participant; without traffic they know the clips, not the messages."""
    sources = {clip: origin.source for clip, origin in key.clips.items()}
    if traffic and traffic.trials and traffic.trials[0]:
        found = attack(study, order, sources, traffic.trials[0], traffic.received_words)
    else:
        found = attack(study, order, sources, [ReceivedTrial(trial.clip) for trial in order.trials(study, 0)])
    leak = found.value is not None or found.p <= LEVEL
    return BlindingFinding(
        "one listener's traffic",
        ATTACK,
        BlindingVerdict.LEAK if leak else BlindingVerdict.CLEAN,
        _described(study, found),
        accuracy=found.found / found.clips,
        p=found.p,
    )


def _described(study: Study, found: AttackResult) -> str:
    share = f"{found.found} of {found.clips} clips assigned to their source; guessing assigns {found.chance:.1f}"
    if found.value is None:
        return share
    how = "" if study.has_secret_order else f"{COMPUTABLE} "
    return f"{how}From {found.value!r}, which is public: {share}"


def _predictions(
    features: Sequence[Feature], labels: np.ndarray, human: int, seed: int
) -> tuple[list[BlindingFinding], int]:
    """A finding for every feature, incidental ones first; and how many of these differ between clips at all."""
    incidental = [feature for feature in features if feature.kind is FeatureKind.INCIDENTAL]
    others = [feature for feature in features if feature.kind is not FeatureKind.INCIDENTAL]
    found = predict([feature.columns for feature in incidental], labels, human, seed)
    reported = predict([feature.columns for feature in others], labels, human, seed)[: len(others)]
    together = Feature(TOGETHER, FeatureKind.INCIDENTAL, np.zeros((len(labels), 0)))
    findings = [
        _finding(feature, prediction)
        for feature, prediction in zip([*incidental, together, *others], [*found, *reported], strict=True)
    ]
    return findings, sum(prediction.accuracy is not None for prediction in found)


def _finding(feature: Feature, prediction: Prediction) -> BlindingFinding:
    if prediction.accuracy is None:
        verdict = BlindingVerdict.CLEAN if feature.kind is FeatureKind.INCIDENTAL else BlindingVerdict.REPORTED
        return BlindingFinding(feature.name, feature.kind, verdict, "the same for all clips")
    telling = feature.names[prediction.column] if feature.names else ""
    if feature.kind is not FeatureKind.INCIDENTAL:
        return BlindingFinding(
            feature.name,
            feature.kind,
            BlindingVerdict.REPORTED,
            telling,
            prediction.accuracy,
            prediction.auc,
            prediction.p,
        )
    return BlindingFinding(
        feature.name,
        feature.kind,
        BlindingVerdict.LEAK if prediction.corrected <= ALPHA else BlindingVerdict.CLEAN,
        f"most by {telling}" if telling else "",
        prediction.accuracy,
        prediction.auc,
        prediction.p,
        prediction.corrected,
    )
