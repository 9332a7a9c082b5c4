"""A study that gives nothing away, sealed, and whole or not there."""

import json
import re
import stat
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from mutagen.flac import FLAC

from clstm.music.midi import Notes, write_midi
from clstm.runtime.errors import MismatchError, UserError
from evaluation.audio.render import RenderSettings
from evaluation.metrics.loudness import integrated_loudness, true_peak
from listening_study.protocol.configuration import Access, Clips, Configuration, Design, Loudness, Registration, Words
from listening_study.protocol.design import Recruitment
from listening_study.protocol.key import open_key
from listening_study.protocol.order import open_order
from listening_study.protocol.registration import open_registration
from listening_study.protocol.study import Study, read_study
from listening_study.stimuli import creation, writing
from listening_study.stimuli.audibility import leading_silence
from listening_study.stimuli.creation import Created, create_study
from listening_study.stimuli.sources import parse_sources

Sources = dict[str, list[Path]]
PLAN = Configuration(clips=Clips(count=2, seconds=2.0, after=0), design=Design(practice=0))


def made(sources: Sources, out: Path, plan: Configuration = PLAN) -> Created:
    return create_study(sources, "zebrafinch", out, plan, RenderSettings())


def planned(design: Design = PLAN.design, **clips: object) -> Configuration:
    return PLAN.model_copy(update={"clips": PLAN.clips.model_copy(update=clips), "design": design})


