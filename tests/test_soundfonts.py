"""SoundFonts are found by name, and one that cannot be used, or lacks what music asks for, is said."""

from pathlib import Path

import numpy as np
import pytest
from fluidsynth_player import played
from midi_bytes import midi, off, on, program
from small_soundfont import ogg, soundfont, tone
from typer.testing import CliRunner

from clstm.cli.main import load_commands
from clstm.music.midi import Notes, write_midi
from clstm.runtime.errors import UserError
from evaluation import doctor
from evaluation.audio.files import heard
from evaluation.audio.installed import installed_soundfonts, named_soundfont
from evaluation.audio.render import RenderSettings, render
from evaluation.audio.synthesizer import default_soundfont

TUNE = Notes.of([(k / 4, k / 4 + 0.25, 60 + k % 7, 80) for k in range(8)])
SHORT = ("--clips", "1", "--seconds", "1", "--after", "0")
BAND = midi((0, program(40)), (0, on(60)), (0, on(36, 9)), (480, off(60)), (0, off(36, 9)))


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's folder of SoundFonts, and no other."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setattr(doctor, "SOUNDFONT_FOLDERS", ())
    folder = tmp_path / "data" / "soundfonts"
    folder.mkdir(parents=True)
    return folder


@pytest.mark.parametrize("name", ["FluidR3_GM", "FluidR3_GM.sf2", "fluidr3_gm", "FluidR3 GM", "fluidr3"])
def test_a_name_finds_what_is_installed_however_it_is_spelt(name: str, installed: Path) -> None:
    there = soundfont(installed / "FluidR3_GM.sf2")
    assert RenderSettings(soundfont=Path(name)).soundfont == there


