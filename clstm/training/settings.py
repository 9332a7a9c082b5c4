"""The settings of a training: the network's sizes, how it is trained, and on which machines.

Sizes and training come from a preset. The user changes any field of either by name, `NAME=VALUE`, and the most
important ones by options of their own. A given budget replaces the preset's: exactly one remains.
"""

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Literal, get_args

import torch

from clstm.models.checkpoint import Configuration, check_sizes
from clstm.models.networks import KINDS, NetworkConfig
from clstm.models.notes import Config
from clstm.music.score import ROWS
from clstm.runtime.errors import UserError, choice

BUDGETS = ("steps", "epochs", "minutes")
Supervision = Literal["dense", "last"]


@dataclass(frozen=True)
class TrainingConfig:
    """How a network that writes frames is trained. Exactly one of steps, epochs, minutes is the budget.

    An epoch has as many frames to predict from as the training pieces: dense, their frames; last, their windows.
    """

    average: ClassVar[float] = 0.0  # see `NoteTraining`

    supervision: Supervision = "dense"
    batch: int = 16  # excerpts a step
    excerpt: int = 256  # frames; with supervision "last" the network's window and horizon instead
    lead_in: int = 0  # frames of silence before a piece that an excerpt may begin in
    rate: float = 3e-3  # the highest learning rate
    warmup: float = 0.03  # share of the budget
    weight_decay: float = 0.0  # 0 is Adam; more is AdamW
    clip: float = 1.0  # norm of the gradient
    transpose: tuple[int, int] = (-5, 6)  # semitones, both included: each of the twelve keys once
    seed: int = 0
    steps: int | None = None
    epochs: float | None = None
    minutes: float | None = None
    evaluate_every: int = 100  # steps
    patience: int | None = None  # evaluations without a better one after which training stops; None never


@dataclass(frozen=True)
class NoteTraining:
    """How the network that draws notes is trained. Exactly one of steps, epochs, minutes is the budget.

    An epoch has as many notes as the training pieces.
    """

    batch: int = 6  # excerpts a step
    excerpt: int = 512  # notes
    rate: float = 0.02  # the highest learning rate, of Muon
    adam_rate: float = 1e-3  # that of AdamW
    warmup: float = 0.02  # share of the budget
    weight_decay: float = 0.1
    momentum: float = 0.95  # of Muon
    clip: float = 1.0  # norm of the gradient
    dropout: float = 0.05
    without_guesses: float = 0.5  # share of the positions that are not told what came after the same notes before
    average: float = 0.03  # share of the budget over which the weights are averaged
    tempo: float = 1.25  # how many times as long or as short a second may become; 1 leaves pieces on their grid
    transpose: tuple[int, int] = (-5, 6)  # semitones, both included: each of the twelve keys once
    seed: int = 0
    steps: int | None = None
    epochs: float | None = None
    minutes: float | None = None
    evaluate_every: int = 450  # steps
    patience: int | None = None  # evaluations without a better one after which training stops; None never


Training = TrainingConfig | NoteTraining
MAY_BE_ZERO = ("lead_in", "warmup", "weight_decay", "seed", "dropout", "without_guesses", "average", "momentum")


@dataclass(frozen=True)
class Preset:
    """Sizes of the network and of its training."""

    network: dict[str, Any]
    training: dict[str, Any]


PAPER = {"batch": 32, "rate": 2e-3, "epochs": 64.0}
PRESETS = {
    "small": Preset({"kernels": 16, "features": 64, "hidden": 256}, {"excerpt": 128, "rate": 1e-2, "minutes": 1.0}),
    "paper": Preset({}, PAPER),
    "paper-matched": Preset({"hidden": 1073}, PAPER),  # of an LSTM: as many parameters as the paper's C-LSTM
    "plus": Preset(  # of c-lstm-plus: what the experiments favoured (reports/published/models)
        {"kernels": 16, "features": 256, "hidden": 768, "dropout": 0.1},
        {"batch": 20, "excerpt": 112, "rate": 4e-3, "minutes": 60.0},
    ),
}
PRESETS_OF_NOTES = {
    "small": Preset({"width": 128, "layers": 2, "head": 32}, {"excerpt": 256, "evaluate_every": 50, "minutes": 1.0}),
    "full": Preset({}, {"steps": 7950}),  # 24 million notes
}
KEPT = ("kind", "rows", "pitches", "roll")  # of a network: the corpus or the command decides them

PRECISIONS = ("32-true", "bf16-mixed", "bf16-true", "16-mixed", "16-true", "64-true")  # Lightning's names


@dataclass(frozen=True)
class Machines:
    """What Lightning Fabric needs to know: processes per machine, machines, and the numbers' precision."""

    devices: int = 1
    nodes: int = 1
    precision: str = "32-true"

    def validate(self) -> None:
        """Raises `UserError` when there are fewer GPUs, or if torchrun started another number of processes: each
        of those would believe that it is the first.
        """
        gpus = torch.cuda.device_count()
        if 0 < gpus < self.devices:
            raise UserError(f"--devices {self.devices} asks for more than the {gpus} there are; give 1 to {gpus}")
        started = int(os.environ["WORLD_SIZE"]) if torch.distributed.is_torchelastic_launched() else None
        if started not in (None, self.devices * self.nodes):
            raise UserError(
                f"torchrun started {started} processes, but --devices {self.devices} and --nodes {self.nodes} make"
                f" {self.devices * self.nodes}; give its --nproc-per-node as --devices and its --nnodes as --nodes"
            )


