"""A study that gives nothing away, sealed, and whole or not there."""

import json
import re
import stat
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from clstm.errors import MismatchError, UserError
from evaluation.render import RenderSettings
from listening_study import creation
from listening_study.creation import Created, create_study
from listening_study.key import open_key
from listening_study.plan import Plan
from listening_study.sources import parse_sources
from listening_study.study import Study, read_study

Sources = dict[str, list[Path]]
PLAN = Plan(clips=2, seconds=2.0)


def made(sources: Sources, out: Path, plan: Plan = PLAN) -> Created:
    return create_study(sources, "zebrafinch", out, plan, RenderSettings())


def test_clips_are_alike_in_everything_but_their_music(tiny_study: Study) -> None:
    infos = [soundfile.info(tiny_study.clip_path(clip)) for clip in tiny_study.clips]
    formats = {(info.format, info.subtype, info.samplerate, info.channels, info.frames) for info in infos}
    assert formats == {("FLAC", "PCM_16", 44100, 2, 88200)}


def test_clips_carry_no_metadata(tiny_study: Study) -> None:
    for clip in tiny_study.clips:
        with soundfile.SoundFile(tiny_study.clip_path(clip)) as file:
            assert file.copy_metadata() == {}


def test_no_two_clips_are_the_same_bytes_and_all_are_small_enough(tiny_study: Study) -> None:
    contents = [tiny_study.clip_path(clip).read_bytes() for clip in tiny_study.clips]
    assert len(set(contents)) == len(contents)
    assert max(map(len, contents)) < creation.LARGEST == 1024 * 1024


def test_names_are_random_and_come_from_no_seed(tiny_sources: Sources, tmp_path: Path) -> None:
    first, again = made(tiny_sources, tmp_path / "a").study, made(tiny_sources, tmp_path / "b").study
    assert all(re.fullmatch("[0-9a-f]{12}", clip) for clip in first.clips)
    assert not set(first.clips) & set(again.clips)
    assert list(first.clips) == sorted(first.clips)
    origins = [sorted((o.source, o.piece, o.start) for o in open_key(one).clips.values()) for one in (first, again)]
    assert origins[0] == origins[1]


def test_only_the_sealed_folder_names_sources_and_pieces(tiny_study: Study) -> None:
    for path in tiny_study.folder.rglob("*"):
        if path.is_file() and path.parent.name != "sealed":
            assert not re.search(rb"zebrafinch|quokka|wombat", path.read_bytes()), path
            assert not re.search("zebrafinch|quokka|wombat", path.name)


def test_the_key_is_complete_and_for_its_owner_alone(tiny_study: Study) -> None:
    key = open_key(tiny_study)
    assert tuple(key.clips) == tiny_study.clips
    assert sorted(origin.source for origin in key.clips.values()) == ["quokka"] * 2 + ["zebrafinch"] * 2
    assert key.human == "zebrafinch"
    assert stat.S_IMODE(tiny_study.key_path.stat().st_mode) == 0o600
    assert stat.S_IMODE(tiny_study.key_path.parent.stat().st_mode) == 0o700


def test_a_changed_key_is_found_out(tiny_study: Study) -> None:
    path = tiny_study.key_path
    path.write_text(path.read_text().replace('"human": "zebrafinch"', '"human": "quokka"'))
    with pytest.raises(MismatchError, match="is not the key this study was made with"):
        open_key(tiny_study)


def test_the_same_key_has_another_hash_in_another_study(tiny_sources: Sources, tmp_path: Path) -> None:
    hashes = {made(tiny_sources, tmp_path / name).study.key_sha256 for name in "ab"}
    assert len(hashes) == 2


def test_a_study_reads_back_as_it_was_made(tiny_study: Study) -> None:
    assert read_study(tiny_study.folder) == replace(tiny_study, sound=json.loads(json.dumps(tiny_study.sound)))


def test_one_recording_in_mono_makes_the_whole_study_mono(tiny_sources: Sources, tmp_path: Path) -> None:
    waveform, rate = soundfile.read(tiny_sources["quokka"][0])
    soundfile.write(tmp_path / "mono.wav", waveform[:, 0], rate)
    sources = {**tiny_sources, "quokka": [tmp_path / "mono.wav"]}
    created = made(sources, tmp_path / "study")
    assert created.mono
    assert {soundfile.info(created.study.clip_path(clip)).channels for clip in created.study.clips} == {1}


