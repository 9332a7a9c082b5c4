"""A training run: one step, the loop, and what is kept of it.

The budget is a number of steps, of passes over the training music, or of minutes. A budget in steps or epochs gives the
same weights whenever it is run, and a run that was stopped continues as if it had not been: batch and dropout are
functions of seed and step.

Several processes share each batch; their gradients add up to that of one process with the whole of it.
"""

import copy
import gc
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
from torch import Tensor, nn

from clstm.corpus.corpus import Corpus
from clstm.models import checkpoint
from clstm.models.networks import parameter_count
from clstm.models.notes import Config
from clstm.runtime.errors import MismatchError, UserError
from clstm.runtime.files import remove_unfinished, replacing
from clstm.runtime.processes import postponed_interrupt
from clstm.training.frames import Frames
from clstm.training.notes import NoteTask
from clstm.training.objective import scale_at
from clstm.training.settings import BUDGETS, Machines, NoteTraining, Training, TrainingConfig
from clstm.training.task import Share, Task


@dataclass
class TrainingState:
    """How far a run has got."""

    step: int = 0
    seconds: float = 0.0
    best: float = math.inf  # nats on the selection pieces, as the task scores them
    best_step: int = 0
    log: list[dict[str, float]] = field(default_factory=list)


class Run:
    """One training run, from its folder or new; `train` carries it on to the end of its budget."""

    def __init__(
        self,
        corpus: Corpus,
        folder: Path,
        network: checkpoint.Configuration,
        config: Training,
        machines: Machines = Machines(),
    ) -> None:
        self.corpus, self.folder, self.config = corpus, Path(folder), config
        self.fabric = Fabric(
            accelerator="auto",
            devices=machines.devices,
            num_nodes=machines.nodes,
            precision=machines.precision,
        )
        self.fabric.launch()
        if self.fabric.world_size > config.batch:
            raise UserError(
                f"{self.fabric.world_size} processes cannot share {config.batch} excerpts; give fewer --devices, or"
                f" --set batch={self.fabric.world_size}"
            )
        self.fabric.seed_everything(config.seed, verbose=False)
        self.task = task_of(corpus, network, config)
        self.bare = self.task.bare.to(self.fabric.device)
        optimisers = self.task.optimisers()
        self.highest = [float(group["lr"]) for one in optimisers for group in one.param_groups]
        self.network, *self.optimisers = self.fabric.setup(self.bare, *optimisers)
        self.share = Share(self.fabric.global_rank, self.fabric.world_size, self.fabric.device)
        self.average = copy.deepcopy(self.bare) if config.average else self.bare
        self.progress = TrainingState()
        # A run that is stopped before its first evaluation can be saved too.
        self.best_weights = _copied(self.average)

    @property
    def first(self) -> bool:
        """Whether this process is the first of those that train together: the one that writes and speaks."""
        return bool(self.fabric.is_global_zero)

    @property
    def spent(self) -> float:
        """The share of the budget used, 0..1."""
        if self.task.total_steps is not None:
            return self.progress.step / self.task.total_steps
        assert self.config.minutes is not None
        return min(self.progress.seconds / (60 * self.config.minutes), 1.0)

    @property
    def done(self) -> bool:
        """Whether the budget is spent, or nothing better came for as long as the patience lasts."""
        log, patience = self.progress.log, self.config.patience
        since = sum(entry["step"] > self.progress.best_step for entry in log)
        return self.spent >= 1.0 or (patience is not None and since >= patience)

    def resume(self) -> None:
        """Continue from the folder's state. Raises `MismatchError` when it is of another configuration."""
        state = self.fabric.broadcast(checkpoint.load_state(self.folder) if self.first else None)
        if "optimiser" in state:  # of a run that an earlier version began
            state["optimisers"] = [state["optimiser"]]
        expected = self._identity()
        if state["identity"] != expected:
            different = [key for key in expected if state["identity"].get(key) != expected[key]]
            raise MismatchError(f"{self.folder} was trained with another {', '.join(different)}; resume with the same")
        self.bare.load_state_dict(state["network"])
        if self.average is not self.bare:
            self.average.load_state_dict(state["average"])
        for optimiser, own in zip(self.optimisers, state["optimisers"], strict=True):
            optimiser.load_state_dict(own)
        self.progress = TrainingState(**state["progress"])
        self.best_weights = state["best_weights"]

    def train(self, report: Callable[["Run"], None] = lambda run: None) -> None:
        """Train to the end of the budget. On Ctrl-C or SIGTERM the current step is finished, the run is
        saved, and the interrupt is raised.

        report : called after every step, in the first process
        """
        with postponed_interrupt() as interrupted:
            while not self.done:
                with self._timed():
                    self._step()
                last = self.spent >= 1.0
                if last or self.progress.step % self.config.evaluate_every == 0:
                    with self._timed():
                        self._evaluate()
                    self.save()
                if self.first:
                    report(self)
                if self._any(interrupted()) and not self.done:
                    self.save()
                    self.fabric.barrier()
                    raise KeyboardInterrupt
        self.fabric.barrier()  # together: a process whose peers have gone aborts as it exits

    def leave(self) -> None:
        """Part from the other processes. The run can be looked at and saved, and trains no more.

        What makes the processes train together holds on to their group from C++, and goes first. Were it the last to
        hold the group, the group would close with Python's lock held, and wait for a thread that waits for that lock.
        """
        self.network = self.bare
        gc.collect()
        if torch.distributed.is_initialized():
            torch.distributed.destroy_process_group()

    @contextmanager
    def _timed(self) -> Iterator[None]:
        """Count the seconds; of several processes the clock of the first is used for all."""
        started = time.monotonic()
        yield
        self.progress.seconds = self.fabric.broadcast(self.progress.seconds + time.monotonic() - started)

    def _any(self, said: bool) -> bool:
        """Whether any process says so."""
        if self.fabric.world_size == 1:
            return said
        return bool(self.fabric.all_reduce(torch.tensor(float(said)), reduce_op="sum") > 0)

    def _step(self) -> None:
        config, step, before = self.config, self.progress.step, self.spent
        groups = [group for optimiser in self.optimisers for group in optimiser.param_groups]
        for group, highest in zip(groups, self.highest, strict=True):
            group["lr"] = highest * scale_at(before, config.warmup)
        # Of the dropout, and of nothing else: a resumed step drops what it would have dropped, each process its own.
        # The prime keeps the steps of neighbouring seeds apart.
        torch.manual_seed(config.seed * 1_000_003 + step * self.share.world + self.share.rank)
        self.network.train()
        loss = self._mean(*self.task.ask(self.network, step, self.share))
        if self._any(not torch.isfinite(loss)):
            raise UserError(
                f"the loss became {loss.item()} at step {step}; {self.folder} keeps what was"
                f" saved last; train into another folder with a lower --rate than {config.rate:g}"
            )
        self.bare.zero_grad()
        self.fabric.backward(loss)
        self.task.before_step()
        for optimiser in self.optimisers:
            self.fabric.clip_gradients(self.network, optimiser, max_norm=config.clip)
            optimiser.step()
        self.progress.step += 1
        if self.average is not self.bare:
            self._add_to_average(before)

    def _mean(self, nats: Tensor, asked: Tensor) -> Tensor:
        """Nats per frame or note of this process's share.

        The processes' gradients are averaged, so a share is weighed by its part of all that is asked for.
        """
        if self.share.world > 1:
            asked = self.fabric.all_reduce(asked.float(), reduce_op="mean")  # not the sum: gradients are averaged
        return nats / asked.clamp(min=1)

    @torch.no_grad()
    def _add_to_average(self, before: float) -> None:
        """A step counts e times less for the average when a share `average` of the budget has passed since."""
        new = 1 - math.exp((before - self.spent) / self.config.average)
        for kept, own in zip(self.average.parameters(), self.bare.parameters(), strict=True):
            kept.lerp_(own, new)

    @torch.no_grad()
    def _evaluate(self) -> None:
        """Score the selection pieces; keep the weights when they are the best so far."""
        network = self.network if self.average is self.bare else self.average
        network.eval()
        loss = self._mean(*self.task.score(network, self.share))
        nats = float(self.fabric.all_reduce(loss, reduce_op="mean") if self.share.world > 1 else loss)
        progress = self.progress
        progress.log.append({"step": progress.step, "seconds": round(progress.seconds, 1), "nats": nats})
        if nats < progress.best:
            progress.best, progress.best_step = nats, progress.step
            self.best_weights = _copied(self.average)

    def save(self) -> None:
        """Write state, then best weights, configuration and log: whatever survives a kill is whole."""
        if not self.first:
            return
        state = {
            "identity": self._identity(),
            "network": self.bare.state_dict(),
            "optimisers": [optimiser.state_dict() for optimiser in self.optimisers],
            "progress": asdict(self.progress),
            "best_weights": self.best_weights,
        }
        if self.average is not self.bare:
            state["average"] = self.average.state_dict()
        checkpoint.save_state(self.folder, state)
        reached = {
            "steps": self.progress.step,
            "minutes": round(self.progress.seconds / 60, 2),
            self.task.best: None if math.isinf(self.progress.best) else round(self.progress.best, 4),
            "best_step": self.progress.best_step,
            "finished": self.done,
            **self.task.reached(self.progress.best_step),
        }
        about = {
            "parameters": parameter_count(self.bare),
            "training": asdict(self.config),
            "corpus": {
                "name": self.corpus.path.name,
                "sha256": self.corpus.sha256,
                "pieces": len(self.task.train_pieces),
                "pedal": self.corpus.pedal,
            },
            "reached": reached,
        }
        checkpoint.save_model(self.folder, self.task.network, self.best_weights, about)
        with replacing(self.folder / "log.csv") as temporary:
            pd.DataFrame(self.progress.log).to_csv(temporary, index=False)

    def _identity(self) -> dict[str, Any]:
        """What must be equal for a run to continue: the network, the corpus, and the training except for its budget."""
        training = {key: value for key, value in asdict(self.config).items() if key not in BUDGETS}
        return {"network": asdict(self.task.network), **training, "corpus": self.corpus.sha256}


