"""A study's folder, and the part of it that the participants' page may read.

    study.json          what this module reads: nothing in it tells a clip's source
    clips/<clip>.flac   the blind clips; their names are random
    volume.flac         for the volume check
    answers.sqlite      what listeners answered (`listening_study.store`)
    sealed/key.json     clip -> source (`listening_study.key`); only the researcher's commands read it

`study.json` publishes the SHA-256 of the sealed key, which holds a random salt: nobody can guess the key from the hash,
and nobody can change the key after the first answer unseen.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from clstm.errors import MismatchError, UserError
from clstm.files import write_json

FORMAT = 1


@dataclass(frozen=True)
class Study:
    """What `study.json` holds, and where."""

    folder: Path
    title: str
    language: str
    created: str  # UTC, ISO 8601
    seed: int  # of the order of clips
    seconds: float  # length of a clip
    clips: tuple[str, ...]  # in the order of their random names
    key_sha256: str
    sound: dict[str, Any]  # how every clip was rendered and levelled

    @property
    def answers_path(self) -> Path:
        return self.folder / "answers.sqlite"

    @property
    def key_path(self) -> Path:
        return self.folder / "sealed" / "key.json"

    @property
    def volume_path(self) -> Path:
        return self.folder / "volume.flac"

    def clip_path(self, clip: str) -> Path:
        return self.folder / "clips" / f"{clip}.flac"

    def write(self) -> None:
        content = asdict(self)
        del content["folder"]
        write_json(self.folder / "study.json", {"format": FORMAT, **content})


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
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        found = content.get("format") if isinstance(content, dict) else None
        raise MismatchError(f"{path} has format {found}; this version reads {FORMAT}; use the version that made it")
    del content["format"]
    try:
        study = Study(folder=Path(folder), **{**content, "clips": tuple(content["clips"])})
    except (TypeError, KeyError) as error:
        raise UserError(f"{path} is damaged ({error}); restore it from a copy of the study") from error
    missing = [clip for clip in study.clips if not study.clip_path(clip).is_file()]
    if missing or not study.answers_path.is_file():
        what = f"{len(missing)} of its clips" if missing else "answers.sqlite"
        raise UserError(f"{folder} is not whole: it lacks {what}; restore it from a copy of the study")
    return study