def test_one_clip_too_large_in_stereo_makes_the_whole_study_mono(tmp_path: Path) -> None:
    noise = np.random.default_rng(1).normal(0, 0.05, (44100 * 9, 2))
    tone = 0.1 * np.sin(2 * np.pi * 440 * np.arange(44100 * 9) / 44100)
    soundfile.write(tmp_path / "noise.wav", noise, 44100)
    soundfile.write(tmp_path / "tone.wav", np.stack([tone, 0.5 * tone], axis=1), 44100)
    sources = {"zebrafinch": [tmp_path / "tone.wav"], "noise": [tmp_path / "noise.wav"]}
    created = made(sources, tmp_path / "study", Plan(clips=1, seconds=8.5))
    assert created.mono
    assert created.largest < creation.LARGEST
    assert {soundfile.info(created.study.clip_path(clip)).channels for clip in created.study.clips} == {1}


def test_clips_too_large_even_in_mono_are_refused(
    tiny_sources: Sources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(creation, "LARGEST", 1000)
    with pytest.raises(UserError, match="bytes even in mono; use shorter --seconds"):
        made(tiny_sources, tmp_path / "study")
    assert list(tmp_path.iterdir()) == []


def test_a_study_is_never_overwritten(tiny_study: Study, tiny_sources: Sources) -> None:
    before = tiny_study.key_path.read_bytes()
    with pytest.raises(UserError, match="exists already"):
        made(tiny_sources, tiny_study.folder)
    assert tiny_study.key_path.read_bytes() == before


def test_what_fails_leaves_nothing(tiny_sources: Sources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(path: Path) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(creation, "migrate", fails)
    with pytest.raises(OSError, match="no space left"):
        made(tiny_sources, tmp_path / "study")
    assert list(tmp_path.iterdir()) == []


def test_the_human_source_must_be_one_of_them(tiny_sources: Sources, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="--human Bach is none of the sources"):
        create_study(tiny_sources, "Bach", tmp_path / "study", PLAN, RenderSettings())


def test_humans_alone_are_no_study(tiny_sources: Sources, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="at least 2 sources"):
        made({"zebrafinch": tiny_sources["zebrafinch"]}, tmp_path / "study")


def test_too_little_music_names_the_source(tiny_sources: Sources, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="zebrafinch: only 6 segments of 2 s"):
        made(tiny_sources, tmp_path / "study", Plan(clips=50, seconds=2.0))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [({"clips": 0}, "--clips 0"), ({"seconds": 0.5}, "--seconds 0.5"), ({"title": " "}, "--title is empty")],
)
def test_a_plan_that_cannot_be_is_refused(wrong: dict, message: str) -> None:
    with pytest.raises(UserError, match=message):
        Plan(**wrong)


def missing_clip(study: Study) -> None:
    study.clip_path(study.clips[0]).unlink()


def missing_answers(study: Study) -> None:
    study.answers_path.unlink()


def damaged(study: Study) -> None:
    (study.folder / "study.json").write_text("{")


def another_format(study: Study) -> None:
    (study.folder / "study.json").write_text('{"format": 99}')


def incomplete(study: Study) -> None:
    (study.folder / "study.json").write_text('{"format": 1, "clips": []}')


@pytest.mark.parametrize("harm", [missing_clip, missing_answers, damaged, another_format, incomplete])
def test_a_study_that_is_not_whole_is_refused_in_one_line(tiny_study: Study, harm) -> None:
    harm(tiny_study)
    with pytest.raises(UserError) as raised:
        read_study(tiny_study.folder)
    assert "\n" not in str(raised.value)


def test_sources_are_read_in_order_and_joined_by_name(tmp_path: Path) -> None:
    for name in ("a.mid", "b.flac", "c.wav"):
        (tmp_path / name).touch()
    found = parse_sources([f"z={tmp_path / 'c.wav'}", f"human={tmp_path / 'a.mid'}", f"z={tmp_path / 'b.flac'}"])
    assert found == {"z": [tmp_path / "c.wav", tmp_path / "b.flac"], "human": [tmp_path / "a.mid"]}


def test_a_folder_of_midi_and_its_renderings_is_its_midi(tmp_path: Path) -> None:
    for name in ("a.mid", "a.flac", "b.mid"):
        (tmp_path / name).touch()
    assert parse_sources([f"x={tmp_path}"]) == {"x": [tmp_path / "a.mid", tmp_path / "b.mid"]}


@pytest.mark.parametrize("given", ["songs", "=songs", "x=", "x=nowhere", "=1+1=songs", "@x=songs"])
def test_a_source_that_cannot_be_is_refused(given: str) -> None:
    with pytest.raises(UserError):
        parse_sources([given])
