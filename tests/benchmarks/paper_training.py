"""How fast `clstm train` goes at the paper's size, and what memory it takes, in a process of its own.

Run as a program with a corpus, a folder, a supervision, a precision and a number of steps, it prints
{"asked": frames asked for a second, "gigabytes": at most, "nats": on the selection pieces} as JSON.
"""

import json
import resource
import sys
import time
from itertools import pairwise
from pathlib import Path

from clstm.corpus.corpus import Corpus
from clstm.training.loop import Run, train
from clstm.training.settings import Machines, configure


def main(corpus: str, folder: str, supervision: str, precision: str, steps: str) -> None:
    network, config = configure("c-lstm", "paper", supervision=supervision, steps=int(steps), evaluate_every=10**6)
    asked = config.batch * (config.excerpt - 2 - network.horizon if supervision == "dense" else 1)
    times = [time.perf_counter()]

    def report(run: Run) -> None:
        times.append(time.perf_counter())

    machines = Machines(precision=precision)
    run = train(Corpus.open(Path(corpus)), Path(folder), network, config, machines=machines, report=report)
    taken = [after - before for before, after in pairwise(times[1:-1])]  # the last one evaluates
    gigabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e9 if sys.platform == "darwin" else 1e9 / 1024)
    print(json.dumps({"asked": asked / min(taken), "gigabytes": gigabytes, "nats": run.progress.best}))


if __name__ == "__main__":
    main(*sys.argv[1:])
