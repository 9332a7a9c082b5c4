"""What a participant sees, one screen a module. A screen draws widgets and calls the store; it decides nothing else."""

from dataclasses import dataclass

from listening_study.languages import Texts
from listening_study.store import Store
from listening_study.study import Study


@dataclass(frozen=True)
class Visit:
    """What every screen needs: the study, where answers go, and the words."""

    study: Study
    store: Store
    texts: Texts
