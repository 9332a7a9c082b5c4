"""Where the answers of a study are kept: a file in its folder, or the database that `--database` names."""

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from listening_study.store import Store
from listening_study.store.connection import migrate
from listening_study.study import Study

VARIABLE = "CLSTM_STUDY_DATABASE"  # how an app that a verb started learns of it; absent: in the study's folder


def answers_address(study: Study, database: str | None = None) -> Path | str:
    """What the verb was given, else what the environment says, else the file in the study's folder."""
    return database or os.environ.get(VARIABLE) or study.answers_path


@contextmanager
def open_answers(study: Study, database: str | None = None) -> Iterator[Store]:
    """The store, brought to the newest schema. Raises `UserError` where it cannot be used."""
    address = answers_address(study, database)
    migrate(address)
    with closing(Store(address)) as store:
        yield store
