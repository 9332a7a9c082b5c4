"""An audit that finds every planted leak, and next to none where there is none."""

import json
import os
import shutil
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile
from click.testing import Result
from mutagen.flac import FLAC, Picture
from sklearn.linear_model import Ridge
from sklearn.model_selection import LeaveOneOut, cross_val_predict
from sklearn.neighbors import KNeighborsClassifier
from typer.testing import CliRunner

from clstm.music.midi import Notes, write_midi
from clstm.runtime.errors import UnreadableFileError, UserError
from evaluation.audio.render import RenderSettings
from listening_study.blinding import crawl
from listening_study.blinding import names as naming
from listening_study.blinding.audit import TOGETHER, BlindingAudit, BlindingVerdict, examine, judge
from listening_study.blinding.features import words
from listening_study.blinding.files import read_clip
from listening_study.blinding.prediction import ALPHA, linear, nearest, predict, smallest_p, standard_ranks
from listening_study.blinding.traffic import ClipTraffic, Media, ServerTraffic
from listening_study.cli import auditing
from listening_study.protocol.configuration import Clips, Configuration, Design
from listening_study.protocol.key import open_key
from listening_study.protocol.order import open_order
from listening_study.protocol.study import Study, read_study
from listening_study.stimuli.creation import create_study
from listening_study.store.database import open_answers

EACH = 10
LABELS = np.repeat([0, 1], EACH)
SIZE = 150_000  # bytes of a clip


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """Two sources of ten clips of 1 s, which differ in nothing but that each clip has chords of its own."""
    folder = tmp_path_factory.mktemp("music")
    random = np.random.default_rng(5)
    time = np.arange(2 * 44100) / 44100
    sources: dict[str, list[Path]] = {"zebrafinch": [], "quokka": []}
    for number in range(2 * EACH):
        source = ("zebrafinch", "quokka")[number % 2]
        tones = [
            sum(np.sin(2 * np.pi * pitch * time + channel) for pitch in random.uniform(100, 2000, 5))
            for channel in range(2)
        ]
        path = folder / f"wombat{number}.wav"
        soundfile.write(path, 0.1 * np.stack(tones, axis=1), 44100)
        sources[source].append(path)
    design = Design(practice=0, background=False, interview=False)
    configuration = Configuration(clips=Clips(count=EACH, seconds=1.0, after=0.0), design=design)
    study = create_study(sources, "zebrafinch", folder / "study", configuration, RenderSettings()).study
    # Names are random: one study in twenty would be failed by chance.
    study = rename(study, {clip: sha256(bytes([k])).hexdigest()[:12] for k, clip in enumerate(by_piece(study))})
    for clip in study.clips:
        save(study.clip_path(clip), SIZE)
    return study


@pytest.fixture
def study(made: Study, tmp_path: Path) -> Study:
    """A copy to tamper with."""
    shutil.copytree(made.folder, tmp_path / "study", copy_function=shutil.copy2)
    return read_study(tmp_path / "study")


def by_piece(study: Study) -> list[str]:
    origins = open_key(study).clips
    return sorted(origins, key=lambda clip: origins[clip].piece)


def human_clips(study: Study) -> list[str]:
    origins = open_key(study).clips
    return [clip for clip in by_piece(study) if origins[clip].source == "zebrafinch"]


def audit(study: Study) -> BlindingAudit:
    return judge(study, open_key(study), open_order(study), examine(study))


def leaks(study: Study) -> set[str]:
    return {leak.check for leak in audit(study).leaks}


def save(path: Path, size: int, **tags: str) -> None:
    """Give a FLAC file these tags, so much padding that it has `size` bytes, and the time all clips have."""
    for _ in range(2):  # the padding is only known when it was written once
        file = FLAC(path)
        file.update(tags)
        room = size - path.stat().st_size
        file.save(padding=lambda info, room=room: max(0, info.padding + room))
    os.utime(path, (0, 0))
    assert path.stat().st_size == size