def configure(
    kind: str,
    preset: str,
    *,
    rows: int = ROWS,
    settings: Sequence[str] = (),
    **given: Any,
) -> tuple[Configuration, Training]:
    """The configurations of a preset with what the user changed. A budget given replaces the preset's.

    rows : of the corpus
    settings : `NAME=VALUE` of any field of the two configurations
    given : fields of the training's configuration; None leaves the preset's

    Raises `UserError` for an unknown network, preset or field, a value that cannot be, or more than one budget.

    >>> network, training = configure("lstm", "paper", settings=["hidden=512"], minutes=10.0)
    >>> network.hidden, training.batch, training.minutes, training.epochs
    (512, 32, 10.0, None)
    """
    choice("the network", kind, (*KINDS, "notes"))
    draws_notes = kind == "notes"
    presets = PRESETS_OF_NOTES if draws_notes else PRESETS
    chosen = presets[choice("--preset", preset, presets)]
    classes = (Config, NoteTraining) if draws_notes else (NetworkConfig, TrainingConfig)
    sizes, trained = ({field.name: field.type for field in fields(one) if field.name not in KEPT} for one in classes)
    given = {name: value for name, value in given.items() if value is not None}
    if draws_notes and "supervision" in given:
        raise UserError("--supervision is for networks that write frames; of notes every one is asked for")
    changed = _parsed(settings, sizes | trained)
    clash = given.keys() & changed.keys()
    if clash:
        raise UserError(f"{', '.join(sorted(clash))} is given twice, by its own option and by --set; give it once")
    given |= changed
    _check(given)
    training = {**chosen.training, **given}
    if budgets := [name for name in BUDGETS if name in given]:
        training |= dict.fromkeys(set(BUDGETS) - set(budgets))
    own = chosen.network | {
        name: training.pop(name) for name in list(training) if name in sizes and name not in trained
    }
    if draws_notes:
        own |= {} if rows == ROWS else {"pitches": rows, "roll": True}
        return _possible(Config(**own)), NoteTraining(**training)
    return NetworkConfig(kind, rows=rows, **own), TrainingConfig(**training)  # type: ignore[arg-type]  # it is a kind


def _check(given: dict[str, Any]) -> None:
    """Raise `UserError` for more than one budget, and for budgets, rates and the like that cannot be."""
    budgets = [name for name in BUDGETS if name in given]
    if len(budgets) > 1:
        raise UserError(f"two budgets, {' and '.join(budgets)}; give one")
    for name in budgets:
        if not 0 < given[name] < math.inf:
            raise UserError(f"the budget of {given[name]} {name} is not possible; give a number above 0")
    rate = given.get("rate", 1.0)
    if not 0 < rate < math.inf:
        raise UserError(f"a rate of {rate} cannot train; give a number above 0, such as 0.003")
    choice("--supervision", given.get("supervision", "dense"), get_args(Supervision))


def _possible(config: Config) -> Config:
    """The configuration. Raises `UserError` for sizes that no network of notes has."""
    try:
        check_sizes(config)
    except ValueError as error:
        raise UserError(f"no network has such sizes: {error}") from None
    return config


def _parsed(settings: Sequence[str], accepted: dict[str, Any]) -> dict[str, Any]:
    """`NAME=VALUE` as numbers of the fields' types; `transpose=-5,6` is a pair.

    accepted : the fields that there are, with their types
    """
    values: dict[str, Any] = {}
    for setting in settings:
        name, _, text = setting.partition("=")
        if name not in accepted:
            raise UserError(f"--set {setting} is not a setting; give NAME=VALUE, with {', '.join(accepted)}")
        whole = accepted[name] in (int, int | None)
        try:
            if name == "supervision":
                values[name] = text
            elif name == "transpose":
                first, second = sorted(int(part) for part in text.split(","))
                values[name] = (first, second)
            else:
                values[name] = _number(text, whole, above_zero=name not in MAY_BE_ZERO)
        except ValueError:
            kind = "a whole number" if whole else "a number"
            kind = "two whole numbers, such as -5,6" if name == "transpose" else kind
            raise UserError(f"--set {setting} is not {kind} that can be used here") from None
    for share in ("dropout", "without_guesses", "momentum", "average"):
        if not values.get(share, 0) < 1:
            what = "drops everything" if share == "dropout" else "is not possible"
            raise UserError(f"--set {share}={values[share]:g} {what}; give a share below 1")
    if values.get("tempo", 1) < 1:
        raise UserError(f"--set tempo={values['tempo']:g} is below 1; give 1, which leaves pieces as they are, or more")
    return values


def _number(text: str, whole: bool, *, above_zero: bool) -> float:
    number = int(text) if whole else float(text)
    if not 0 <= number < math.inf or (above_zero and number == 0):
        raise ValueError(text)
    return number
