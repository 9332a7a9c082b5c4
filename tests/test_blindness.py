"""The order of clips is secret: proven by its hash, told by nothing that is published or sent, private on the disk."""

import asyncio
import json
import os
import re
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from app_server import AppServer, running
from click.testing import Result
from minimal_study import write_study
from scripted_listener import hear, newcomer, players
from typer.testing import CliRunner

import listening_study
from clstm.runtime.errors import MismatchError, UserError
from listening_study.blinding.attack import ReceivedTrial, attack, candidates, published, secret_among
from listening_study.blinding.crawl import crawl
from listening_study.cli.main import app
from listening_study.protocol.configuration import Design
from listening_study.protocol.key import open_key
from listening_study.protocol.order import COMPUTABLE, Order, doubts, new_secret, open_order
from listening_study.protocol.private_files import make_private
from listening_study.protocol.study import Study, read_study
from listening_study.researchers.monitoring import exports
from listening_study.results.export import write_results
from listening_study.results.results import OF_PERSONS, read_results
from listening_study.simulation.rehearsal import simulate
from listening_study.store import Agreement, Store
from listening_study.store.connection import migrate
from listening_study.store.database import begin_serving, open_answers, refuse_another
from listening_study.streamlit_internals.page_client import Session

APP = Path(listening_study.__file__).with_name("participants") / "app.py"
QUIET = Design(practice=2, catch=1, repeats=1, break_every=0, background=False, interview=False)


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["study", *(str(argument) for argument in arguments)])


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def sources(study: Study) -> dict[str, str]:
    return {clip: origin.source for clip, origin in open_key(study).clips.items()}


# --- the secret ---


def test_whoever_holds_the_secret_can_prove_it_and_compute_every_order(tiny_study: Study) -> None:
    data = tiny_study.order_path.read_bytes()
    content = json.loads(data)
    assert sha256(data).hexdigest() == tiny_study.order_sha256
    assert len(bytes.fromhex(content["secret"])) >= 16
    assert len(bytes.fromhex(content["salt"])) >= 16
    heard = Order(content["secret"], tuple(map(tuple, content["strata"])))
    assert heard.trials(tiny_study, 5) == open_order(tiny_study).trials(tiny_study, 5)


def test_two_studies_from_the_same_configuration_have_different_orders(tmp_path: Path) -> None:
    one = write_study(tmp_path / "one", each=5, seconds=0.5)
    order = open_order(one)
    other = Order(new_secret(), order.strata, order.practice)
    assert [order.trials(one, slot) for slot in range(5)] != [other.trials(one, slot) for slot in range(5)]
    assert order.seal(tmp_path / "a") != order.seal(tmp_path / "b")  # salted


def test_nothing_published_holds_the_secret_the_groups_or_the_truth_about_practice(tmp_path: Path) -> None:
    study = write_study(tmp_path / "study", each=5, seconds=0.5, design=QUIET)
    order = open_order(study)
    text = (study.folder / "study.json").read_text() + study.registration_path.read_text()
    assert order.secret not in text
    content = json.loads((study.folder / "study.json").read_text())
    lists = [set(map(str, value)) for value in content.values() if isinstance(value, list)]
    for stratum in order.strata:
        assert [one for one in lists if one & set(stratum)] == [set(study.clips)]  # all of them, and no part
    assert content["practice"] == sorted(clip for clip, _ in order.practice)
    assert order.secret not in repr(order)


def test_no_export_of_an_open_study_holds_the_secret(tiny_study: Study) -> None:
    secret = open_order(tiny_study).secret
    with closing(Store(tiny_study.answers_path)) as store:
        newcomer(tiny_study, tiny_study.answers_path)
        tables = {name: made() for name, made in exports(tiny_study, store).items()}
        assert tables
        assert not [name for name, text in tables.items() if secret in text]
        assert secret not in str(store.journal())


def gone(study: Study) -> None:
    study.order_path.unlink()


def other(study: Study) -> None:
    order = open_order(study)
    Order(new_secret(), order.strata, order.practice).seal(study.order_path)