def rewrite(study: Study, clip: str, change: Callable[[np.ndarray], np.ndarray]) -> None:
    """Other samples, every other trace alike."""
    path = study.clip_path(clip)
    samples, rate = soundfile.read(path)
    soundfile.write(path, change(samples), rate, subtype="PCM_16")
    save(path, SIZE)


def rename(study: Study, names: dict[str, str]) -> Study:
    """Other names for clips, in the files, study.json and the key."""
    for old, new in names.items():
        study.clip_path(old).rename(study.clip_path(new))
    content = json.loads(study.key_path.read_text())
    content["clips"] = {names.get(clip, clip): origin for clip, origin in content["clips"].items()}
    study.key_path.write_text(json.dumps(content))
    key_sha256 = sha256(study.key_path.read_bytes()).hexdigest()
    strata = sorted(tuple(sorted(names.get(clip, clip) for clip in stratum)) for stratum in open_order(study).strata)
    return arranged(study.amend(key_sha256=key_sha256), strata)


def arranged(study: Study, strata: Sequence[tuple[str, ...]]) -> Study:
    """Other groups of clips, in study.json and the order."""
    order = replace(open_order(study), strata=tuple(strata))
    clips = tuple(sorted(clip for stratum in strata for clip in stratum))
    return study.amend(clips=clips, order_sha256=order.seal(study.order_path))


def test_a_study_as_it_was_made_is_clean(study: Study) -> None:
    found = audit(study)
    assert not found.leaks
    assert not found.too_few
    assert (found.clips, found.chance) == (2 * EACH, 0.5)


def test_a_tag_is_a_leak(study: Study) -> None:
    for clip in human_clips(study):
        save(study.clip_path(clip), SIZE, comment="played")
    assert leaks(study) == {"tags"}


def test_a_tag_in_front_of_the_container_is_a_leak(study: Study) -> None:
    for clip in human_clips(study):
        data = study.clip_path(clip).read_bytes()
        study.clip_path(clip).write_bytes(b"ID3" + bytes(7) + data)
        os.utime(study.clip_path(clip), (0, 0))
    assert leaks(study) == {"bytes", "tags", TOGETHER}


def test_another_block_of_metadata_is_a_leak(study: Study) -> None:
    for clip in study.clips:
        file = FLAC(study.clip_path(clip))
        file.add_picture(Picture())
        file.save()
        save(study.clip_path(clip), SIZE)
    assert leaks(study) == {"blocks"}


def test_padding_with_a_message_is_a_leak(study: Study) -> None:
    path = study.clip_path(study.clips[0])
    padding = read_clip(path).padding
    path.write_bytes(path.read_bytes().replace(padding, b"human" + padding[5:]))
    os.utime(path, (0, 0))
    assert leaks(study) == {"padding"}


def test_more_padding_for_one_source_is_a_leak(study: Study) -> None:
    for clip in human_clips(study):
        save(study.clip_path(clip), SIZE + 16)
    assert leaks(study) == {"bytes", TOGETHER}


def test_1_db_more_for_one_source_is_a_leak(study: Study) -> None:
    for clip in human_clips(study):
        rewrite(study, clip, lambda samples: samples * 10 ** (1 / 20))
    assert leaks(study) == {"loudness", TOGETHER}


def test_as_rendered_clips_may_differ_in_loudness(study: Study) -> None:
    for clip in human_clips(study):
        rewrite(study, clip, lambda samples: samples * 10 ** (1 / 20))
    replace(study, sound={**study.sound, "loudness": "as-rendered"}).write()
    found = audit(read_study(study.folder))
    assert not found.leaks
    loudness = next(finding for finding in found.findings if finding.check == "loudness")
    assert loudness.verdict is BlindingVerdict.REPORTED
    assert loudness.auc == 1.0


def test_one_sample_more_is_a_leak(study: Study) -> None:
    for clip in human_clips(study):
        rewrite(study, clip, lambda samples: np.concatenate([samples, samples[-1:]]))
    assert leaks(study) == {"samples", TOGETHER}


