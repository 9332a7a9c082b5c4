"""The settings of a training: the network's sizes, how it is trained, and on which machines.

Sizes and training come from a preset. The user changes any field of either by name, `NAME=VALUE`, and the most
important ones by options of their own. A given budget replaces the preset's: exactly one remains.
"""

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Literal, get_args

import torch

from clstm.models.networks import KINDS, NetworkConfig
from clstm.music.score import ROWS
from clstm.runtime.errors import UserError, choice

BUDGETS = ("steps", "epochs", "minutes")
Supervision = Literal["dense", "last"]


@dataclass(frozen=True)
class TrainingConfig:
    """How a network is trained. Exactly one of steps, epochs, minutes is the budget.

    An epoch has as many frames to predict from as the training pieces: dense, their frames; last, their windows.
    """

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


NETWORK_FIELDS = {field.name: field.type for field in fields(NetworkConfig) if field.name not in ("kind", "rows")}
TRAINING_FIELDS = {field.name: field.type for field in fields(TrainingConfig)}
MAY_BE_ZERO = ("lead_in", "warmup", "weight_decay", "seed", "dropout")


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
) -> tuple[NetworkConfig, TrainingConfig]:
    """The configurations of a preset with what the user changed. A budget given replaces the preset's.

    settings : `NAME=VALUE` of any field of the two configurations
    given : fields of `TrainingConfig`; None leaves the preset's

    Raises `UserError` for an unknown network, preset or field, a value that cannot be, or more than one budget.

    >>> network, training = configure("lstm", "paper", settings=["hidden=512"], minutes=10.0)
    >>> network.hidden, training.batch, training.minutes, training.epochs
    (512, 32, 10.0, None)
    """
    chosen = PRESETS[choice("--preset", preset, PRESETS)]
    network = NetworkConfig(choice("the network", kind, KINDS), rows=rows, **chosen.network)
    given = {name: value for name, value in given.items() if value is not None}
    changed = _parsed(settings)
    clash = given.keys() & changed.keys()
    if clash:
        raise UserError(f"{', '.join(sorted(clash))} is given twice, by its own option and by --set; give it once")
    given |= changed
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
    training = {**chosen.training, **given}
    if budgets:
        training |= dict.fromkeys(set(BUDGETS) - set(budgets))
    sizes = {name: training.pop(name) for name in list(training) if name in NETWORK_FIELDS}
    return replace(network, **sizes), TrainingConfig(**training)


def _parsed(settings: Sequence[str]) -> dict[str, Any]:
    """`NAME=VALUE` as numbers of the fields' types; `transpose=-5,6` is a pair."""
    accepted = NETWORK_FIELDS | TRAINING_FIELDS
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
    if not values.get("dropout", 0) < 1:
        raise UserError(f"--set dropout={values['dropout']:g} drops everything; give a share below 1")
    return values


def _number(text: str, whole: bool, *, above_zero: bool) -> float:
    number = int(text) if whole else float(text)
    if not 0 <= number < math.inf or (above_zero and number == 0):
        raise ValueError(text)
    return number