@pytest.fixture(scope="module")
def spare_sources(tmp_path_factory: pytest.TempPathFactory) -> Sources:
    """Two sources of five pieces each; one begins with a rest."""
    folder = tmp_path_factory.mktemp("spare")
    time = np.arange(6 * 44100) / 44100
    sources: Sources = {}
    for place, name in enumerate(("zebrafinch", "quokka")):
        sources[name] = [folder / f"{name}{number}.wav" for number in range(5)]
        for number, path in enumerate(sources[name]):
            tones = [(1 + number) * np.sin(2 * np.pi * (200 + 40 * number + 17 * place + k) * time) for k in range(2)]
            sound = 0.05 * np.stack(tones, axis=1)
            sound[: 44100 * number // 10] = 0
            soundfile.write(path, sound, 44100)
    return sources


FULL = planned(Design(practice=3, catch=2))


@pytest.fixture(scope="module")
def full_study(spare_sources: Sources, tmp_path_factory: pytest.TempPathFactory) -> Study:
    """With practice, catch trials and the headphone check."""
    return made(spare_sources, tmp_path_factory.mktemp("full") / "study", FULL).study


def everything(study: Study) -> list[Path]:
    """Every clip's file, whatever it is for."""
    return [study.clip_path(clip) for clip in (*study.clips, *study.catch, *study.practice)]


def test_every_clip_looks_alike_on_the_disk_whatever_it_is_for(full_study: Study) -> None:
    paths = everything(full_study)
    assert len(paths) == 4 + 3 + 2 == len(list((full_study.folder / "clips").iterdir()))
    stats = {(path.stat().st_size, path.stat().st_mtime_ns, path.stat().st_mode) for path in paths}
    assert len(stats) == 1
    files = [FLAC(path) for path in paths]
    assert {(file.info.total_samples, file.info.sample_rate, file.info.channels) for file in files} == {
        (88200, 44100, 2)
    }
    assert all(not file.tags and not file.pictures for file in files)
    assert len({tuple(type(block).__name__ for block in file.metadata_blocks) for file in files}) == 1


def test_written_clips_are_at_the_target_loudness_and_begin_at_once(full_study: Study) -> None:
    for path in everything(full_study):
        waveform, rate = soundfile.read(path, dtype="float32")
        assert integrated_loudness(waveform, rate) == pytest.approx(-23.0, abs=0.1)
        assert (true_peak(waveform, rate) or -99) <= -1.0
        assert leading_silence(waveform, rate) < 0.02


def test_clips_as_rendered_keep_their_differences_and_the_study_says_so(spare_sources: Sources, tmp_path: Path) -> None:
    study = made(spare_sources, tmp_path / "study", planned(loudness=Loudness.AS_RENDERED)).study
    levels = [integrated_loudness(*soundfile.read(study.clip_path(clip))) for clip in study.clips]
    assert max(levels) - min(levels) > 1  # LU
    assert study.sound["loudness"] == "as-rendered"


def test_practice_clips_are_from_pieces_used_for_nothing_else_and_know_the_right_answer(full_study: Study) -> None:
    key = open_key(full_study)
    practice = open_order(full_study).practice
    practised = [key.aside[clip] for clip, _ in practice]
    assert [answer for _, answer in practice] == ["human", "computer", "human"]
    assert [origin.source for origin in practised] == ["zebrafinch", "quokka", "zebrafinch"]
    pieces = {origin.piece for origin in key.clips.values()}
    assert pieces.isdisjoint(origin.piece for origin in practised)
    assert {clip for clip, _ in practice} == set(full_study.practice)
    assert not set(full_study.practice) & set(full_study.clips)


def test_without_pieces_to_spare_there_is_less_practice_and_a_notice(tiny_sources: Sources, tmp_path: Path) -> None:
    created = made(tiny_sources, tmp_path / "study", planned(Design(practice=2)))
    assert created.study.practice == ()
    assert "0 practice clips instead of 2: no pieces to spare" in created.notices


def test_strata_are_sorted_so_that_their_order_tells_nothing(full_study: Study) -> None:
    strata = open_order(full_study).strata
    assert list(strata) == sorted(strata)
    assert all(list(stratum) == sorted(stratum) and len(stratum) == 2 for stratum in strata)
    key = open_key(full_study)
    assert all(len({key.clips[clip].source for clip in stratum}) == 1 for stratum in strata)
    for names in (full_study.clips, full_study.practice, full_study.catch):
        assert list(names) == sorted(names)


def test_the_headphone_check_has_six_triples_and_none_in_mono(full_study: Study, tmp_path: Path) -> None:
    assert sorted(right for _, right in full_study.headphones) == [1, 1, 2, 2, 3, 3]
    for name, right in full_study.headphones:
        waveform, rate = soundfile.read(full_study.headphone_path(name))
        tones = [waveform[round(1.5 * k * rate) : round((1.5 * k + 1) * rate)] for k in range(3)]
        power = [np.square(tone).mean() for tone in tones]
        assert int(np.argmin(power)) + 1 == right
        assert 10 * np.log10(max(power) / min(power)) == pytest.approx(6, abs=0.01)
        in_the_air = [np.square(tone.mean(axis=1)).mean() for tone in tones]  # over loudspeakers
        assert int(np.argmin(in_the_air)) + 1 != right
        assert min(in_the_air) < 1e-9


def test_what_was_registered_is_published_by_its_hash_and_cannot_be_changed(full_study: Study, tmp_path: Path) -> None:
    registered = open_registration(full_study)
    assert (registered.human, registered.plan.contrasts) == ("zebrafinch", ("quokka",))
    changed = replace(full_study, folder=tmp_path)
    text = full_study.registration_path.read_text()
    changed.registration_path.write_text(text.replace('"margin": 0.1', '"margin": 0.3'))
    with pytest.raises(MismatchError, match="is not what this study was registered with"):
        open_registration(changed)


@pytest.mark.parametrize(("full_at", "ends_at"), [(None, 7), (9, 9), (0, None)])
def test_recruitment_ends_at_the_registered_number_unless_the_configuration_has_another(
    full_at: int | None, ends_at: int | None, tiny_sources: Sources, tmp_path: Path
) -> None:
    plan = PLAN.model_copy(update={"registration": Registration(listeners=7), "access": Access(full_at=full_at)})
    study = made(tiny_sources, tmp_path / "study", plan).study
    found = read_study(study.folder).recruitment
    assert found == (ends_at and Recruitment(listeners=ends_at, trials=study.size.trials))


def test_reviewed_wording_is_checked_and_goes_with_the_study(tiny_sources: Sources, tmp_path: Path) -> None:
    words = tmp_path / "mine.toml"
    words.write_text('reviewed = "A. B."\ntrial_next = "Los"\n', encoding="utf-8")
    plan = PLAN.model_copy(update={"words": Words(overrides={"de": str(words)})})
    study = made(tiny_sources, tmp_path / "study", plan).study
    assert study.words_path("de").read_text(encoding="utf-8") == words.read_text(encoding="utf-8")
    words.write_text('trial_nxt = "Los"\n', encoding="utf-8")
    with pytest.raises(UserError, match="'trial_nxt' is not a text"):
        made(tiny_sources, tmp_path / "again", plan)
    words.unlink()
    with pytest.raises(UserError, match=r"mine\.toml is not a file; write one with `clstm study words de`"):
        made(tiny_sources, tmp_path / "again", plan)
    assert not (tmp_path / "again").exists()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"design": Design(clips_each=3)}, "design.clips_each is 3, but there are only 2"),
        ({"design": Design(repeats=5)}, "design.repeats is 5, but a listener hears 4"),
        ({"registration": Registration(contrasts=("wren",))}, "'wren' cannot be tested against zebrafinch"),
        ({"registration": Registration(anchor="zebrafinch")}, "'zebrafinch' cannot be tested against zebrafinch"),
    ],
)
def test_a_plan_that_does_not_fit_the_sources_is_refused(
    tiny_sources: Sources, tmp_path: Path, wrong: dict, message: str
) -> None:
    with pytest.raises(UserError, match=message):
        made(tiny_sources, tmp_path / "study", PLAN.model_copy(update=wrong))
    assert list(tmp_path.iterdir()) == []


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
    assert max(map(len, contents)) < writing.LARGEST == 1024 * 1024


