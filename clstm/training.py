"""Training: the objective, one step, the loop.

The objective is the paper's binary cross-entropy over the next 9 frames, asked at every step of an excerpt instead of
only at the end of a window: the same network learns from 60 times as many frames a second. It is counted in nats per
frame, summed over the rows.

The rate warms up, then falls as a cosine to zero over the budget, which is a number of steps, of passes over the
training frames, or of minutes. A budget in steps or epochs gives the same weights whenever it is run, and a run that
was stopped goes on as if it had not been.
"""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from lightning.fabric import Fabric
from torch import Tensor
from torch.nn import functional as F

from clstm import batches, checkpoint
from clstm.corpus import Corpus
from clstm.errors import MismatchError, UserError, choice
from clstm.files import replacing
from clstm.interrupts import postponed_interrupt
from clstm.models import KINDS, Network, NetworkConfig, initialise, parameter_count

BUDGETS = ("steps", "epochs", "minutes")


@dataclass(frozen=True)
class TrainingConfig:
    """How a network is trained. Exactly one of steps, epochs, minutes is the budget."""

    batch: int = 16  # excerpts a step
    excerpt: int = 256  # frames
    rate: float = 3e-3  # the highest learning rate
    warmup: float = 0.03  # share of the budget
    weight_decay: float = 0.0  # 0 is Adam; more is AdamW
    clip: float = 1.0  # norm of the gradient
    transpose: tuple[int, int] = (-5, 6)  # semitones, both included
    seed: int = 0
    steps: int | None = None
    epochs: float | None = None
    minutes: float | None = None
    evaluate_every: int = 100  # steps


@dataclass(frozen=True)
class Preset:
    """Sizes of the network and of its training."""

    network: dict[str, int]
    training: dict[str, Any]


PRESETS = {
    "small": Preset({"kernels": 16, "features": 64, "hidden": 256}, {"excerpt": 128, "rate": 1e-2, "minutes": 1.0}),
    "paper": Preset({}, {"batch": 32, "rate": 2e-3, "epochs": 64.0}),
}


@dataclass
class Progress:
    """Where a run stands."""

    step: int = 0
    seconds: float = 0.0
    best: float = math.inf  # nats per frame on the selection pieces
    best_step: int = 0
    log: list[dict[str, float]] = field(default_factory=list)


def objective(logits: Tensor, frames: Tensor, real: Tensor, lag: int) -> Tensor:
    """Nats per frame: binary cross-entropy summed over rows, averaged over the frames asked for.

    logits : (B, steps, horizon, rows), of which step k speaks of frames k + lag + 1 .. k + lag + horizon
    frames : (B, T, rows) float; real : (B, T) bool, False where there is no music to predict
    """
    horizon = logits.shape[2]
    targets = frames[:, lag + 1 :].unfold(1, horizon, 1).transpose(2, 3)  # (B, steps, horizon, rows)
    asked = real[:, lag + 1 :].unfold(1, horizon, 1)
    logits = logits[:, : targets.shape[1]]
    nats = F.binary_cross_entropy_with_logits(logits, targets, reduction="none").sum(-1)
    return (nats * asked).sum() / asked.sum().clamp(min=1)


def rate_at(progress: float, config: TrainingConfig) -> float:
    """The learning rate when a share `progress` (0..1) of the budget is used: linear warm-up, then a cosine to 0."""
    if progress < config.warmup:
        return config.rate * max(progress, 1e-3) / config.warmup
    done = (progress - config.warmup) / (1 - config.warmup)
    return config.rate * (1 + math.cos(math.pi * min(done, 1.0))) / 2


