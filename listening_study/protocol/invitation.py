"""What a study says before anybody takes part, in Markdown: what it is, and what participants agree to."""

from collections.abc import Mapping

from listening_study.protocol import languages
from listening_study.protocol.languages import Texts, Wording
from listening_study.protocol.study import Study
from listening_study.protocol.tasks import Task, TaskKind

# For the estimate of how long it takes, s:
SECONDS_TO_THINK = 8  # per clip
SECONDS_PER_TONES = 12  # three tones of the headphone check, and to choose one
SECONDS_OF_VOLUME, SECONDS_OF_BACKGROUND, SECONDS_OF_INTERVIEW = 20, 40, 120


def wordings(study: Study) -> Mapping[str, Wording]:
    """The languages of a study by their codes, the one that is offered first."""
    return {code: languages.read(code, study.words_path(code)) for code in study.words.languages}


def estimated_minutes(study: Study) -> int:
    """About how long a participant takes, from consent to thanks, at least 2 min. Nobody measured it.

    >>> from pathlib import Path
    >>> study = Study(Path(), "A study", "", 0, 10.0, tuple(map(str, range(40))), 2, "", "", "", sound={})
    >>> estimated_minutes(study)  # 40 clips are 12, the questions before and after them 3
    15
    """
    design = study.design
    seconds = sum(_seconds(study, task) for task in study.blocks)
    seconds += len(study.practice) * (study.seconds + SECONDS_TO_THINK)
    seconds += len(study.headphones) * SECONDS_PER_TONES + SECONDS_OF_VOLUME
    seconds += SECONDS_OF_BACKGROUND * design.background + SECONDS_OF_INTERVIEW * design.interview
    return max(2, round(seconds / 60))


def _seconds(study: Study, task: Task) -> float:
    """To hear and judge one block; each clip of a screen is heard once, or in MUSHRA twice."""
    systems = study.sources
    match task.kind:
        case TaskKind.SOURCE:
            return study.size.trials * (study.seconds + SECONDS_TO_THINK)
        case TaskKind.PREFERENCE:
            heard = 2 * study.seconds
        case TaskKind.CONTINUATION:
            heard = study.prompt_seconds + min(task.together or systems, systems) * study.seconds
        case TaskKind.MUSHRA:
            heard = 2 * (systems + 1 + len(task.anchors)) * study.seconds
        case TaskKind.ABX:
            heard = 3 * study.seconds
        case _:
            heard = study.seconds
    rated = max(1, len(task.asked)) * (heard // study.seconds if len(task.asked) else 1)
    return ((task.each or 0) + task.repeats) * (heard + SECONDS_TO_THINK / 2 * (1 + rated))


def introduction(study: Study, texts: Texts) -> str:
    """What the study is."""
    parts = [
        texts.welcome_intro if study.asks_source else texts.welcome_tasks,
        texts.welcome_screens if study.tasks else texts.welcome_task,
        texts.welcome_duration,
    ]
    if study.catch:
        parts.insert(2, texts.welcome_catch)
    return "\n\n".join(parts).format(
        count=study.trials,
        seconds=f"{study.seconds:g}",
        minutes=estimated_minutes(study),
    )


def conditions(study: Study, texts: Texts) -> list[str]:
    """What participants agree to, point by point."""
    consent, access = study.consent, study.access
    points = [texts.consent_voluntary, texts.consent_stored]
    if access.crowd_parameters:
        points.append(texts.consent_crowd.format(parameters=", ".join(access.crowd_parameters)))
        if access.crowd_parameters_until:
            points[-1] += " " + texts.consent_crowd_until.format(date=access.crowd_parameters_until.isoformat())
    points.append(texts.consent_place)
    return points + [
        getattr(texts, f"consent_{name}").format(**{name: value})
        for name in ("institution", "contact", "ethics", "retention", "paid")
        if (value := getattr(consent, name))
    ]
