"""The audit of a study with other tasks: clean as it is made, and not clean where a screen gives a source away."""

from pathlib import Path

import pytest
from prompted_sources import study_of

from listening_study.blinding.audit import BlindingAudit, examine, judge
from listening_study.protocol import items as screens
from listening_study.protocol.key import open_key
from listening_study.protocol.order import open_order
from listening_study.protocol.study import Study

CONTINUATION = {"kind": "continuation", "set": "musicality"}
TASKS = [{"kind": "source"}, {"kind": "rating", "set": "mos"}, {"kind": "preference"}, CONTINUATION, {"kind": "mushra"}]


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    return study_of(
        tmp_path_factory.mktemp("audited"), TASKS, clips={"count": 4, "seconds": 1.0, "after": 0.0, "prompt": 1.5}
    )


def audited(study: Study) -> BlindingAudit:
    return judge(study, open_key(study), open_order(study), examine(study))


def test_a_study_of_every_task_is_clean_as_it_is_made(study: Study) -> None:
    audit = audited(study)
    assert audit.leaks == []
    checks = {finding.check for finding in audit.findings}
    assert {"order heard", "block 2 heard", "block 3 heard", "block 4 heard"} <= checks
    assert "block 5 heard" not in checks  # listeners of MUSHRA are told which clips are the reference


def test_a_source_that_is_always_at_one_place_of_the_screen_is_found(
    study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(screens, "on_screen", lambda _secret, _slot, _size, clips: clips)
    (leak, *_) = audited(study).leaks
    assert leak.check == "block 4 heard"
    assert leak.detail == "most by place on the screen"


def test_a_clip_that_only_a_task_needs_is_checked_as_all_others_are(study: Study, tmp_path: Path) -> None:
    other = study.clip_path(study.others[0])
    content = other.read_bytes()
    try:
        other.write_bytes(content + bytes(10))
        leaks = {finding.check for finding in audited(study).leaks}
    finally:
        other.write_bytes(content)
    assert {"bytes", "file times"} <= leaks
