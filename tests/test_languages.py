"""Every language says everything, and the researcher's wording takes its place only where it is whole."""

import re
from pathlib import Path
from typing import get_args

import pytest

from clstm.runtime.errors import UnreadableFileError
from listening_study.protocol import languages
from listening_study.protocol.languages.codes import Language

ALL = get_args(Language)
HAN = re.compile(r"[\u4e00-\u9fff]")


@pytest.mark.parametrize("language", ALL)
def test_every_language_has_every_text_and_none_is_empty(language: str) -> None:
    for name, text in languages.every_text(language).items():
        said = text if isinstance(text, list) else [text]
        assert said, name
        assert all(part.strip() for part in said), name


@pytest.mark.parametrize("language", ALL)
def test_every_language_fills_in_the_same_and_offers_as_many_options(language: str) -> None:
    original, texts = languages.every_text("en"), languages.every_text(language)
    for name, text in texts.items():
        if isinstance(text, list):
            assert len(text) == len(original[name]), name
        else:
            assert languages.placeholders(text) == languages.placeholders(original[name]), name


def test_translations_are_translated() -> None:
    texts = {language: languages.every_text(language) for language in ALL}
    assert all(HAN.search(str(text)) for text in texts["zh"].values())
    same = {"language", "trial_computer", "practice_computer"}  # names, and a word that German took over
    for language in ("de", "es"):
        assert [name for name, text in texts[language].items() if text == texts["en"][name] and name not in same] == []


@pytest.mark.parametrize("language", ALL)
def test_only_the_original_is_validated_until_somebody_reviews_the_others(language: str, tmp_path: Path) -> None:
    assert languages.read(language, tmp_path / "none.toml").validated == (language == "en")
    reviewed = tmp_path / "reviewed.toml"
    reviewed.write_text('reviewed = "A. Reviewer, 2026"\ntrial_next = "!"\n', encoding="utf-8")
    wording = languages.read(language, reviewed)
    assert wording.validated
    assert wording.texts.trial_next == "!"
    assert wording.texts.trial_question == languages.load(language).trial_question


def test_wording_without_a_reviewer_stays_unvalidated(tmp_path: Path) -> None:
    path = tmp_path / "de.toml"
    path.write_text('trial_next = "!"\n', encoding="utf-8")
    assert not languages.read("de", path).validated


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("trial_next = ", "not a readable TOML"),
        ('trial_nxt = "x"', "'trial_nxt' is not a text"),
        ('trial_next = " "', "trial_next is empty"),
        ('trial_progress = "Clip {number}"', "must fill in {count}, {number}"),
        ('trial_progress = "Clip {number} of {count"', "brace out of place"),
        ('trial_progress = "Clip {number} of {count} {}"', "must fill in {count}, {number}"),
        ('trial_progress = "Clip {number:x.} of {count}"', "must fill in {count}, {number}"),
        ('welcome_intro = "Hello {}"', "must fill in nothing"),
        ('trial_confidence_options = ["a", "b"]', "needs 4 options"),
    ],
)
def test_wording_that_would_break_the_page_is_refused(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "en.toml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(UnreadableFileError, match=re.escape(message)):
        languages.read("en", path)


def test_the_browsers_best_language_that_is_offered_is_chosen() -> None:
    assert languages.choose(["fr-CA", "de-AT", "en"], ["en", "de"]) == "de"
    assert languages.choose(["zh-Hans-CN"], ["en", "zh"]) == "zh"
    assert languages.choose(["fr"], ["es", "en"]) == "es"
    assert languages.choose([], ["en", "de"]) == "en"