def unreadable(study: Study) -> None:
    study.order_path.unlink()
    study.order_path.mkdir()


@pytest.mark.parametrize(
    ("harm", "error", "why"),
    [
        (gone, UserError, "cannot be read.*restore it from a copy"),
        (unreadable, UserError, "cannot be read.*restore it from a copy"),
        (other, MismatchError, "is not the order this study was made with.*restore the original"),
    ],
)
@pytest.mark.parametrize("verb", ["serve", "audit", "simulate"])
def test_without_its_secret_no_study_is_served_audited_or_rehearsed_and_one_line_says_so(
    tiny_study: Study, tmp_path: Path, harm: Callable[[Study], None], error: type[UserError], why: str, verb: str
) -> None:
    harm(tiny_study)
    more = {"simulate": ("--out", tmp_path / "copy"), "serve": ("--headless",)}.get(verb, ())
    ran = run(verb, tiny_study.folder, *more)
    assert isinstance(ran.exception, error)
    assert re.search(why, str(ran.exception))
    assert "\n" not in str(ran.exception)


@pytest.mark.parametrize("harm", [gone, other])
def test_a_closed_study_is_concluded_without_its_secret_and_says_so(
    tiny_study: Study, harm: Callable[[Study], None]
) -> None:
    harm(tiny_study)
    for verb in ("status", "close", "results"):
        ran = run(verb, tiny_study.folder)
        assert ran.exit_code == 0, ran.output
    assert "It cannot be shown that listeners heard the clips in the order planned" in " ".join(ran.output.split())
    assert COMPUTABLE not in ran.output


def test_a_study_with_its_secret_has_no_doubts_about_its_order(tiny_study: Study) -> None:
    assert doubts(tiny_study) == []


def test_a_second_server_with_another_secret_is_refused(tiny_study: Study, tmp_path: Path) -> None:
    """As with one database and two folders, each made from the same configuration."""
    shutil.copytree(tiny_study.folder, tmp_path / "replica")
    replica = read_study(tmp_path / "replica")
    order = open_order(replica)
    strange = replica.amend(order_sha256=Order(new_secret(), order.strata).seal(replica.order_path))
    with open_answers(tiny_study) as store:
        begin_serving(tiny_study, store)
        begin_serving(replica, store)  # the same study at another place
        for check in (begin_serving, refuse_another):
            with pytest.raises(MismatchError, match="the answers belong to a study with the order"):
                check(strange, store)


# --- what an attacker finds ---