def test_names_are_random_and_come_from_no_seed(tiny_sources: Sources, tmp_path: Path) -> None:
    first, again = made(tiny_sources, tmp_path / "a").study, made(tiny_sources, tmp_path / "b").study
    assert all(re.fullmatch("[0-9a-f]{12}", clip) for clip in first.clips)
    assert not set(first.clips) & set(again.clips)
    assert list(first.clips) == sorted(first.clips)
    origins = [sorted((o.source, o.piece, o.start) for o in open_key(one).clips.values()) for one in (first, again)]
    assert origins[0] == origins[1]


def test_only_the_sealed_folder_and_the_registration_name_sources(tiny_study: Study) -> None:
    for path in tiny_study.folder.rglob("*"):
        if path.is_file() and path.parent.name != "sealed" and path.name != "registration.json":
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


def music(seed: int, seconds: float = 8.0) -> np.ndarray:
    """Some plucked notes, (samples,)."""
    random, time = np.random.default_rng(seed), np.arange(round(seconds * 44100)) / 44100
    wave = np.zeros(len(time))
    for begin in np.arange(0, seconds - 0.5, 0.25):
        since = np.maximum(time - begin, 0)
        wave += 0.1 * np.sin(2 * np.pi * 220 * 2 ** (random.integers(24) / 12) * since) * np.exp(-5 * since)
    return wave


def written(folder: Path, *waveforms: np.ndarray) -> list[Path]:
    folder.mkdir(parents=True)
    paths = [folder / f"{number}.wav" for number in range(len(waveforms))]
    for path, waveform in zip(paths, waveforms, strict=True):
        soundfile.write(path, waveform, 44100, subtype="PCM_24")
    return paths


def test_segments_that_cancel_in_mono_are_replaced_when_the_study_is_in_mono(tmp_path: Path) -> None:
    """Nobody knows that it will be in mono before all are chosen: then they are chosen again."""
    in_mono = written(tmp_path / "mono", *map(music, range(3)))
    waves = [music(9 + number) for number in range(3)]
    against = written(
        tmp_path / "against", *[np.stack([wave, wave * (-1) ** number], axis=1) for number, wave in enumerate(waves, 1)]
    )
    created = made({"zebrafinch": in_mono, "quokka": against}, tmp_path / "study")
    assert created.mono
    assert {origin.piece for origin in open_key(created.study).clips.values() if origin.source == "quokka"} == {"1.wav"}
    assert "its channels cancel each other in mono" in " ".join(created.notices)
    for path in everything(created.study):
        assert integrated_loudness(*soundfile.read(path)) == pytest.approx(-23, abs=0.1)


@pytest.mark.parametrize(
    ("waveform", "why"),
    [
        (np.stack([music(5), -music(5)], axis=1), "cancel each other"),
        (np.tile(0.004 * np.sin(2 * np.pi * 4 * np.arange(8 * 44100) / 44100)[:, None], 2), "inaudible sound"),
    ],
)
def test_a_source_of_which_nothing_is_heard_is_refused_by_the_names_of_its_files(
    tmp_path: Path, waveform: np.ndarray, why: str
) -> None:
    sources = {
        "zebrafinch": written(tmp_path / "mono", *map(music, range(2))),
        "quokka": written(tmp_path / "bad", waveform),
    }
    with pytest.raises(UserError, match=rf"quokka: only 0 segments.*bad/0\.wav: no segment.*{why}"):
        made(sources, tmp_path / "study")
    assert not list(tmp_path.glob("*study*"))


def test_very_soft_music_is_said_to_be_raised(tiny_sources: Sources, tmp_path: Path) -> None:
    soft = written(tmp_path / "soft", *[np.stack([music(n), 0.9 * music(n)], axis=1) / 40 for n in range(2)])
    notices = made({**tiny_sources, "quokka": soft}, tmp_path / "study").notices
    (line,) = [notice for notice in notices if "amplified" in notice]
    assert line.startswith(
        "quokka: 2 clips are amplified by more than 20 dB to reach -23 LUFS, so is their noise (at most"
    )


def linked(path: Path, link: Path) -> Path:
    link.symlink_to(path)
    return link


def hard_linked(path: Path, link: Path) -> Path:
    link.hardlink_to(path)
    return link


@pytest.mark.parametrize("again", [lambda path, _: path, linked, hard_linked])
def test_a_file_in_two_sources_is_refused_with_both_named(tiny_sources: Sources, tmp_path: Path, again) -> None:
    (tmp_path / "other").mkdir()
    shared = again(tiny_sources["zebrafinch"][0], tmp_path / "other" / "x.wav")
    with pytest.raises(UserError, match=r"zebrafinch and quokka share 1 file \(.*wombat0\.wav\): a piece has one"):
        made({**tiny_sources, "quokka": [*tiny_sources["quokka"], shared]}, tmp_path / "study")


