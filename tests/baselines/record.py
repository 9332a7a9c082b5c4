"""Record the committed baselines again: python tests/baselines/record.py

For when the definition of a metric changed, a metric was added, or the tested versions moved. CI compares every later
change with what is recorded: look at the difference before you commit it.
"""

import shutil
import tempfile
from pathlib import Path

from pieces import write_notes, write_signals

from evaluation.drift.check import record

HERE = Path(__file__).parent


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:  # inputs are named relative to the baseline, which moves alone
        music = Path(folder)
        write_notes(music / "notes")
        write_signals(music / "signals")
        for name in ("notes", "signals"):
            baseline = record([music / name], music / f"{name}.json")
            shutil.copyfile(music / f"{name}.json", HERE / f"{name}.json")
            print(f"{len(baseline.files)} pieces recorded in {(HERE / name).relative_to(Path.cwd())}.json")


if __name__ == "__main__":
    main()