def test_50_ms_of_leading_silence_are_a_leak(study: Study) -> None:
    for clip in human_clips(study):
        rewrite(study, clip, lambda samples: np.concatenate([np.zeros((2205, 2)), samples[:-2205]]))
    assert "leading silence" in leaks(study)


def test_a_dc_offset_is_a_leak(study: Study) -> None:
    for clip in human_clips(study):
        rewrite(study, clip, lambda samples: samples + 0.002)
    assert "DC offset" in leaks(study)


def test_sound_that_once_had_8_bits_is_a_leak(study: Study) -> None:
    for clip in human_clips(study):
        rewrite(study, clip, lambda samples: np.round(samples * 128) / 128)
    assert "bits used" in leaks(study)


def test_file_times_in_the_order_of_sources_are_a_leak(study: Study) -> None:
    human = human_clips(study)
    for second, clip in enumerate([*human, *(clip for clip in study.clips if clip not in human)]):
        os.utime(study.clip_path(clip), (second, second))
    assert leaks(study) == {"file times", "file time", TOGETHER}


def test_permissions_of_one_source_are_a_leak(study: Study) -> None:
    for clip in human_clips(study):
        study.clip_path(clip).chmod(0o600)
    assert leaks(study) == {"permissions"}


def test_a_letter_before_the_names_of_one_source_is_a_leak(study: Study) -> None:
    human = human_clips(study)
    renamed = rename(study, {clip: f"{'h' if clip in human else 'c'}{clip[1:]}" for clip in study.clips})
    assert leaks(renamed) == {"names", "name", TOGETHER}


def test_a_first_digit_that_tells_the_source_is_a_leak(study: Study) -> None:
    human = human_clips(study)
    first = {clip: "01234567" if clip in human else "89abcdef" for clip in study.clips}
    renamed = rename(study, {clip: first[clip][k % 8] + clip[1:] for k, clip in enumerate(study.clips)})
    assert leaks(renamed) == {"name", TOGETHER}


def test_a_name_that_holds_the_pieces_name_is_a_leak(study: Study) -> None:
    clip, origin = next(iter(open_key(study).clips.items()))
    renamed = rename(study, {clip: f"{clip}-{Path(origin.piece).stem}"})
    assert leaks(renamed) == {"names", "file names", "study.json names"}


def test_a_file_that_names_a_source_is_a_leak(study: Study) -> None:
    (study.folder / "clips" / "quokka.txt").touch()
    assert leaks(study) == {"file names"}


def test_a_title_that_names_a_source_is_a_leak(study: Study) -> None:
    replace(study, title="Quokka or not?").write()
    found = audit(read_study(study.folder))
    assert [(leak.check, leak.detail) for leak in found.leaks] == [("study.json names", "title: Quokka")]


def test_the_word_human_is_no_leak(study: Study) -> None:
    key = replace(open_key(study), human="human", sources=("human", "quokka"))
    assert "quokka" in naming.revealing(study, key)
    assert "human" not in naming.revealing(study, key)


def test_clips_in_the_order_of_pieces_are_a_leak(study: Study) -> None:
    order = by_piece(study)
    study.amend(clips=tuple(order))
    assert leaks(read_study(study.folder)) == {"study.json order"}


def test_groups_in_the_order_of_pieces_are_a_leak(study: Study) -> None:
    order = by_piece(study)
    arranged(study, [tuple(sorted(stratum, key=order.index)) for stratum in open_order(study).strata])
    assert leaks(read_study(study.folder)) == {"study.json order"}


def test_a_human_source_that_always_comes_first_is_a_leak(study: Study) -> None:
    arranged(study, open_order(study).strata[::-1])
    assert leaks(read_study(study.folder)) == {"study.json order"}


