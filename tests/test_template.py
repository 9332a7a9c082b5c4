"""`study.toml`: every key has its comment and its default, and every mistake is one line."""

import re
import tomllib
from pathlib import Path

import pytest

from clstm.runtime.errors import UserError
from listening_study.protocol.configuration import Configuration
from listening_study.protocol.tasks import Task
from listening_study.protocol.template import read_configuration, template, validated

KEY = re.compile(r"^(?:# )?([a-z_]+) =")


def test_the_template_is_the_defaults() -> None:
    assert Configuration.model_validate(tomllib.loads(template())) == Configuration()


def test_every_key_has_its_comment() -> None:
    lines = template().splitlines()
    found = [number for number, line in enumerate(lines) if KEY.match(line)]
    assert len(found) > 40
    for number in found:
        assert lines[number - 1].startswith("# ")
        assert not KEY.match(lines[number - 1])
        assert "None" not in lines[number - 1]


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "study.toml"
    path.write_text('title = "Mine"\n[clips]\ncount = 3\n[registration.exclusions]\nknown = false\n', encoding="utf-8")
    configuration = read_configuration(path)
    assert (configuration.title, configuration.clips.count) == ("Mine", 3)
    assert not configuration.registration.exclusions.known
    assert configuration.clips.seconds == 10


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("title = ", "is not a TOML file"),
        ("titel = 'x'", "titel is not a key; `clstm study config` shows them all"),
        ("[clips]\ncount = 0", "clips.count is 0; it should be greater than or equal to 1"),
        ("[clips]\ncount = 'many'", "clips.count is 'many'; it should be a valid integer"),
        ("[clips]\nloudness = 'loud'", "clips.loudness is 'loud'; it should be 'matched' or 'as-rendered'"),
        ("[registration]\nmargin = 2\nalpha = 3", "and 1 more faults"),
        ("[access]\ncompletion_url = 'http://x'", "access.completion_url is 'http://x'"),
        ("human = '=1+1'", "human is '=1+1'"),
        ("[design]\nquestions = ['mood']", "design.questions.0 is 'mood'"),
    ],
)
def test_a_mistake_is_one_line_with_the_key_what_was_given_and_what_is_accepted(
    tmp_path: Path, content: str, message: str
) -> None:
    path = tmp_path / "study.toml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(UserError) as raised:
        read_configuration(path)
    assert message in str(raised.value)
    assert str(path) in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be read"):
        read_configuration(tmp_path / "none.toml")


def test_the_block_of_tasks_in_the_template_is_one_of_human_or_computer_once_its_signs_are_removed() -> None:
    before, _, block = template().partition("# [[tasks]]\n")
    lines = ["[[tasks]]", *(line.removeprefix("# ") for line in block.splitlines())]
    assert validated(tomllib.loads(before + "\n".join(lines)), "study.toml").tasks == (Task(),)
    assert validated(tomllib.loads(template()), "study.toml").tasks == ()
    for key in Task.model_fields:
        assert f"{key} =" in block
