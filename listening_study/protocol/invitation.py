"""What a study says before anybody takes part, in Markdown: what it is, and what participants agree to."""

from collections.abc import Mapping

from listening_study.protocol import languages
from listening_study.protocol.languages import Texts, Wording
from listening_study.protocol.study import Study

SECONDS_TO_THINK = 8  # per clip, for the estimate of how long it takes


def wordings(study: Study) -> Mapping[str, Wording]:
    """The languages of a study by their codes, the one that is offered first."""
    return {code: languages.read(code, study.words_path(code)) for code in study.words.languages}


def introduction(study: Study, texts: Texts) -> str:
    """What the study is."""
    trials = study.size.trials
    parts = [texts.welcome_intro, texts.welcome_task, texts.welcome_duration]
    if study.catch:
        parts.insert(2, texts.welcome_catch)
    return "\n\n".join(parts).format(
        count=trials,
        seconds=f"{study.seconds:g}",
        minutes=max(2, round(trials * (study.seconds + SECONDS_TO_THINK) / 60)),
    )


def conditions(study: Study, texts: Texts) -> list[str]:
    """What participants agree to, point by point."""
    consent, access = study.consent, study.access
    points = [texts.consent_voluntary, texts.consent_stored]
    if access.crowd_parameters:
        points.append(texts.consent_crowd.format(parameters=", ".join(access.crowd_parameters)))
    points.append(texts.consent_place)
    return points + [
        getattr(texts, f"consent_{name}").format(**{name: value})
        for name in ("institution", "contact", "ethics", "retention", "paid")
        if (value := getattr(consent, name))
    ]