@pytest.fixture(autouse=True)
def few_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of orders at random: the least p is .001, and nothing here asks for less."""
    monkeypatch.setattr(sys.modules[attack.__module__], "DRAWS", 999)


def heard(study: Study, slot: int = 0) -> list[ReceivedTrial]:
    return [ReceivedTrial(trial.clip) for trial in open_order(study).trials(study, slot)]


def rate(studies: int, found: int, clips: int, chance: float) -> str:
    return f"{studies} studies: {found} of {clips} clips assigned to their source, {chance:.1f} by guessing"


def at_chance(found: list[tuple[int, int, float]]) -> None:
    """Found, clips, and found by guessing, of each study: together within 3 standard errors of guessing."""
    hits, clips, chance = (sum(part) for part in zip(*found, strict=True))
    print(rate(len(found), int(hits), int(clips), chance))
    spread = 1.9 * len(found) ** 0.5  # the best of two namings of 20 clips: standard deviation 1.8 clips a study
    assert abs(hits - chance) < 3 * spread


def test_an_attacker_is_at_chance_over_20_new_studies(tmp_path: Path) -> None:
    found = []
    for number in range(20):
        study = write_study(tmp_path / f"{number}", each=10, seconds=0.05, design=QUIET)
        success = attack(study, open_order(study), sources(study), heard(study))
        assert success.value is None
        found.append((success.found, success.clips, success.chance))
    at_chance(found)


def test_an_attacker_finds_every_source_where_the_secret_is_a_published_value(tmp_path: Path) -> None:
    study = write_study(tmp_path / "study", each=10, seconds=0.05, design=QUIET)
    order = open_order(study)
    for value in (str(study.seed), study.key_sha256, study.created, "77"):
        order_sha256 = Order(value, order.strata, order.practice).seal(study.order_path)
        weak = study.amend(order_sha256=order_sha256)
        success = attack(weak, open_order(weak), sources(study), heard(weak))
        assert (success.value, success.found) == (value, 20)


def test_an_attacker_finds_every_source_where_the_page_is_sent_the_secret(tmp_path: Path) -> None:
    study = write_study(tmp_path / "study", each=10, seconds=0.05, design=QUIET)
    order = open_order(study)
    success = attack(study, order, sources(study), heard(study), {"x", order.secret})
    assert (success.value, success.found) == (order.secret, 20)


def test_an_attacker_finds_every_source_where_names_are_sent_and_their_groups_published(tmp_path: Path) -> None:
    study = write_study(tmp_path / "study", each=10, seconds=0.05, design=QUIET)
    order = open_order(study)
    told = [ReceivedTrial(shown.clip, frozenset({shown.clip, "of"})) for shown in heard(study)]
    assert attack(study, order, sources(study), told).p > 0.005  # names alone tell nothing
    content = json.loads(study.path.read_text())
    study.path.write_text(json.dumps(content | {"strata": order.strata}))
    assert attack(study, order, sources(study), told).found == 20


def test_no_value_leads_to_the_orders_of_the_smallest_study_by_chance(tmp_path: Path) -> None:
    study = write_study(tmp_path / "study", each=1, seconds=0.05, design=Design(practice=0))
    assert secret_among(candidates(published(study)), study, open_order(study)) is None


def walked(study: Study) -> tuple[int, int, float]:
    seen = crawl(study)
    assert seen.faults([], [*study.clips, *study.catch, *study.practice]) == dict.fromkeys(seen.faults([]), "")
    assert [shown.clip for shown in seen.trials[0]] == [shown.clip for shown in heard(study)]
    assert {"practice", "trial"} <= seen.received_words  # what is searched can be read
    success = attack(study, open_order(study), sources(study), seen.trials[0], seen.received_words)
    assert success.value is None
    return success.found, success.clips, success.chance


def test_the_traffic_of_the_real_server_leads_to_no_source(tmp_path: Path) -> None:
    study = write_study(tmp_path / "study", each=4, seconds=0.05, design=QUIET)
    found, clips, _ = walked(study)
    assert clips == 8
    assert found < 8 or attack(study, open_order(study), sources(study), heard(study)).p > 0.005


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_the_traffic_of_20_real_servers_leads_to_no_more_sources_than_guessing(tmp_path: Path) -> None:
    studies = [write_study(tmp_path / f"{number}", each=10, seconds=0.05, design=QUIET) for number in range(20)]
    at_chance([walked(study) for study in studies])


def test_the_page_is_sent_the_same_for_a_clip_at_one_place_whichever_it_is(tmp_path: Path) -> None:
    study = write_study(tmp_path / "study", each=4, seconds=0.05, design=Design(practice=1, headphone_check=False))
    migrate(study.answers_path)

    async def first_trial(url: str) -> tuple[dict[str, object], bytes]:
        async with await Session.connect(url, newcomer(study, study.answers_path)) as page:
            (player,) = players(page)
            (sound,) = await hear(page)
            sounds = [{**one, "url": ""} for one in player.data["sounds"]]
            maker, *others = player.data["items"]  # on which side is what, is the listener's
            maker |= {side: sorted(maker[side]) for side in ("options", "keys")}
            ahead = [""] * len(player.data["next"])
            return {**player.data, "sounds": sounds, "next": ahead, "items": [maker, *others], "id": player.id}, sound

    with running(AppServer(APP, [str(study.folder)], log=tmp_path / "log")) as server:
        sent = [asyncio.run(first_trial(server.url)) for _ in range(4)]
    assert len({sound for _, sound in sent}) > 1
    assert all(data == sent[0][0] for data, _ in sent)


# --- on the disk ---


@pytest.fixture
def wide_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.fixture
def narrowed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every file that was made wide and narrowed later: others could have opened it in between."""
    found: list[str] = []
    change = os.chmod

    def noting(path: str, mode: int, **more: bool) -> None:
        if os.stat(path).st_mode & 0o077 and not mode & 0o077:  # noqa: PTH116 as given
            found.append(str(path))
        change(path, mode, **more)

    monkeypatch.setattr(os, "chmod", noting)
    return found