def test_a_file_here_comes_before_one_installed(
    installed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    soundfont(installed / "piano.sf2")
    monkeypatch.chdir(tmp_path)
    soundfont(Path("piano.sf2"))
    assert named_soundfont(Path("piano.sf2")) == Path("piano.sf2")
    assert named_soundfont(Path("elsewhere/piano.sf2")) == Path("elsewhere/piano.sf2")


def test_a_name_that_none_has_says_where_it_was_looked_for_and_what_is_there(installed: Path) -> None:
    soundfont(installed / "Salamander.sf2")
    with pytest.raises(UserError) as refused:
        RenderSettings(soundfont=Path("FluidR3"))
    message = str(refused.value)
    assert message.startswith("the SoundFont FluidR3 cannot be opened")
    assert str(installed) in message
    assert "(installed: Salamander)" in message
    assert "\n" not in message


def test_a_name_that_several_begin_with_is_refused_with_their_names(installed: Path) -> None:
    for name in ("FluidR3_GM.sf2", "FluidR3_GS.sf2"):
        soundfont(installed / name)
    with pytest.raises(UserError, match="one of several: FluidR3_GM, FluidR3_GS; give the whole name"):
        named_soundfont(Path("fluid"))
    assert named_soundfont(Path("FluidR3_GS")).name == "FluidR3_GS.sf2"


def test_better_is_the_best_that_is_installed(installed: Path) -> None:
    with pytest.raises(UserError, match="none of the SoundFonts MuseScore_General, GeneralUser, FluidR3_GM is in"):
        named_soundfont(Path("better"))
    soundfont(installed / "FluidR3_GM.sf2")
    assert named_soundfont(Path("better")).name == "FluidR3_GM.sf2"
    soundfont(installed / "GeneralUser GS v1.471.sf2")
    assert named_soundfont(Path("better")).name == "GeneralUser GS v1.471.sf2"


def test_a_file_with_several_links_is_listed_once_under_its_own_name(installed: Path) -> None:
    (installed / "default-GM.sf2").symlink_to(soundfont(installed / "TimGM6mb.sf2"))
    (installed / "gone.sf2").symlink_to(installed / "removed.sf2")
    assert [path.name for path in installed_soundfonts()] == ["TimGM6mb.sf2"]


def test_the_doctor_lists_them(installed: Path) -> None:
    assert "none in " in doctor.soundfonts([]).detail
    soundfont(installed / "Salamander.sf2")
    shown = CliRunner().invoke(load_commands(), ["doctor"])
    assert "Salamander (0 MB" in " ".join(shown.output.split())


@pytest.mark.parametrize("verb", ["render", "measure", "compare", "spectra", "study"])
def test_every_verb_that_makes_sound_takes_a_name(verb: str, installed: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        for number in range(2):
            write_midi(TUNE.between(0, 1.5 + number / 4), tmp_path / name / f"{name}{number}.mid")
    one, two, out = f"one={tmp_path / 'one'}", f"two={tmp_path / 'two'}", str(tmp_path / "out.json")
    words = {
        "render": ["render", str(tmp_path / "one"), "--out", out],
        "measure": ["measure", one, "--out", out],
        "compare": ["compare", one, two, "--reference", "one", "--out", out],
        "spectra": ["spectra", "record", str(tmp_path / "one"), "--out", out],
        "study": ["study", "create", one, two, "--human", "one", *SHORT, "--out", out],
    }[verb]
    refused = CliRunner().invoke(load_commands(), [*words, "--soundfont", "Salamander"])
    assert isinstance(refused.exception, UserError)
    assert "the SoundFont Salamander cannot be opened" in str(refused.exception)
    soundfont(installed / "Salamander.sf2")
    done = CliRunner().invoke(load_commands(), [*words, "--soundfont", "Salamander"])
    assert done.exit_code == 0, done.output


def test_compressed_samples_are_heard(tmp_path: Path) -> None:
    plain = render(TUNE, RenderSettings(soundfont=soundfont(tmp_path / "a.sf2")))
    packed = render(TUNE, RenderSettings(soundfont=soundfont(tmp_path / "a.sf3", compressed=ogg(tone()))))
    assert np.abs(plain).max() > 0.01
    np.testing.assert_allclose(packed, plain, atol=0.1 * np.abs(plain).max())


@pytest.mark.parametrize("content", [b"OggS" + bytes(400), ogg(tone())[:300], b"no sound at all" * 40])
def test_compressed_samples_that_cannot_be_read_are_refused_not_silent(content: bytes, tmp_path: Path) -> None:
    broken = soundfont(tmp_path / "a.sf3", compressed=content)
    with pytest.raises(UserError) as refused:
        render(TUNE, RenderSettings(soundfont=broken))
    assert str(broken) in str(refused.value)
    assert "damaged" in str(refused.value)
    assert "\n" not in str(refused.value)
    assert np.abs(render(TUNE)).max() > 0.01, "the next one is heard"


def test_a_bank_of_another_kind_is_refused_by_its_kind(tmp_path: Path) -> None:
    path = tmp_path / "gm.dls"
    path.write_bytes(b"RIFF" + (92).to_bytes(4, "little") + b"DLS " + bytes(88))
    with pytest.raises(UserError, match="is a DLS bank, not a SoundFont"):
        render(TUNE, RenderSettings(soundfont=path))
    with pytest.raises(UserError, match="is not a file"):
        render(TUNE, RenderSettings(soundfont=tmp_path))


def test_without_drums_the_rest_is_heard_and_what_is_silent_is_said(tmp_path: Path) -> None:
    path = tmp_path / "band.mid"
    path.write_bytes(BAND)
    settings = RenderSettings(soundfont=soundfont(tmp_path / "piano.sf2"), tail=0.5)
    sound = heard(path, settings)
    assert sound.remarks == (
        "asks for program 40, which the SoundFont lacks; another is heard",
        "asks for drum kit 0, which the SoundFont lacks; nothing of it is heard",
    )
    assert np.abs(sound.waveform).max() > 0.01
    np.testing.assert_array_equal(sound.waveform, played(path, len(sound.waveform) / 44100, settings))


def test_with_nothing_but_drums_only_these_are_heard(tmp_path: Path) -> None:
    path = tmp_path / "band.mid"
    path.write_bytes(BAND)
    settings = RenderSettings(soundfont=soundfont(tmp_path / "drums.sf2", bank=128), tail=0.5)
    sound = heard(path, settings)
    assert sound.remarks == ("asks for program 40, which the SoundFont lacks; nothing of it is heard",)
    np.testing.assert_array_equal(sound.waveform, played(path, len(sound.waveform) / 44100, settings))


def test_the_bundled_one_stays_the_default(installed: Path) -> None:
    soundfont(installed / "FluidR3_GM.sf2")
    assert RenderSettings().soundfont_file == default_soundfont()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"phdr", b"phdx"),
        (b"inst\x2c\0\0\0", b"inst\x2b\0\0\0"),  # not whole records
        (b"pbag\x08\0\0\0\0\0\0\0\1\0", b"pbag\x08\0\0\0\5\0\0\0\1\0"),  # not in order
    ],
)
def test_a_damaged_one_is_refused_and_nothing_else_is_printed(
    before: bytes, after: bytes, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = soundfont(tmp_path / "a.sf2")
    content = path.read_bytes()
    if before not in content:
        pytest.fail("the file is not what this test was written for")
    path.write_bytes(content.replace(before, after))
    with pytest.raises(UserError, match="is damaged; give another"):
        render(TUNE, RenderSettings(soundfont=path))
    assert capfd.readouterr() == ("", "")


def test_robustness_with_the_second_soundfont_as_the_first_takes_the_bundled_one(
    installed: Path, tmp_path: Path
) -> None:
    soundfont(installed / "FluidR3_GM.sf2")
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        write_midi(TUNE, tmp_path / name / f"{name}.mid")
    words = ["compare", f"one={tmp_path / 'one'}", f"two={tmp_path / 'two'}", "--reference", "one", "--robustness"]
    done = CliRunner().invoke(load_commands(), [*words, "--soundfont", "fluidr3", "--out", str(tmp_path / "out")])
    assert done.exit_code == 0, done.output
    assert "SoundFont TimGM6mb.sf2" in (tmp_path / "out" / "comparison.json").read_text(encoding="utf-8")


def test_an_empty_name_is_refused() -> None:
    with pytest.raises(UserError, match=r"^no SoundFont is named; give an \.sf2 or \.sf3 file, or the name"):
        named_soundfont(Path())
