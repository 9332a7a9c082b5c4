"""A study's folder, and the part of it that the participants' page may read.

    study.json          what this module reads; it reveals neither a clip's source nor which clips share one
    order.json          the secret that every listener's order comes from (`listening_study.protocol.order`)
    registration.json   what was decided before the first answer (`listening_study.protocol.registration`)
    clips/<clip>.flac   the blind clips; their names are random
    volume.flac         for the volume check; headphones-<n>.flac for the headphone check
    words/<code>.toml   reviewed wording, where the researcher gave some
    answers.sqlite      what listeners answered (`listening_study.store`), unless that is in another database
    dashboard.json      the dashboard's password, hashed
    sealed/key.json     clip -> source (`listening_study.protocol.key`); only the researcher's commands read it

`study.json` publishes the SHA-256 of the sealed key, which holds a random salt: nobody can guess the key from the hash,
and nobody can change the key unnoticed after the first answer. It publishes that of the order and of the
registration in the same way. `study.json` itself may be published; only the owner may read the secret files
(`Study.private_paths`).
"""

import json
from dataclasses import dataclass, replace
from itertools import accumulate
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import Field, TypeAdapter, ValidationError

from clstm.runtime.errors import MismatchError, UserError
from clstm.runtime.files import write_json
from listening_study.protocol.configuration import Access, Consent, Design, Words
from listening_study.protocol.design import DesignSize, Recruitment
from listening_study.protocol.tasks import Task, TaskKind

FORMAT = 3
OLD = 2  # the order of clips comes from the public seed; read, never written


@dataclass(frozen=True)
class Study:
    """What `study.json` holds, and where."""

    folder: Path
    title: str
    created: str  # UTC, ISO 8601
    seed: int  # of the choice of songs and segments
    seconds: float  # length of a clip
    clips: tuple[str, ...]  # of the main trials, in the order of their random names
    sources: Annotated[int, Field(ge=1)]  # how many there are; each has as many clips
    key_sha256: str
    registration_sha256: str
    order_sha256: str  # of order.json; "" in an old study, whose order can be computed
    sound: dict[str, Any]  # how every clip was rendered and levelled
    design: Design = Design()
    consent: Consent = Consent()
    access: Access = Access()
    words: Words = Words()
    catch: tuple[str, ...] = ()  # three beeps each; the agreed answer is "human"
    practice: tuple[str, ...] = ()
    headphones: tuple[tuple[str, int], ...] = ()  # file and the quietest of its three tones, 1..3
    tasks: tuple[Task, ...] = ()  # in the order heard, with every number filled in; none: one block of `source`
    prompt_seconds: float = 0.0  # length of a prompt's clip; 0 where no task has prompts
    others: tuple[str, ...] = ()  # clips that tasks need besides: prompts, hidden references, anchors, X of ABX
    synthetic: bool = False  # a copy that `clstm study simulate` filled: no listener ever took part

    @property
    def size(self) -> DesignSize:
        clips = len(self.clips) // self.sources
        return DesignSize(self.sources, clips, self.design.clips_each or clips, len(self.catch), self.design.repeats)

    @property
    def blocks(self) -> tuple[Task, ...]:
        """The tasks in the order heard; a study without any has one, `source`."""
        return self.tasks or (Task(),)

    @property
    def asks_source(self) -> bool:
        """Whether listeners are asked who made a clip."""
        return any(task.kind is TaskKind.SOURCE for task in self.blocks)

    @property
    def judges(self) -> bool:
        """Whether listeners have another task besides."""
        return any(task.kind is not TaskKind.SOURCE for task in self.blocks)

    @property
    def trials(self) -> int:
        """Screens of one listener, in all blocks, but practice."""
        return sum(map(self._trials_of, self.blocks))

    def block_of(self, trial: int) -> int:
        """The place in `blocks` of a trial, from 0; of one after the last, that of the last."""
        ends = accumulate(map(self._trials_of, self.blocks))
        return next((place for place, end in enumerate(ends) if trial < end), len(self.blocks) - 1)

    def _trials_of(self, task: Task) -> int:
        return self.size.trials if task.kind is TaskKind.SOURCE else (task.each or 0) + task.repeats

    @property
    def recruitment(self) -> Recruitment | None:
        """When it has enough listeners; None where newcomers are admitted until it is closed, as in studies of before.

        >>> study = Study(Path(), "A study", "", 0, 10.0, ("a", "b"), 2, "", "", "", sound={})
        >>> replace(study, access=Access(full_at=20)).recruitment, study.recruitment
        (Recruitment(listeners=20, trials=2), None)
        """
        return Recruitment(self.access.full_at, self.trials) if self.access.full_at else None

    @property
    def has_secret_order(self) -> bool:
        return bool(self.order_sha256)

    @property
    def path(self) -> Path:
        return self.folder / "study.json"

    @property
    def order_path(self) -> Path:
        return self.folder / "order.json"

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
    def private_paths(self) -> tuple[Path, ...]:
        """Files that only their owner may read.

        >>> study = Study(Path(), "A study", "", 0, 10.0, ("a", "b"), 2, "", "", "", sound={})
        >>> [str(path) for path in study.private_paths]
        ['order.json', 'sealed/key.json', 'dashboard.json', 'answers.sqlite']
        """
        return self.order_path, self.key_path, self.password_path, self.answers_path

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
        write_json(self.path, {"format": FORMAT, **_plain(self)})

    def amend(self, **changes: Any) -> Self:
        """The study with parts of study.json changed; one of an old format keeps it."""
        amended = replace(self, **changes)
        content = _plain(amended)
        kept = json.loads(self.path.read_text(encoding="utf-8"))
        write_json(self.path, kept | {name: content[name] for name in changes})
        return amended


_ADAPTER = TypeAdapter(Study)


def _plain(study: Study) -> dict[str, Any]:
    content: dict[str, Any] = _ADAPTER.dump_python(study, mode="json", exclude={"folder"})
    return content


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
    found = content.pop("format", None) if isinstance(content, dict) else None
    if found not in (OLD, FORMAT):
        raise MismatchError(
            f"{path} has format {found}; this version reads {OLD} and {FORMAT}; use the version that made it"
        )
    try:
        content = _as_now(content) if found == OLD else content
        study = _ADAPTER.validate_python({**content, "folder": Path(folder)})
    except ValidationError as error:
        where = ".".join(map(str, error.errors()[0]["loc"]))
        raise UserError(
            f"{path} is damaged ({where}: {error.errors()[0]['msg']}); restore it from a copy of the study"
        ) from error
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(f"{path} is damaged ({error}); restore it from a copy of the study") from error
    clips = [*study.clips, *study.catch, *study.practice]
    wanted = [study.volume_path, *(study.headphone_path(name) for name, _ in study.headphones)]
    missing = [file.name for file in [*map(study.clip_path, [*clips, *study.others]), *wanted] if not file.is_file()]
    if missing:
        raise UserError(
            f"{folder} is incomplete: it lacks {len(missing)} of its sounds ({missing[0]}); "
            "restore it from a copy of the study"
        )
    return study


def _as_now(old: dict[str, Any]) -> dict[str, Any]:
    """The content of a study.json in the old format, without what is secret now."""
    strata, practice = old.pop("strata"), old.pop("practice", [])
    clips = sorted(clip for stratum in strata for clip in stratum)
    return {
        **old,
        "clips": clips,
        "sources": len(strata),
        "practice": [clip for clip, _ in practice],
        "order_sha256": "",
    }
