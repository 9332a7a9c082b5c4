"""Where the answers of a study are kept: a file in its folder, or the database that `--database` names."""

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from clstm.errors import MismatchError
from listening_study.store import Store
from listening_study.store.connection import migrate
from listening_study.study import Study

VARIABLE = "CLSTM_STUDY_DATABASE"  # how an app that a verb started learns of it; absent: in the study's folder


def answers_address(study: Study, database: str | None = None) -> Path | str:
    """What the verb was given, else what the environment says, else the file in the study's folder."""
    return database or os.environ.get(VARIABLE) or study.answers_path


def refuse_another(study: Study, store: Store) -> None:
    """Raise `MismatchError` when the first listener of this database was admitted under another registration."""
    first = store.registered()
    if first and first != study.registration_sha256:
        raise MismatchError(
            f"{study.folder}: the first listener was admitted under the registration {first[:16]}…, study.json now "
            f"names {study.registration_sha256[:16]}…; restore the original, or name this study's own --database"
        )


@contextmanager
def open_answers(study: Study, database: str | None = None) -> Iterator[Store]:
    """The store, brought to the newest schema. Raises `UserError` where it cannot be used."""
    address = answers_address(study, database)
    migrate(address)
    with closing(Store(address)) as store:
        yield store
