"""The secret order: who hears which clip when. The participants' server reads it, and never sends it.

`order.json` holds a secret of 256 bits, from which every listener's order is computed (`design`), and what would reveal
an order: which clips share a source or a prompt, and the right answers to the practice clips. Only its owner may read
it. `study.json` publishes its SHA-256; a random salt prevents guessing. The owner of the file can prove that the study
was made with it, and compute every order again.

In studies of format 2 there is no such file. Their order comes from the seed in `study.json`, which also holds the
grouping of clips: anybody with that file and the code can compute it.
"""

import json
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from clstm.runtime.errors import MismatchError, UserError
from listening_study.protocol.design import Layout, Trial, trials
from listening_study.protocol.private_files import write_private
from listening_study.protocol.study import Study

BYTES = 32  # of the secret
COMPUTABLE = (
    "The order of clips could be computed from public values: this study was made before orders came from a secret, so "
    "a listener who knew the code could have found out which clips share a source."
)


@dataclass(frozen=True)
class Row:
    """The clips of one prompt, or piece: what screens of it are made of.

    clips : one of each system, in one order in all rows of a block; MUSHRA: also the hidden reference and the anchors
    prompt : what they continue
    reference : the human clip that MUSHRA shows openly, and that ABX compares with
    copies : ABX: the reference and then each of the clips again, to be X
    """

    clips: tuple[str, ...]
    prompt: str | None = None
    reference: str | None = None
    copies: tuple[str, ...] = ()


@dataclass(frozen=True)
class Material:
    """What one block of the study is made of; a block of `source` has no rows of its own."""

    rows: tuple[Row, ...] = ()


@dataclass(frozen=True)
class Order:
    """What decides who hears what.

    strata : main clips by source, sources in random order and without names
    practice : clip and right answer, in the order heard
    materials : of each block of the study's tasks; empty where it has none but `source`
    """

    secret: str = field(repr=False)
    strata: tuple[tuple[str, ...], ...]
    practice: tuple[tuple[str, str], ...] = ()
    materials: tuple[Material, ...] = ()

    def layout(self, study: Study) -> Layout:
        each = study.size.each
        return Layout(self.strata, each, study.catch, study.design.repeats, one_square=not study.has_secret_order)

    def trials(self, study: Study, slot: int) -> list[Trial]:
        """What the listener of this slot (0, 1, 2, ...) hears, in order."""
        return trials(self.secret, slot, self.layout(study))

    def seal(self, path: Path) -> str:
        """Write the file. Returns its SHA-256."""
        content = json.dumps({"salt": secrets.token_hex(BYTES), **asdict(self)}, indent=2) + "\n"
        write_private(path, content)
        return sha256(content.encode()).hexdigest()


def new_secret() -> str:
    return secrets.token_hex(BYTES)


def open_order(study: Study) -> Order:
    """The order of a study, verified against the hash its study.json published; of an old study, the one it had.

    Raises `MismatchError` when it was changed, `UserError` when it cannot be read.
    """
    if not study.has_secret_order:
        content = json.loads(study.path.read_text(encoding="utf-8"))
        return _order(str(content["seed"]), content)
    path = study.order_path
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UserError(
            f"{path} cannot be read ({error.strerror}); without it no listener's order is known: restore it from a "
            "copy of the study"
        ) from error
    digest = sha256(data).hexdigest()
    if digest != study.order_sha256:
        raise MismatchError(
            f"{path} is not the order this study was made with: its SHA-256 is {digest[:16]}…, study.json published "
            f"{study.order_sha256[:16]}…; restore the original"
        )
    content = json.loads(data)
    return _order(content["secret"], content)


def _order(secret: str, content: Mapping[str, Any]) -> Order:
    strata = tuple(tuple(stratum) for stratum in content["strata"])
    practice = tuple((clip, truth) for clip, truth in content.get("practice", ()))
    materials = TypeAdapter(tuple[Material, ...]).validate_python(content.get("materials", ()))
    return Order(secret, strata, practice, materials)


def doubts(study: Study) -> list[str]:
    """What a reader of the results must know about the order, one sentence each; none where it is verified."""
    if not study.has_secret_order:
        return [COMPUTABLE]
    try:
        open_order(study)
    except UserError as error:
        return [f"It cannot be shown that listeners heard the clips in the order planned: {error}."]
    return []
