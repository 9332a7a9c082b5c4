"""Where the answers of a study are kept: a file in its folder, or the database that `--database` names."""

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from clstm.runtime.errors import MismatchError
from listening_study.protocol.study import Study
from listening_study.store import Store
from listening_study.store.connection import migrate

VARIABLE = "CLSTM_STUDY_DATABASE"  # how an app that a verb started learns of it; absent: in the study's folder


def answers_address(study: Study, database: str | None = None) -> Path | str:
    """What the verb was given, else what the environment says, else the file in the study's folder."""
    return database or os.environ.get(VARIABLE) or study.answers_path


def refuse_another(study: Study, store: Store) -> None:
    """Raise `MismatchError` when the answers in this database are those of another study."""
    first = store.registered()
    if first and first != study.registration_sha256:
        raise MismatchError(
            f"{study.folder}: the first listener was admitted under the registration {first[:16]}…, study.json now "
            f"names {study.registration_sha256[:16]}…; restore the original, or name this study's own --database"
        )
    _refuse_another_order(study, store.served())


def begin_serving(study: Study, store: Store) -> None:
    """Every server of a study must have the same secret order: the first to start logs it, others must match it.

    Raises `MismatchError` when the answers in this database are those of another study.
    """
    refuse_another(study, store)
    if study.has_secret_order:
        _refuse_another_order(study, store.serve(study.order_sha256))


def _refuse_another_order(study: Study, served: str | None) -> None:
    if served not in (None, study.order_sha256):
        raise MismatchError(
            f"{study.folder}: the answers belong to a study with the order {served[:16]}…, study.json here names "
            f"{study.order_sha256[:16] or 'none'}…; give every server the same study, or name this study's own "
            "--database"
        )


@contextmanager
def open_answers(study: Study, database: str | None = None) -> Iterator[Store]:
    """The store, brought to the newest schema; platform ids whose day has come are deleted first.

    Raises `UserError` where it cannot be used.
    """
    address = answers_address(study, database)
    migrate(address)
    with closing(Store(address)) as store:
        if store.registered() in (None, study.registration_sha256):
            store.delete_arrivals(study.access.crowd_parameters_until)
        yield store