def test_what_is_private_is_nobody_elses_from_the_first_byte_on(
    tiny_sources: dict[str, list[Path]], tmp_path: Path, wide_umask: None, narrowed: list[str]
) -> None:
    out = tmp_path / "study"
    named = [f"{name}={path}" for name, paths in tiny_sources.items() for path in paths]
    cut = ("--human", "zebrafinch", "--clips", "1", "--seconds", "1", "--after", "0")
    assert run("create", *named, *cut, "--out", out).exit_code == 0
    study = read_study(out)
    password = CliRunner().invoke(app, ["study", "password", str(out), "--stdin"], input="correct horse\n")
    assert password.exit_code == 0, password.output
    with closing(Store(study.answers_path)) as store:
        store.admit(Agreement("c" * 64), reissue_after=timedelta(hours=1))
        beside = [study.answers_path.with_name(f"answers.sqlite{end}") for end in ("-wal", "-shm")]
        assert {mode(path) for path in beside} == {0o600}
        assert run("backup", out, "--out", tmp_path / "copy.sqlite").exit_code == 0
        store.close_study()
        results = read_results(study, store)
        write_results(results, tmp_path / "results")
    copy = simulate(study, tmp_path / "rehearsal", {"guesser": 1})
    private = [*study.private_paths, tmp_path / "copy.sqlite", *copy.private_paths[:2], copy.answers_path]
    assert set(OF_PERSONS) - set(results.tables) == {"judgements"}  # of tasks, which it has none of (test_task_chain)
    of_persons = [f"{name}.csv" for name in OF_PERSONS if name in results.tables]
    private += [tmp_path / "results" / name for name in (*of_persons, "trials.json")]
    assert {str(path): oct(mode(path)) for path in private if mode(path) != 0o600} == {}
    assert narrowed == []
    assert mode(study.path) != 0o600  # the umask was wide


def test_answers_that_an_older_version_left_open_are_closed_when_they_are_used(tiny_study: Study) -> None:
    tiny_study.answers_path.chmod(0o644)
    with closing(Store(tiny_study.answers_path)) as store:
        assert store.is_open()
    assert mode(tiny_study.answers_path) == 0o600


def test_a_private_file_keeps_what_it_holds(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("kept")
    (tmp_path / "file").chmod(0o640)
    make_private(tmp_path / "file")
    assert (tmp_path / "file").read_text() == "kept"
    assert mode(tmp_path / "file") == 0o600


@pytest.mark.parametrize("name", ["order.json", "sealed/key.json", "dashboard.json", "answers.sqlite"])
def test_a_private_file_that_others_may_read_fails_the_audit(tiny_study: Study, name: str) -> None:
    (tiny_study.folder / name).touch()
    (tiny_study.folder / name).chmod(0o640)
    ran = run("audit", tiny_study.folder, "--no-server")
    assert ran.exit_code == 1
    assert f"private files: others on this machine may read {name}" in " ".join(ran.output.split())


def test_serving_warns_in_one_line_of_a_secret_that_others_may_read(tiny_study: Study) -> None:
    tiny_study.order_path.chmod(0o644)
    command = [
        sys.executable,
        "-c",
        "from clstm.cli.main import main; main()",
        "study",
        "serve",
        str(tiny_study.folder),
    ]
    taken = subprocess.run(
        [*command, "--headless", "--address", "203.0.113.1"], capture_output=True, text=True, timeout=60, check=False
    )
    assert taken.returncode == 2  # no address of this machine: the warning comes before
    warned = [line for line in taken.stderr.splitlines() if "chmod go=" in line]
    assert len(warned) == 1
    assert str(tiny_study.order_path) in warned[0]
