"""The list of questions about a clip is the one place that the page, the store and the tables follow."""

from dataclasses import fields
from typing import get_args

import pytest

from listening_study.analysis.codebook import columns
from listening_study.protocol import languages
from listening_study.protocol.configuration import Design
from listening_study.protocol.languages.codes import Language
from listening_study.protocol.questions import FORMS, NUMBERED, RATINGS, Question, ReplyKind, Response
from listening_study.store.schema import answers


def test_every_question_has_a_form_a_field_a_column_and_a_line_in_the_codebook() -> None:
    names = [str(question) for question in Question]
    assert list(FORMS) == list(Question)
    assert [field.name for field in fields(Response)] == ["answer", *names]
    assert [column.name for column in answers.columns if column.name in names] == names
    assert [name for name in columns("answers") if name in names] == names
    assert Design().questions == tuple(Question)


@pytest.mark.parametrize("language", get_args(Language))
def test_every_question_has_its_texts_in_every_language(language: str) -> None:
    for question, texts in languages.load(language).questions.items():
        form = FORMS[question]
        assert texts.label
        assert len(texts.options) == (form.highest if form.kind is ReplyKind.OPTIONS else 0)
        assert bool(texts.low and texts.high) == (form.kind is ReplyKind.SCALE)


def test_a_language_without_the_texts_of_a_question_is_not_loaded() -> None:
    texts = dict(languages.every_text("en"))
    del texts["trial_repetitiveness_low"]
    with pytest.raises(KeyError, match="trial_repetitiveness_low"):
        languages._texts(texts)


def test_only_questions_answered_by_a_number_have_a_highest_one() -> None:
    assert set(NUMBERED) == {*RATINGS, Question.CONFIDENCE}
    assert all(FORMS[question].highest > 1 for question in NUMBERED)
