"""A study's results: the sealed key joined with the answers, and the analysis of both.

They stay hidden until the study is closed. Opening the key is noted in the study's journal, and the number of answers
that came after it was first opened is part of the results.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from clstm.runtime.errors import UserError
from listening_study.analysis import tally as describing
from listening_study.analysis.agreement import alpha
from listening_study.analysis.codebook import columns
from listening_study.analysis.exclusion import counted
from listening_study.analysis.inference import Conclusions, conclude
from listening_study.analysis.tables import answers_table, interview_table, listeners_table
from listening_study.protocol.configuration import Exclusions
from listening_study.protocol.items import items
from listening_study.protocol.key import Key, open_key
from listening_study.protocol.order import open_order
from listening_study.protocol.registration import Registered, open_registration
from listening_study.protocol.study import Study
from listening_study.results.blocks import BlockResult, conclude_blocks
from listening_study.results.judged import counted_judgements, judgements_table, of_source
from listening_study.store import JournalEntry, Store
from listening_study.store.database import refuse_another

SYNTHETIC = "SYNTHETIC: no listener took part"
UNSEALED, REOPENED = "unsealed", "reopened"
MANIFEST = "results.json"
# A row per person or answer: not to be published as they are.
OF_PERSONS = ("answers", "judgements", "listeners", "interview")


@dataclass(frozen=True, eq=False)
class Results:
    """The results of a study. `tables` holds every exported table by name, columns as in the codebook."""

    study: Study
    key: Key
    registered: Registered
    tables: dict[str, pd.DataFrame]
    kept: pd.DataFrame  # the answers that count in the main analysis
    conclusions: Conclusions  # of the main analysis
    agreement: float  # Krippendorff's alpha over all clips
    journal: tuple[JournalEntry, ...]
    late: int  # answers and judged screens given after the key was first opened
    withdrawn: int
    blocks: tuple[BlockResult, ...] = ()  # of the tasks but human or computer
    judged: pd.DataFrame | None = None  # the judgements that count; None without such tasks
    screens: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # the clips of their items, by name

    @property
    def shown_blocks(self) -> list[BlockResult]:
        """Those without rows of single persons."""
        return [block for block in self.blocks if not block.of_persons]

    @property
    def personal(self) -> set[str]:
        """The tables that are not to be published as they are."""
        return {*OF_PERSONS, *(block.name for block in self.blocks if block.of_persons)}

    @property
    def listeners(self) -> int:
        return len(self.tables["listeners"])

    @property
    def complete(self) -> int:
        return int(self.tables["listeners"]["complete"].sum())


def read_results(study: Study, store: Store) -> Results:
    """Open the sealed key and analyse the answers; the opening is noted once for each time the study was closed.

    Raises `UserError` while the study is open or when the key is missing, `MismatchError` when the key or the
    registration was changed.
    """
    if store.is_open():
        raise UserError(
            f"{study.folder} is open, and tallies stay hidden until it is closed: clstm study close {study.folder}"
        )
    refuse_another(study, store)
    registered, key = open_registration(study), open_key(study)
    if is_sealed(store.journal()):
        store.log(UNSEALED, f"key {study.key_sha256}")
    progress, replies, journal = store.progress(), store.replies(), store.journal()
    answers = answers_table(of_source(study, store.answered_trials()), progress, key)
    listeners = listeners_table(study, progress, replies, answers)
    kept, flow = counted(answers, listeners, registered.plan.exclusions)
    conclusions = conclude(kept, registered)
    judged = _judged(study, store, key, registered, listeners)
    opened = min(one.happened_at for one in journal if one.event == UNSEALED)
    times = [*answers["answered_at"], *judged.answered_at]
    return Results(
        study=study,
        key=key,
        registered=registered,
        tables={
            "answers": answers,
            "listeners": listeners,
            **(_of_source(answers, listeners, kept, flow, key, registered, conclusions) if study.asks_source else {}),
            "interview": interview_table(replies),
            **judged.tables,
        },
        kept=kept,
        conclusions=conclusions,
        agreement=alpha(kept),
        journal=tuple(journal),
        late=sum(time > opened for time in times),
        withdrawn=store.withdrawals(),
        blocks=tuple(judged.blocks),
        judged=judged.kept,
        screens=judged.screens,
    )


@dataclass(frozen=True, eq=False)
class _Judged:
    """What comes of the tasks but human or computer; nothing where the study has none."""

    tables: dict[str, pd.DataFrame] = field(default_factory=dict)
    blocks: list[BlockResult] = field(default_factory=list)
    answered_at: list[str] = field(default_factory=list)
    kept: pd.DataFrame | None = None
    screens: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def _judged(study: Study, store: Store, key: Key, registered: Registered, listeners: pd.DataFrame) -> _Judged:
    if not study.judges:
        return _Judged()
    trials, order, progress = store.judged_trials(), open_order(study), store.progress()
    table = judgements_table(study, order, key, trials, progress)
    kept, flow = counted_judgements(table, listeners, registered.plan.exclusions)
    blocks = conclude_blocks(study, registered, kept)
    tables = {"judgements": table, "judgement-exclusions": flow} | {block.name: block.table for block in blocks}
    slots = {one.slot for one in progress}
    screens = {item.name: item.clips for slot in slots for item in items(study, order, slot)}
    return _Judged(tables, blocks, [trial.answered_at for trial in trials], kept, screens)


def _of_source(
    answers: pd.DataFrame,
    listeners: pd.DataFrame,
    kept: pd.DataFrame,
    flow: pd.DataFrame,
    key: Key,
    registered: Registered,
    conclusions: Conclusions,
) -> dict[str, pd.DataFrame]:
    """The tables of human or computer."""
    return {
        **_described(kept, key),
        "contrasts": _contrasts(answers, listeners, registered, conclusions),
        "components": conclusions.components.reindex(columns=columns("components")),
        "exclusions": flow,
    }


def _described(kept: pd.DataFrame, key: Key) -> dict[str, pd.DataFrame]:
    """The descriptive tables of the answers that count."""
    makers = (describing.clips, describing.tally, describing.confusion, describing.ratings)
    return {make.__name__: make(kept, key) for make in makers}


def is_sealed(journal: Sequence[JournalEntry]) -> bool:
    """Whether the key was not opened yet, or the study was reopened since."""
    return next((one.event for one in reversed(journal) if one.event in (UNSEALED, REOPENED)), REOPENED) == REOPENED


def _contrasts(
    answers: pd.DataFrame, listeners: pd.DataFrame, registered: Registered, main: Conclusions
) -> pd.DataFrame:
    """The registered analysis, and the same with other exclusions."""
    exclusions = registered.plan.exclusions
    other = exclusions.model_copy(update={"known": not exclusions.known})
    variants: dict[str, Exclusions | None] = {
        "without exclusions": None,
        f"known pieces {'kept' if exclusions.known else 'left out'}": other,
    }
    found = [main.contrasts.assign(analysis="registered")]
    for name, variant in variants.items():
        kept, _ = counted(answers, listeners, variant)
        found.append(conclude(kept, registered).contrasts.assign(analysis=name))
    return pd.concat(found, ignore_index=True)[columns("contrasts")]