def task_of(corpus: Corpus, network: checkpoint.Configuration, config: Training) -> Task:
    """What is trained for a network: one that writes frames, or that draws notes."""
    if isinstance(network, Config):
        assert isinstance(config, NoteTraining)
        return NoteTask(corpus, network, config)
    assert isinstance(config, TrainingConfig)
    return Frames(corpus, network, config)


def _copied(network: nn.Module) -> dict[str, Tensor]:
    return {name: tensor.detach().cpu().clone() for name, tensor in network.state_dict().items()}


def train(
    corpus: Corpus,
    folder: Path,
    network: checkpoint.Configuration,
    config: Training,
    *,
    machines: Machines = Machines(),
    resume: bool = False,
    report: Callable[[Run], None] = lambda run: None,
) -> Run:
    """Train a network on a corpus into a folder. Raises `UserError` when the folder holds a run and `resume` is off."""
    folder = Path(folder)
    machines.validate()
    if resume:
        remove_unfinished(folder)
    started = (folder / checkpoint.STATE).exists()
    if started and not resume:
        raise UserError(f"{folder} contains a run; continue it with --resume, or name another folder")
    if folder.exists() and not started and any(folder.iterdir()):
        raise UserError(f"{folder} is not empty and not a run; name another folder")
    run = Run(corpus, folder, network, config, machines)
    try:
        if run.fabric.broadcast(started):  # the first process's folder is the run's
            run.resume()
            run.save()  # a kill may have come between the state and the weights that belong to it
        run.train(report)
    finally:
        run.leave()
    return run


def summary(run: Run) -> str:
    """What the training reached, as a line to print."""
    reached = run.progress
    return (
        f"{run.folder}: {reached.step} steps in {reached.seconds / 60:.1f} min; best weights from step"
        f" {reached.best_step}, {run.task.said(reached.best)} on {len(run.task.selection_pieces)} selection pieces."
    )
