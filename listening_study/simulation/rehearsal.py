"""A copy of a study filled with listeners of known kinds, to rehearse the analysis before anybody takes part.

The rows are those that the participants' page writes, through the same store; only the clock is simulated. The copy is
marked synthetic, and everything made from it says so.

Kinds that the analysis can describe, and its result for them:
    guesser          answers at random: d' about 0, no significant difference
    always-computer  d' 0, criterion above 0: that all systems are "recognised" is not a success
    always-human     d' 0, criterion below 0
    expert           d' 2 on every system
    typical          from the crossed model of `analysis.listener_model`, systems called human less often
    careless         hears half of each clip, answers at once and at random, misses catch trials: the registered
                     exclusions remove it where there are catch trials, or where the whole clip must be heard

How they judge the screens of other tasks follows from the same P("human") (`judging`).

Kinds that it cannot describe, because its estimates are means over a whole study:
    learner          from chance to d' 3 over the study: recognises systems at about the mean of both
    drifter          the reverse, by tiring
    flip-flopper     human and computer in turn: as a guesser
    position-biased  human in the first half, computer in the second: as a guesser, for positions are balanced
    colluder         all give one random answer to a clip: listeners agree, and the clips' spread grows
"""

import re
import shutil
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import expit

from clstm.runtime.errors import UserError, choice
from clstm.runtime.files import replacing
from clstm.runtime.progress import Progress, silent
from listening_study.analysis.listener_model import Spread, probabilities
from listening_study.participants.stages import FINISHED, Screen, current_step
from listening_study.protocol import private_files
from listening_study.protocol.design import TrialKind
from listening_study.protocol.items import Item, items
from listening_study.protocol.key import REFERENCE, Key, Origin, open_key
from listening_study.protocol.order import Order, open_order
from listening_study.protocol.questions import FORMS, Question, ReplyKind, Response
from listening_study.protocol.study import Study
from listening_study.protocol.tasks import TaskKind
from listening_study.simulation.judging import Heard, judgements
from listening_study.store import Agreement, Answer, Listener, Store
from listening_study.store.connection import migrate

KINDS = (
    "guesser",
    "always-computer",
    "always-human",
    "expert",
    "typical",
    "careless",
    "learner",
    "drifter",
    "flip-flopper",
    "position-biased",
    "colluder",
)
EXPERT = 2.0  # d'
BEST = 3.0  # d' of a learner at the end, of a drifter at the beginning
TYPICAL = (0.7, 0.4)  # P("human") of the human source and of the systems
LOGISTIC = 1.702  # log-odds for one standard deviation of the normal: the two curves then differ by less than 0.01
_GIVEN = re.compile(r"([a-z-]+)=(\d+)")


@dataclass
class _Clock:
    """The time as the store sees it."""

    now: datetime

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@dataclass(frozen=True)
class _Company:
    """What all simulated listeners have in common."""

    study: Study
    key: Key
    order: Order
    random: np.random.Generator
    agreed: dict[str, bool] = field(default_factory=dict)  # what the colluders say of each clip
    typical: dict[str, np.ndarray] = field(default_factory=dict)  # by clip, one share a typical listener


def parse_kinds(text: str) -> dict[str, int]:
    """`guesser=5,expert=10` to numbers by kind. Raises `UserError`.

    >>> parse_kinds("guesser=5,expert=10")
    {'guesser': 5, 'expert': 10}
    """
    kinds: dict[str, int] = {}
    for part in text.split(","):
        given = _GIVEN.fullmatch(part.strip())
        if not given:
            raise UserError(f"--listeners {part.strip()!r} is not KIND=NUMBER; kinds are {', '.join(KINDS)}")
        kind = choice("--listeners", given[1], KINDS)
        kinds[kind] = kinds.get(kind, 0) + int(given[2])
    if not 1 <= sum(kinds.values()) <= 10_000:
        raise UserError(f"--listeners {text} is {sum(kinds.values())} listeners; 1 to 10000 are accepted")
    return kinds


def simulate(
    study: Study,
    out: Path,
    kinds: Mapping[str, int],
    seed: int = 0,
    progress: Progress = silent,
) -> Study:
    """Copy a study without its answers and fill the copy; it ends closed. `progress` counts listeners.

    Raises `UserError` for a folder that exists, and when the sealed key cannot be read.
    """
    if out.exists():
        raise UserError(f"{out} exists already, and is not overwritten; choose another --out")
    key, order = open_key(study), open_order(study)
    random = np.random.default_rng(seed)
    arriving = [kind for kind, count in kinds.items() for _ in range(count)]
    random.shuffle(arriving)
    company = _Company(study, key, order, random)
    company.agreed.update({clip: bool(random.random() < 0.5) for clip in (*study.clips, *study.others)})
    company.typical.update(_typical(study, key, random, arriving.count("typical")))
    with replacing(out) as folder:
        left_out = shutil.ignore_patterns("answers.sqlite*", "dashboard.json")
        copy = replace(study, folder=folder)
        copy.key_path.parent.mkdir(mode=0o700, parents=True)  # first, or it would be open while it is filled
        shutil.copytree(study.folder, folder, ignore=left_out, copy_function=private_files.copy, dirs_exist_ok=True)
        copy = copy.amend(synthetic=True)
        migrate(copy.answers_path)
        clock = _Clock(datetime(2001, 1, 1, tzinfo=UTC))
        with closing(Store(copy.answers_path, clock)) as store:
            for number, kind in enumerate(arriving, 1):
                _take_part(store, clock, company, kind)
                progress("Listeners", number, len(arriving))
            store.close_study()
    return replace(copy, folder=out)