def test_a_folder_within_another_sources_is_refused(tmp_path: Path) -> None:
    written(tmp_path / "all" / "generated", music(1), music(2))
    written(tmp_path / "human", music(3))
    (tmp_path / "human" / "0.wav").rename(tmp_path / "all" / "h.wav")
    sources = parse_sources([f"zebrafinch={tmp_path / 'all'}", f"quokka={tmp_path / 'all' / 'generated'}"])
    with pytest.raises(UserError, match="zebrafinch and quokka share 2 files"):
        made(sources, tmp_path / "study")


def test_pieces_that_a_source_holds_twice_are_said(tmp_path: Path) -> None:
    one, other = np.tile(music(1)[:, None], 2), np.tile(music(2)[:, None], 2)
    sources = {
        "zebrafinch": written(tmp_path / "a", one, music(3), music(4)),
        "quokka": written(tmp_path / "b", other, other),
    }
    samples, rate = soundfile.read(tmp_path / "b" / "0.wav", dtype="int32")
    soundfile.write(tmp_path / "b" / "2.flac", samples, rate, subtype="PCM_24")  # other bytes, the same samples
    sources["quokka"].append(tmp_path / "b" / "2.flac")
    notices = made(sources, tmp_path / "study", planned(count=3)).notices
    (line,) = [notice for notice in notices if "copies" in notice]
    assert line.startswith("quokka: 3 files (")
    assert all(name in line for name in ("0.wav", "1.wav", "2.flac"))


def test_the_same_notes_in_two_sources_are_said_whatever_the_file(tmp_path: Path) -> None:
    for name, seed, later in (("a", 1, 0.0), ("b", 1, 1.0), ("c", 2, 0.0)):
        pitches = np.random.default_rng(seed).integers(40, 84, 40)
        notes = Notes.of((later + 0.25 * n, later + 0.25 * n + 0.25, int(p), 80) for n, p in enumerate(pitches))
        write_midi(notes, tmp_path / f"{name}.mid")
    a, b, c = (tmp_path / f"{name}.mid" for name in "abc")
    plan = planned(count=1)
    notices = made({"zebrafinch": [a], "quokka": [b], "wren": [c]}, tmp_path / "study", plan).notices
    (line,) = [notice for notice in notices if "same music" in notice]
    assert line.startswith(f"zebrafinch and quokka have the same music in 2 files ({a}, {b})")


def test_one_clip_too_large_in_stereo_makes_the_whole_study_mono(tmp_path: Path) -> None:
    noise = np.random.default_rng(1).normal(0, 0.05, (44100 * 9, 2))
    tone = 0.1 * np.sin(2 * np.pi * 440 * np.arange(44100 * 9) / 44100)
    soundfile.write(tmp_path / "noise.wav", noise, 44100)
    soundfile.write(tmp_path / "tone.wav", np.stack([tone, 0.5 * tone], axis=1), 44100)
    sources = {"zebrafinch": [tmp_path / "tone.wav"], "noise": [tmp_path / "noise.wav"]}
    created = made(sources, tmp_path / "study", planned(count=1, seconds=8.5))
    assert created.mono
    assert created.size < writing.LARGEST
    assert {soundfile.info(created.study.clip_path(clip)).channels for clip in created.study.clips} == {1}


def test_clips_too_large_even_in_mono_are_refused(
    tiny_sources: Sources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writing, "LARGEST", 1000)
    with pytest.raises(UserError, match="bytes even in mono; at most 1000 are accepted; use shorter --seconds"):
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
    with pytest.raises(UserError, match="--human Bach is not one of the sources"):
        create_study(tiny_sources, "Bach", tmp_path / "study", PLAN, RenderSettings())


def test_humans_alone_are_no_study(tiny_sources: Sources, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="at least 2 sources"):
        made({"zebrafinch": tiny_sources["zebrafinch"]}, tmp_path / "study")


def test_too_little_music_names_the_source(tiny_sources: Sources, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="zebrafinch: only 6 segments of 2 s"):
        made(tiny_sources, tmp_path / "study", planned(count=50))


def missing_clip(study: Study) -> None:
    study.clip_path(study.clips[0]).unlink()


def damaged(study: Study) -> None:
    (study.folder / "study.json").write_text("{")


def another_format(study: Study) -> None:
    (study.folder / "study.json").write_text('{"format": 99}')


def incomplete(study: Study) -> None:
    (study.folder / "study.json").write_text('{"format": 1, "clips": []}')


@pytest.mark.parametrize("harm", [missing_clip, damaged, another_format, incomplete])
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
