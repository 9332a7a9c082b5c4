"""Mutation testing with Cosmic Ray: which small changes of the code no test notices. `make mutants` runs it.

    python .ci/mutants.py [MODULE...]      of the modules in mutants.toml: those named, or all

The work is done on a copy of the checkout in .mutants/, so nothing of the checkout ever changes. Every verdict is kept
at once: Ctrl-C ends a run, and the next goes on where it stopped. A module whose code, tests or settings have changed
begins anew. At the end every survivor is shown as a difference; the status is 0 whether there are any or not.
"""

import argparse
import hashlib
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
import tomllib
from pathlib import Path

from cosmic_ray.work_db import WorkDB, use_db
from cosmic_ray.work_item import TestOutcome, WorkerOutcome

ROOT = Path(__file__).parents[1]
WORK = ROOT / ".mutants"
COPY = WORK / "checkout"
SETTINGS = tomllib.loads(Path(__file__).with_name("mutants.toml").read_text(encoding="utf-8"))
MODULES: dict[str, list[str]] = SETTINGS["modules"]
PATIENCE = 4  # a mutant that takes so many times as long as the code itself has hung, and counts as noticed
BIN = Path(sys.executable).parent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("modules", nargs="*", metavar="MODULE", help="as in mutants.toml; all when none is given")
    asked = parser.parse_args().modules or list(MODULES)
    if unknown := [module for module in asked if module not in MODULES]:
        sys.exit(f"{unknown[0]} is not in .ci/mutants.toml; add it there with its tests")
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C
    try:
        for module in asked:
            try_all(module)
    except KeyboardInterrupt:
        print("\nStopped; the next run goes on from here")
        sys.exit(130)
    for module in asked:
        report(module)


def try_all(module: str) -> None:
    """Bring a module's session to its end."""
    copy_checkout()
    place = WORK / module.replace("/", ".")
    session = place / "session.sqlite"
    state, written = fingerprint(module), place / "state"  # written last: without it a session is not whole
    if not written.exists() or written.read_text() != state:
        begin(module, place, session)
        written.write_text(state)
    # In a session of its own: Ctrl-C is ours to tell it.
    command = [BIN / "cosmic-ray", "exec", place / "config.toml", session]
    running = subprocess.Popen(command, cwd=COPY, env=environment(), start_new_session=True)
    try:
        while running.poll() is None:
            if sys.stdout.isatty():
                print(f"\r{progress(module, session)}", end="", flush=True)
            time.sleep(2)
    finally:
        running.terminate()
        running.wait()
    print(f"\r{progress(module, session)}", flush=True)
    if running.returncode:
        sys.exit(f"cosmic-ray ended with status {running.returncode}")


def begin(module: str, place: Path, session: Path) -> None:
    """List the mutants, after a run of the tests on the code as it is, which must pass."""
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    tests = [word if word.startswith("-") else f"tests/{word}" for word in MODULES[module]]
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-n", "0", "-p", "no:cacheprovider", *tests]
    began = time.monotonic()
    if subprocess.run(command, cwd=COPY, env=environment(), stdout=subprocess.DEVNULL, check=False).returncode:
        sys.exit(f"{module}: its tests fail without any mutant: {shlex.join(command)}")
    limit = 10 + PATIENCE * (time.monotonic() - began)
    (place / "config.toml").write_text(f"""[cosmic-ray]
module-path = {json.dumps(module)}
timeout = {limit:.0f}
excluded-modules = []
test-command = {json.dumps(shlex.join(command))}
distributor.name = "local"
filters.operators-filter.exclude-operators = {json.dumps(SETTINGS["operators"])}
""")
    for tool in (("cosmic-ray", "init", "config.toml", session), ("cr-filter-operators", session, "config.toml")):
        arguments = [place / word if word == "config.toml" else word for word in tool[1:]]
        subprocess.run([BIN / tool[0], *arguments], cwd=COPY, env=environment(), check=True, stdout=subprocess.DEVNULL)


def copy_checkout() -> None:
    """Make the copy as the checkout is: a file that a run killed while it was changed is put right by that too."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    names = {os.fsdecode(name) for name in listed.stdout.split(b"\0") if name}
    for name in names:
        here, there = ROOT / name, COPY / name
        if here.is_file() and (not there.is_file() or here.read_bytes() != there.read_bytes()):
            there.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(here, there)
    for path in [path for path in COPY.rglob("*.py") if not (ROOT / path.relative_to(COPY)).is_file()]:
        path.unlink()


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(COPY), "PYTHONDONTWRITEBYTECODE": "1", "PYTEST_ADDOPTS": ""}


def fingerprint(module: str) -> str:
    digest = hashlib.sha256(json.dumps([SETTINGS["operators"], MODULES[module]]).encode())
    tests = [ROOT / "tests" / word for word in MODULES[module] if not word.startswith("-")]
    for path in (ROOT / module, *tests):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def survivors(session: Path) -> tuple[list[tuple[int, str]], int, int]:
    """Line and difference of each mutant that no test noticed; how many were tried; how many there are to try."""
    found, tried = [], 0
    with use_db(str(session), WorkDB.Mode.open) as work:
        skipped = 0
        for item, result in work.completed_work_items:
            skipped += result.worker_outcome == WorkerOutcome.SKIPPED
            tried += result.worker_outcome != WorkerOutcome.SKIPPED
            if result.test_outcome == TestOutcome.SURVIVED:
                found.append((item.mutations[0].start_pos[0], result.diff or ""))
        return sorted(found), tried, work.num_work_items - skipped


def progress(module: str, session: Path) -> str:
    found, tried, every = survivors(session)
    return f"{module}: {tried} of {every} mutants, {len(found)} survive"


def report(module: str) -> None:
    found, tried, _ = survivors(WORK / module.replace("/", ".") / "session.sqlite")
    print(f"\n{module}: {tried - len(found)} of {tried} noticed")
    for line, difference in found:
        changed = [text for text in difference.splitlines() if text[:1] in "-+" and text[:3] not in ("---", "+++")]
        print(f"{module}:{line}", *changed, sep="\n    ")


if __name__ == "__main__":
    main()