def _take_part(store: Store, clock: _Clock, company: _Company, kind: str) -> None:
    """One listener from consent to thanks."""
    study, random = company.study, company.random
    token = store.admit(
        Agreement(sha256(b"synthetic").hexdigest()),
        reissue_after=timedelta(minutes=study.access.reissue_after),
        registration=study.registration_sha256,
    )
    number = len(store.progress())
    heard: Sequence[Item] | None = None
    while listener := store.find(token):
        step = current_step(listener, study)
        clock.pass_by(random.uniform(2, 10))
        match step.screen:
            case Screen.THANKS:
                return
            case Screen.TRIAL:
                heard = heard or items(study, company.order, listener.slot)
                _answer(store, clock, company, kind, listener, heard[step.number], number)
            case Screen.BACKGROUND:
                replies = {name: str(random.integers(3)) for name in ("listening", "training", "playing", "hearing")}
                store.pass_stage(listener.id, step.stage, replies)
            case Screen.VOLUME:
                store.pass_stage(listener.id, step.stage, {"device": str(random.integers(3))})
            case Screen.HEADPHONES:
                right = study.headphones[step.number][1]
                chosen = right if random.random() < 0.9 else random.integers(1, 4)
                store.pass_stage(listener.id, step.stage, {"quietest": str(chosen)})
            case Screen.PRACTICE:
                store.pass_stage(listener.id, step.stage, {"answer": str(random.choice(list(Answer)))})
            case Screen.INTERVIEW:
                store.pass_stage(listener.id, FINISHED)
                store.pass_stage(listener.id, step.stage, {"cues": f"I am a simulated {kind}."})
            case _:
                store.pass_stage(listener.id, step.stage)


def _answer(
    store: Store, clock: _Clock, company: _Company, kind: str, listener: Listener, item: Item, number: int
) -> None:
    study, random = company.study, company.random
    careless = kind == "careless"
    at = listener.answered
    store.present(listener.id, at, item.name, item.kind)
    clock.pass_by(1.0)
    store.report(listener.id, at, heard=0.0, plays=1, event="play")
    heard = 0.5 if careless else 1.0
    sounds = len(item.clips) + (item.reference is not None)
    clock.pass_by(heard * (sounds * study.seconds + (study.prompt_seconds if item.prompt else 0)))
    store.report(listener.id, at, heard=heard, plays=1, event="pause" if careless else "end")
    clock.pass_by(0.3 if careless else random.uniform(2, 6))
    through = at / max(1, study.trials - 1)
    if item.task is not TaskKind.SOURCE:
        sounding = [
            Heard(clip, _origin(company, clip).source, _p_human(company, kind, clip, through, at, number))
            for clip in item.clips
        ]
        store.judge(listener.id, at, judgements(study.blocks[item.block], sounding, random))
        return
    if item.kind is TrialKind.CATCH:
        p = 0.5 if careless else 1.0
    else:
        p = _p_human(company, kind, item.name, through, at, number)
    human = bool(random.random() < p)
    replies = {question: _reply(question, p, random) for question in Question}  # drawn whether asked or not
    given = {str(question): replies[question] for question in study.design.questions}
    store.record(listener.id, at, Response(Answer.HUMAN if human else Answer.COMPUTER, **given))


def _reply(question: Question, p: float, random: np.random.Generator) -> Any:
    """A reply of a listener who says "human" with probability p: the surer, the further p is from 1/2."""
    form = FORMS[question]
    match form.kind:
        case ReplyKind.OPTIONS:
            return min(form.highest, 1 + int(min(3, 6 * abs(p - 0.5) + random.uniform(0, 1.5))))
        case ReplyKind.SCALE:
            return int(np.clip(round(random.normal(3 + 0.8 * (p - 0.5), 1)), 1, form.highest))
        case ReplyKind.YES:
            return bool(random.random() < 0.02)
        case ReplyKind.TEXT:
            return "a simulated remark" if random.random() < 0.05 else None


def _p_human(company: _Company, kind: str, clip: str, through: float, at: int, number: int) -> float:
    """P("human") of this kind of listener; through: how far in the study, 0 to 1."""
    is_human = _origin(company, clip).source in (company.key.human, REFERENCE)
    match kind:
        case "always-computer":
            return 0.0
        case "always-human":
            return 1.0
        case "expert":
            return _with_d_prime(EXPERT, is_human)
        case "learner":
            return _with_d_prime(BEST * through, is_human)
        case "drifter":
            return _with_d_prime(BEST * (1 - through), is_human)
        case "typical":
            if clip not in company.typical:  # a copy, a hidden reference, an anchor
                return TYPICAL[0] if is_human else TYPICAL[1]
            return float(company.typical[clip][number % len(company.typical[clip])])
        case "flip-flopper":
            return float(at % 2)
        case "position-biased":
            return float(through < 0.5)
        case "colluder":
            return float(company.agreed[clip])
        case _:
            return 0.5


def _origin(company: _Company, clip: str) -> Origin:
    """Where a clip is from, also one that only a task needs."""
    return company.key.clips.get(clip) or company.key.others[clip]


def _with_d_prime(d_prime: float, is_human: bool) -> float:
    """Without bias: half of d' to either side."""
    return float(expit(LOGISTIC * d_prime / 2 * (1 if is_human else -1)))


def _typical(study: Study, key: Key, random: np.random.Generator, count: int) -> dict[str, np.ndarray]:
    if not count:
        return {}
    sources = [key.clips[clip].source for clip in study.clips]
    shares = {source: TYPICAL[0] if source == key.human else TYPICAL[1] for source in key.sources}
    found = probabilities(random, shares, sources, count, Spread())[0]
    return dict(zip(study.clips, found.T, strict=True))
