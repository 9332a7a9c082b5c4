"""The sealed key: which clip came from which source, piece and position. Read by the researcher's commands only."""

import json
import secrets
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from pathlib import Path

from clstm.runtime.errors import MismatchError, UserError
from listening_study.protocol.private_files import write_private
from listening_study.protocol.study import Study

PROMPT, REFERENCE = "prompt", "reference"  # sources of clips that are not played as a system's own


@dataclass(frozen=True)
class Origin:
    """Where one clip came from and what was done to it."""

    source: str
    piece: str  # file name
    start: float  # seconds into the piece
    loudness: float  # LUFS, before the gain
    gain: float  # dB
    prompt: str = ""  # what its prompt is from, where clips are matched by prompts


@dataclass(frozen=True)
class Key:
    """The whole sealed key."""

    human: str  # which source is the human one
    sources: tuple[str, ...]  # in the order they were given
    replaced: dict[str, int]  # nearly silent segments that were replaced, by source
    clips: dict[str, Origin]  # of the main trials
    aside: dict[str, Origin]  # of practice and catch trials
    # What tasks need besides: the source is "prompt", "reference" (hidden), an anchor, or for X of ABX its own.
    others: dict[str, Origin] = field(default_factory=dict)

    def seal(self, path: Path) -> str:
        """Write the key, readable by its owner alone. Returns the SHA-256 of the file, made unguessable by a salt."""
        content = json.dumps({"salt": secrets.token_hex(32), **asdict(self)}, indent=2, ensure_ascii=False) + "\n"
        path.parent.mkdir(mode=0o700)
        write_private(path, content)
        return sha256(content.encode()).hexdigest()


def open_key(study: Study) -> Key:
    """The key of a study, verified against the hash its study.json published.

    Raises `MismatchError` when it was changed, `UserError` when it cannot be read.
    """
    try:
        data = study.key_path.read_bytes()
    except OSError as error:
        raise UserError(
            f"{study.key_path} cannot be read ({error.strerror}); results need the key sealed when the study was made"
        ) from error
    digest = sha256(data).hexdigest()
    if digest != study.key_sha256:
        raise MismatchError(
            f"{study.key_path} is not the key this study was made with: its SHA-256 is {digest[:16]}…, "
            f"study.json published {study.key_sha256[:16]}…; restore the original"
        )
    content = json.loads(data)
    del content["salt"]
    clips, aside, others = (
        {clip: Origin(**origin) for clip, origin in content.pop(role, {}).items()}
        for role in ("clips", "aside", "others")
    )
    return Key(**{**content, "sources": tuple(content["sources"])}, clips=clips, aside=aside, others=others)
