"""The dashboard's password is kept as a hash and is slow to guess."""

import stat
from pathlib import Path

import pytest

from clstm.runtime.errors import UserError
from listening_study.researchers import passwords
from listening_study.researchers.passwords import DELAY, LOCKED, TRIES, LockedError, PasswordGate

PASSWORD = "correct horse 音楽"


@pytest.fixture(scope="module")
def kept() -> str:
    return passwords.hashed(PASSWORD)


def test_only_the_password_matches_its_hash(kept: str) -> None:
    assert passwords.matches(PASSWORD, kept)
    for wrong in ("", PASSWORD.upper(), PASSWORD + " ", "\ud800"):
        assert not passwords.matches(wrong, kept)


def test_two_hashes_of_one_password_differ_and_hold_it_nowhere(kept: str) -> None:
    assert passwords.hashed(PASSWORD) != kept
    assert "correct" not in kept


def test_the_hash_is_for_its_owners_eyes_and_may_be_set_again(tmp_path: Path, kept: str) -> None:
    path = tmp_path / "dashboard.json"
    assert passwords.read_hash(path) is None
    for _ in range(2):
        passwords.write_hash(path, kept)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    again = passwords.read_hash(path)
    assert again
    assert passwords.matches(PASSWORD, again)


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"scrypt": "00", "salt": "zz", "n": 2, "r": 8, "p": 1}'])
def test_a_damaged_hash_is_one_line(tmp_path: Path, content: str) -> None:
    (tmp_path / "dashboard.json").write_text(content)
    with pytest.raises(UserError, match="clstm study password"):
        passwords.read_hash(tmp_path / "dashboard.json")


def test_a_short_password_is_refused() -> None:
    with pytest.raises(UserError, match="7 characters is too short"):
        passwords.hashed("seven77")


def test_wrong_passwords_cost_time_and_many_lock_the_door(kept: str) -> None:
    now, waits = [1000.0], []
    door = PasswordGate(kept, lambda: now[0], waits.append)
    for _ in range(TRIES - 1):
        assert not door.admits("wrong")
    assert door.admits(PASSWORD)
    for _ in range(TRIES):
        assert not door.admits("wrong")
    assert waits == [DELAY] * (2 * TRIES - 1)
    for left in (LOCKED, 1.0):
        now[0] = 1000.0 + LOCKED - left
        with pytest.raises(LockedError, match=f"locked for {left:.0f} s"):
            door.admits(PASSWORD)
    now[0] = 1000.0 + LOCKED
    assert door.admits(PASSWORD)
