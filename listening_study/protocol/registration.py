"""The pre-registration: what was decided before the first answer, and its hash, which proves that it did not change.

`study.json` publishes the SHA-256 of `registration.json`, and so does the journal of the store when the first listener
is admitted. The participants' server never reads the file: it names the sources.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from pydantic import TypeAdapter

from clstm.runtime.errors import MismatchError, UserError
from clstm.runtime.files import write_text
from listening_study.protocol.configuration import Registration
from listening_study.protocol.study import Study
from listening_study.protocol.tasks import Task


@dataclass(frozen=True)
class Registered:
    """The registration of one study: what the configuration said, with the names it left open filled in.

    controls : why each system's music has the limits that all music is heard under; none in a study of before, nor
        where music is heard as it was made
    tasks : as configured, with the systems of each
    """

    human: str
    sources: tuple[str, ...]
    plan: Registration  # `contrasts` names at least one source
    controls: dict[str, str] = field(default_factory=dict)
    tasks: tuple[Task, ...] = ()

    def write(self, path: Path) -> str:
        """Returns the SHA-256 of the file."""
        content = _ADAPTER.dump_json(self, indent=2).decode() + "\n"
        write_text(path, content)
        return sha256(content.encode()).hexdigest()


_ADAPTER = TypeAdapter(Registered)


def register(
    human: str,
    sources: tuple[str, ...],
    plan: Registration,
    controls: Mapping[str, str] | None = None,
    tasks: tuple[Task, ...] = (),
) -> Registered:
    """Fill in what the configuration left open. Raises `UserError` for names that are no sources of the study.

    >>> register("bach", ("bach", "lstm", "noise"), Registration(anchor="noise")).plan.contrasts
    ('lstm', 'noise')
    """
    others = tuple(source for source in sources if source != human)
    contrasts = plan.contrasts or others
    for name in (*contrasts, *([plan.anchor] if plan.anchor else [])):
        if name not in others:
            raise UserError(f"registration: {name!r} cannot be tested against {human}; choose from {', '.join(others)}")
    return Registered(human, sources, plan.model_copy(update={"contrasts": contrasts}), dict(controls or {}), tasks)


def open_registration(study: Study) -> Registered:
    """The registration of a study, verified against the hash its study.json published.

    Raises `MismatchError` when it was changed, `UserError` when it cannot be read.
    """
    try:
        content = study.registration_path.read_bytes()
    except OSError as error:
        raise UserError(
            f"{study.registration_path} cannot be read ({error.strerror}); restore it from a copy of the study"
        ) from error
    digest = sha256(content).hexdigest()
    if digest != study.registration_sha256:
        raise MismatchError(
            f"{study.registration_path} is not what this study was registered with: its SHA-256 is {digest[:16]}…, "
            f"study.json published {study.registration_sha256[:16]}…; restore the original"
        )
    return _ADAPTER.validate_json(content)