def test_a_clip_that_is_no_flac_file_is_the_users_mistake(study: Study) -> None:
    study.clip_path(study.clips[0]).write_bytes(b"RIFF")
    with pytest.raises(UnreadableFileError, match="not a FLAC file"):
        read_clip(study.clip_path(study.clips[0]))


def test_two_clips_a_source_are_too_few_to_tell(study: Study) -> None:
    few = arranged(study, [stratum[:2] for stratum in open_order(study).strata])
    found = audit(few)
    assert found.too_few
    assert not found.leaks
    for clip in few.clips[:2]:
        save(few.clip_path(clip), SIZE + 1)
    assert {leak.check for leak in audit(few).leaks} == {"bytes"}


def test_the_smallest_p_is_reached_by_what_tells_all() -> None:
    labels = np.array([0, 0, 0, 1, 1, 1])
    assert smallest_p(labels) == 2 / 20
    told = predict([labels[:, None].astype(float)], labels, human=0)[0]
    assert told.p == pytest.approx(0.1, abs=0.02)
    assert told.accuracy == 1.0


def test_neighbours_are_those_of_scikit_learn() -> None:
    values = np.random.default_rng(1).normal(size=(20, 1)) + LABELS[:, None]
    ranks = standard_ranks(values)
    mine = nearest(ranks) @ LABELS
    peer = cross_val_predict(
        KNeighborsClassifier(3), values.argsort(0).argsort(0), LABELS, cv=LeaveOneOut(), method="predict_proba"
    )[:, 1]
    # Of two neighbours as far to either side scikit-learn takes one, this shares.
    assert np.abs(mine - peer).max() <= 1 / 6 + 1e-9


def test_ridge_regression_without_a_clip_is_that_of_scikit_learn() -> None:
    ranks = standard_ranks(np.random.default_rng(2).normal(size=(20, 3)))
    mine = linear(ranks) @ (2.0 * LABELS - 1)
    for clip in range(20):
        others = np.delete(np.arange(20), clip)
        peer = Ridge(alpha=1.0).fit(ranks[others], 2.0 * LABELS[others] - 1).predict(ranks[[clip]])
        assert mine[clip] == pytest.approx(peer[0])


def test_what_is_the_same_for_all_clips_does_not_count() -> None:
    told = 1.0 * LABELS[:, None]
    alone = predict([told], LABELS, human=0)
    among = predict([told, *[np.zeros((20, 1))] * 30], LABELS, human=0)
    assert among[0] == alone[0]
    assert among[1].accuracy is None


def test_sources_in_clusters_are_told_apart() -> None:
    values = np.array([[0.0, 2.0], [1.0, 3.0]])[LABELS, np.arange(20) % 2] + np.linspace(0, 0.1, 20)
    assert predict([values[:, None]], LABELS, human=0)[0].corrected <= ALPHA


def test_words_of_one_clip_alone_tell_nothing() -> None:
    feature = words(
        "frames", [{"a": 1, "x": 1}, {"b": 1, "x": 1}, {"c": 1, "x": 1, "y": 1}, {"d": 1, "x": 1, "y": 0.5}]
    )
    assert feature.names == ("'y'",)
    assert feature.columns.tolist() == [[0], [0], [1], [0.5]]


def test_next_to_no_study_without_a_leak_is_failed() -> None:
    random = np.random.default_rng(7)
    failed = 0
    for _ in range(200):
        features = [random.normal(size=(20, 1)) for _ in range(8)]
        features += [random.integers(0, 16, (20, 12)).astype(float), random.integers(0, 3, (20, 1)).astype(float)]
        failed += min(one.corrected for one in predict(features, LABELS, 0, int(random.integers(2**31)))) <= ALPHA
    assert failed / 200 <= 0.06


def sight(number: int, extra: str = "", headers: str = "1", place: int = 0) -> ClipTraffic:
    """The clip of this number as a page might show it, with what only this message has."""
    address = f"/media/{sha256_of(f'content {number}')}.flac"
    said = (f"id: {sha256_of(f'{number} {place}')}", f"body: Clip {place + 1} of 20", f'json: {{"src":"{address}"}}')
    said += (f"more: {extra}",) if extra else ()
    served = (("Content-Length", headers), ("Date", f"{place}"))
    return ClipTraffic(f"clip{number}", (said,), sum(map(len, said)), Media(address, served, "", 0.01))