class Run:
    """One training run, from its folder or new; `train` carries it on to the end of its budget."""

    def __init__(self, corpus: Corpus, folder: Path, network: NetworkConfig, config: TrainingConfig) -> None:
        self.corpus, self.folder, self.config = corpus, Path(folder), config
        self.train_pieces, self.selection_pieces = batches.training_and_selection(corpus, config.seed)
        self.fabric = Fabric(accelerator="auto", devices=1)
        self.fabric.seed_everything(config.seed, verbose=False)
        bare = Network(network)
        means = batches.row_means(corpus, self.train_pieces)
        initialise(bare, torch.from_numpy(means).float())
        optimiser = torch.optim.AdamW(bare.parameters(), lr=config.rate, weight_decay=config.weight_decay)
        self.network, self.optimiser = self.fabric.setup(bare, optimiser)
        self.progress = Progress()
        self.best_weights = self._weights()
        self.selection = batches.fixed(corpus, self.selection_pieces, 64, config.excerpt, config.seed)

    @property
    def total_steps(self) -> int | None:
        """The budget in steps; None when it is in minutes."""
        if self.config.epochs is not None:
            frames = int(self.corpus.lengths[self.train_pieces].sum())
            return math.ceil(self.config.epochs * frames / (self.config.batch * self.config.excerpt))
        return self.config.steps

    @property
    def spent(self) -> float:
        """The share of the budget used, 0..1."""
        if self.total_steps is not None:
            return self.progress.step / self.total_steps
        assert self.config.minutes is not None
        return min(self.progress.seconds / (60 * self.config.minutes), 1.0)

    def resume(self) -> None:
        """Go on from the folder's state. Raises `MismatchError` when it is of another configuration."""
        state = checkpoint.load_state(self.folder)
        expected = self._identity()
        if state["identity"] != expected:
            different = [key for key in expected if state["identity"].get(key) != expected[key]]
            raise MismatchError(f"{self.folder} was trained with another {', '.join(different)}; resume with the same")
        self.network.load_state_dict(state["network"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.progress = Progress(**state["progress"])
        self.best_weights = state["best_weights"]

    def train(self, report: Callable[["Run"], None] = lambda run: None) -> None:
        """Train to the end of the budget. Ctrl-C and SIGTERM end the step at hand, save, and are passed on.

        report : called after every step
        """
        with postponed_interrupt() as interrupted:
            while self.spent < 1.0:
                with self._timed():
                    self._step()
                last = self.spent >= 1.0
                if last or self.progress.step % self.config.evaluate_every == 0:
                    with self._timed():
                        self._evaluate()
                    self.save()
                report(self)
                if interrupted() and not last:
                    self.save()
                    raise KeyboardInterrupt

    @contextmanager
    def _timed(self) -> Iterator[None]:
        started = time.monotonic()
        yield
        self.progress.seconds += time.monotonic() - started

    def _step(self) -> None:
        config = self.config
        for group in self.optimiser.param_groups:
            group["lr"] = rate_at(self.spent, config)
        seen = batches.batch(
            self.corpus,
            self.train_pieces,
            config.batch,
            config.excerpt,
            config.seed,
            self.progress.step,
            config.transpose,
        )
        self.network.train()
        loss = self._loss(seen)
        if not torch.isfinite(loss):
            raise UserError(
                f"the loss became {loss.item()} at step {self.progress.step}; {self.folder} keeps what was"
                f" saved last; train into another folder with a lower --rate than {config.rate:g}"
            )
        self.optimiser.zero_grad()
        self.fabric.backward(loss)
        self.fabric.clip_gradients(self.network, self.optimiser, max_norm=config.clip)
        self.optimiser.step()
        self.progress.step += 1

    def _loss(self, seen: batches.Excerpts) -> Tensor:
        frames = self.fabric.to_device(torch.from_numpy(seen.frames).float())
        real = self.fabric.to_device(torch.from_numpy(seen.real))
        return objective(self.network(frames), frames, real, self.network.lag)

    @torch.no_grad()
    def _evaluate(self) -> None:
        """Score the selection pieces; keep the weights when they are the best so far."""
        self.network.eval()
        nats = float(self._loss(self.selection))
        progress = self.progress
        progress.log.append({"step": progress.step, "seconds": round(progress.seconds, 1), "nats": nats})
        if nats < progress.best:
            progress.best, progress.best_step = nats, progress.step
            self.best_weights = self._weights()

    def save(self) -> None:
        """Write state, then best weights, configuration and log: whatever survives a kill is whole."""
        state = {
            "identity": self._identity(),
            "network": self.network.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "progress": asdict(self.progress),
            "best_weights": self.best_weights,
        }
        checkpoint.save_state(self.folder, state)
        reached = {
            "steps": self.progress.step,
            "minutes": round(self.progress.seconds / 60, 2),
            "nats_nine": None if math.isinf(self.progress.best) else round(self.progress.best, 4),
            "best_step": self.progress.best_step,
            "finished": self.spent >= 1.0,
        }
        about = {
            "parameters": parameter_count(self.network),
            "training": asdict(self.config),
            "corpus": {
                "name": self.corpus.path.name,
                "sha256": self.corpus.sha256,
                "pieces": len(self.train_pieces),
            },
            "reached": reached,
        }
        checkpoint.save_model(self.folder, self.network.config, self.best_weights, about)
        with replacing(self.folder / "log.csv") as temporary:
            pd.DataFrame(self.progress.log).to_csv(temporary, index=False)

    def _weights(self) -> dict[str, Tensor]:
        return {name: tensor.detach().cpu().clone() for name, tensor in self.network.state_dict().items()}

    def _identity(self) -> dict[str, Any]:
        """What must be the same for a run to go on: the network, the corpus, and the training but for its budget."""
        training = {
            key: value for key, value in asdict(self.config).items() if key not in ("steps", "epochs", "minutes")
        }
        return {"network": asdict(self.network.config), **training, "corpus": self.corpus.sha256}


def configure(
    kind: str,
    preset: str,
    *,
    seed: int = 0,
    rate: float | None = None,
    steps: int | None = None,
    epochs: float | None = None,
    minutes: float | None = None,
) -> tuple[NetworkConfig, TrainingConfig]:
    """The configurations of a preset with what the user changed. A budget given replaces the preset's.

    Raises `UserError` for an unknown network or preset, or a budget that is not one positive number.
    """
    choice("--preset", preset, PRESETS)
    budget = dict(zip(BUDGETS, (steps, epochs, minutes), strict=True))
    given = {name: value for name, value in budget.items() if value is not None}
    if len(given) > 1:
        raise UserError(f"two budgets, --{' and --'.join(given)}; give one")
    if any(not 0 < value < math.inf for value in given.values()):
        name, value = next(iter(given.items()))
        raise UserError(f"the budget --{name} {value} is empty or endless; give a number above 0")
    if rate is not None and not 0 < rate < math.inf:
        raise UserError(f"--rate {rate} cannot train; give a number above 0, such as 0.003")
    chosen = PRESETS[preset]
    training = dict(chosen.training)
    if given:
        training = {key: value for key, value in training.items() if key not in budget} | given
    if rate is not None:
        training["rate"] = rate
    network = NetworkConfig(choice("the network", kind, KINDS), **chosen.network)
    return network, TrainingConfig(seed=seed, **training)


def train(
    corpus: Corpus,
    folder: Path,
    network: NetworkConfig,
    config: TrainingConfig,
    *,
    resume: bool = False,
    report: Callable[[Run], None] = lambda run: None,
) -> Run:
    """Train a network on a corpus into a folder. Raises `UserError` when the folder holds a run and `resume` is off."""
    folder = Path(folder)
    started = (folder / checkpoint.STATE).exists()
    if started and not resume:
        raise UserError(f"{folder} holds a run; go on with --resume, or name another folder")
    if folder.exists() and not started and any(folder.iterdir()):
        raise UserError(f"{folder} is not empty and not a run; name another folder")
    run = Run(corpus, folder, network, config)
    if started:
        run.resume()
        run.save()  # a kill may have come between the state and the weights that belong to it
    run.train(report)
    return run
