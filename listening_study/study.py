"""A study's folder, and the part of it that the participants' page may read.

    study.json          what this module reads: nothing in it tells a clip's source, nor names one
    registration.json   what was decided before the first answer (`listening_study.registration`)
    clips/<clip>.flac   the blind clips; their names are random
    volume.flac         for the volume check; headphones-<n>.flac for the headphone check
    words/<code>.toml   reviewed wording, where the researcher gave some
    answers.sqlite      what listeners answered (`listening_study.store`), unless that is in another database
    dashboard.json      the dashboard's password, hashed
    sealed/key.json     clip -> source (`listening_study.key`); only the researcher's commands read it

`study.json` publishes the SHA-256 of the sealed key, which holds a random salt: nobody can guess the key from the hash,
and nobody can change the key after the first answer unseen. It publishes that of the registration in the same way.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from clstm.errors import MismatchError, UserError
from clstm.files import write_json
from listening_study.configuration import Access, Consent, Design, Words
from listening_study.design import Layout

FORMAT = 2


@dataclass(frozen=True)
class Study:
    """What `study.json` holds, and where."""

    folder: Path
    title: str
    created: str  # UTC, ISO 8601
    seed: int  # of the order of clips
    seconds: float  # length of a clip
    strata: tuple[tuple[str, ...], ...]  # main clips by source, sources in random order and without names
    key_sha256: str
    registration_sha256: str
    sound: dict[str, Any]  # how every clip was rendered and levelled
    design: Design = Design()
    consent: Consent = Consent()
    access: Access = Access()
    words: Words = Words()
    catch: tuple[str, ...] = ()  # three beeps each; the agreed answer is "human"
    practice: tuple[tuple[str, str], ...] = ()  # clip and right answer, in the order heard
    headphones: tuple[tuple[str, int], ...] = ()  # file and the quietest of its three tones, 1..3
    synthetic: bool = False  # a copy that `clstm study simulate` filled: no listener ever took part

    @property
    def clips(self) -> tuple[str, ...]:
        """Every clip of the main trials, by name."""
        return tuple(sorted(clip for stratum in self.strata for clip in stratum))

    @property
    def layout(self) -> Layout:
        each = self.design.clips_each or len(self.strata[0])
        return Layout(self.strata, each, self.catch, self.design.repeats)

    @property
    def answers_path(self) -> Path:
        return self.folder / "answers.sqlite"

    @property
    def key_path(self) -> Path:
        return self.folder / "sealed" / "key.json"

    @property
    def registration_path(self) -> Path:
        return self.folder / "registration.json"

    @property
    def password_path(self) -> Path:
        return self.folder / "dashboard.json"

    @property
    def volume_path(self) -> Path:
        return self.folder / "volume.flac"

    def headphone_path(self, name: str) -> Path:
        return self.folder / f"{name}.flac"

    def clip_path(self, clip: str) -> Path:
        return self.folder / "clips" / f"{clip}.flac"

    def words_path(self, language: str) -> Path:
        return self.folder / "words" / f"{language}.toml"

    def write(self) -> None:
        content = _ADAPTER.dump_python(self, mode="json", exclude={"folder"})
        write_json(self.folder / "study.json", {"format": FORMAT, **content})


_ADAPTER = TypeAdapter(Study)


def read_study(folder: Path) -> Study:
    """Read a study's folder. Raises `UserError` when it is none, `MismatchError` when another version made it."""
    path = Path(folder) / "study.json"
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(
            f"{folder} is not a study (no readable study.json); make one with `clstm study create`"
        ) from error
    except ValueError as error:
        raise UserError(f"{path} is damaged ({error}); restore it from a copy of the study") from error
    if not isinstance(content, dict) or content.pop("format", None) != FORMAT:
        found = json.loads(path.read_text(encoding="utf-8"))
        found = found.get("format") if isinstance(found, dict) else None
        raise MismatchError(f"{path} has format {found}; this version reads {FORMAT}; use the version that made it")
    try:
        study = _ADAPTER.validate_python({**content, "folder": Path(folder)})
    except ValidationError as error:
        where = ".".join(map(str, error.errors()[0]["loc"]))
        raise UserError(
            f"{path} is damaged ({where}: {error.errors()[0]['msg']}); restore it from a copy of the study"
        ) from error
    clips = [*study.clips, *study.catch, *(clip for clip, _ in study.practice)]
    wanted = [study.volume_path, *(study.headphone_path(name) for name, _ in study.headphones)]
    missing = [file.name for file in [*map(study.clip_path, clips), *wanted] if not file.is_file()]
    if missing:
        raise UserError(
            f"{folder} is not whole: it lacks {len(missing)} of its sounds ({missing[0]}); "
            "restore it from a copy of the study"
        )
    return study