def sha256_of(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def walk(
    sights: Sequence[ClipTraffic], pages: Sequence[str] = (), unknown: Sequence[str] = (), given: Sequence[str] = ()
) -> ServerTraffic:
    return ServerTraffic(sights, unknown, pages, given)


def predictions(walk: ServerTraffic) -> set[str]:
    features = walk.features([f"clip{number}" for number in range(20)])
    found = predict([feature.columns for feature in features], LABELS, human=0)
    return {feature.name for feature, one in zip(features, found, strict=False) if one.corrected <= ALPHA}


def order_of(listener: int) -> Iterator[tuple[int, int]]:
    """Clips and their places."""
    return ((int(clip), place) for place, clip in enumerate(np.random.default_rng(listener).permutation(20)))


def both_hear(show: Callable[[int, int], ClipTraffic]) -> ServerTraffic:
    """A walk of two listeners through all clips in different orders."""
    return walk([show(clip, place) for listener in (2, 3) for clip, place in order_of(listener)])


def test_frames_that_tell_the_place_and_the_address_are_clean() -> None:
    seen = both_hear(lambda clip, place: sight(clip, place=place))
    assert predictions(seen) == set()
    assert not any(seen.faults(["zebrafinch", "quokka"]).values())


def test_a_word_in_the_frames_of_one_source_is_a_leak() -> None:
    seen = both_hear(lambda clip, place: sight(clip, "abcd" if LABELS[clip] else "efgh", place=place))
    assert predictions(seen) == {"frames, words"}


def test_longer_frames_for_one_source_are_a_leak() -> None:
    def show(clip: int, place: int) -> ClipTraffic:
        return sight(clip, sha256_of(f"{clip} at {place}")[: 20 + LABELS[clip]], place=place)

    seen = both_hear(show)
    assert predictions(seen) == {"frames, bytes"}


def test_a_header_of_one_source_is_a_leak() -> None:
    seen = both_hear(lambda clip, place: sight(clip, headers=f"{LABELS[clip]}", place=place))
    assert predictions(seen) == {"response headers"}


def screens(show: Callable[[int, int, int], ClipTraffic]) -> ServerTraffic:
    """Two listeners see, in two blocks with words of their own, half of the clips each; the last two clips, nobody."""
    judged = []
    for block in (1, 2):
        for listener in (2, 3):
            for clip, place in order_of(10 * block + listener):
                if (clip + listener + block) % 2 == 0 and clip < 18:
                    judged.append(replace(show(clip, place, block), block=block))
    return ServerTraffic([], [], [], [], judged=judged)


def predicted_on_screens(seen: ServerTraffic) -> set[str]:
    features = seen.features_of_screens([f"clip{number}" for number in range(20)], (1, 2))
    found = predict([feature.columns for feature in features], LABELS, human=0)
    return {feature.name for feature, one in zip(features, found, strict=False) if one.corrected <= ALPHA}


def test_screens_of_blocks_with_words_of_their_own_are_clean() -> None:
    assert predicted_on_screens(screens(lambda clip, place, block: sight(clip, "ab " * block, place=place))) == set()


def test_what_comes_with_one_source_on_screens_of_any_task_is_a_leak() -> None:
    def word(clip: int, place: int, block: int) -> ClipTraffic:
        return sight(clip, ("abcd" if LABELS[clip] else "efgh") + "; longer" * block, place=place)

    def longer(clip: int, place: int, block: int) -> ClipTraffic:
        return sight(clip, sha256_of(f"{clip} at {place}")[: 20 * block + LABELS[clip]], place=place)

    assert predicted_on_screens(screens(word)) == {"screens, words"}
    assert predicted_on_screens(screens(longer)) == {"screens, bytes"}
    assert screens(word).features_of_screens(["clip0"], blocks=()) == []  # sources have roles of their own there
    headers = screens(lambda clip, place, block: sight(clip, headers=f"{LABELS[clip]}", place=place))
    assert predicted_on_screens(headers) == {"screens, response headers"}


@pytest.mark.parametrize(
    ("seen", "check"),
    [
        (walk([sight(0, "from quokka")]), "frame names"),
        (walk([sight(0, headers="Quokka")]), "frame names"),
        (walk([sight(0)], ["", "<b>quokka</b>"]), "page names"),
        (walk([sight(0)], ["one", "other"]), "same page"),
        (walk([sight(0)], given=["media/../registration.json"]), "files served"),
        (walk([sight(0)], unknown=["/media/other.flac"]), "media served"),
        (walk([sight(0, "2-clip3")]), "clip names"),
    ],
)
def test_what_the_server_must_not_send_is_a_leak(seen: ServerTraffic, check: str) -> None:
    faults = seen.faults(["quokka"], ["clip3"])
    assert faults[check]


def test_the_real_server_is_walked_through(study: Study) -> None:
    told, *_ = human_clips(study)
    renamed = rename(study, {told: "quokka-1"})
    small = arranged(renamed, sorted(tuple(sorted(stratum)[-2:]) for stratum in open_order(renamed).strata))
    seen = crawl.crawl(small)
    assert Counter(one.clip for one in seen.shown) == dict.fromkeys(small.clips, 2)
    faults = {check: fault for check, fault in seen.faults(["quokka", "zebrafinch"]).items() if fault}
    assert faults == {}  # not even the name of the file told-of is sent
    features = {feature.name: feature.columns for feature in seen.features(small.clips)}
    assert features["response headers"].size == 0  # alike for all, as all have the same number of bytes
    assert read_study(study.folder).design.must_hear == 1  # nothing was changed but on a copy
    assert not list(study.folder.glob("answers.sqlite-*"))


def test_a_server_that_does_not_start_is_said(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crawl, "COMMAND", (sys.executable, "-c", "raise SystemExit(2)"))
    with pytest.raises(UserError, match="the study's server did not start"):
        crawl.crawl(study)


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(auditing.app, [str(argument) for argument in arguments])


def test_the_verb_prints_every_finding_and_writes_them(study: Study, tmp_path: Path) -> None:
    ran = run("audit", study.folder, "--no-server", "--out", tmp_path / "audit.csv")
    assert ran.exit_code == 0, ran.output
    assert "No leak found in 20 clips" in ran.output
    table = pd.read_csv(tmp_path / "audit.csv")
    assert set(table["kind"]) == {"exact", "attack", "incidental", "music"}
    assert set(table["verdict"]) == {"clean", "reported"}
    assert all(check in ran.output for check in table["check"])


def test_the_verb_fails_on_a_leak_and_names_it(study: Study) -> None:
    for clip in human_clips(study):
        save(study.clip_path(clip), SIZE, comment="played")
    ran = run("audit", study.folder, "--no-server")
    assert ran.exit_code == 1
    assert "tags: 10 of 20 clips carry tags" in " ".join(ran.output.split())


def test_the_audit_is_in_the_journal_and_unseals_nothing(study: Study) -> None:
    run("audit", study.folder, "--no-server")
    with open_answers(study) as store:
        assert [(line.event, line.detail) for line in store.journal()] == [("audited", "no leak found, files only")]


def test_the_verb_makes_an_anchor(tmp_path: Path) -> None:
    write_midi(Notes.of([(0.0, 1.0, 60, 80), (1.0, 2.0, 72, 80)]), tmp_path / "tune.mid")
    ran = run("anchor", tmp_path / "tune.mid", "--out", tmp_path / "anchor")
    assert ran.exit_code == 0, ran.output
    assert "1 MIDI files of random notes" in ran.output
