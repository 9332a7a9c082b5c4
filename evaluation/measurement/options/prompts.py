"""Prompts in files: which are recorded in `generated.json`, what is said of them, and how they are cut."""

from collections.abc import Mapping, Sequence

from clstm.music.generated import read_manifest
from clstm.runtime.errors import UserError
from clstm.runtime.names import readable
from evaluation.measurement.inputs import MeasurementInput

SAID = "their prompts, says generated.json"
LONGEST = 1e5  # s


def of_recorded(systems: Mapping[str, Sequence[MeasurementInput]]) -> list[str]:
    """One line per system whose prompts are recorded and not cut."""
    found = {name: recorded(own) for name, own in systems.items()}
    return [words(name, len(own), len(systems[name]), *own[0], SAID) for name, own in found.items() if own]


def words(name: str, count: int, total: int, first: str, seconds: float, what: str, *, kept: bool = True) -> str:
    """What to say of so many files of a system, the first of them, and what they begin with for so many seconds.

    kept : False where it is known that the files hold no prompt: then their own music begins so
    """
    begins = f"{name}: {count} of {total} files begin with {what}, {first} first, for about {seconds:.1f} s"
    if not kept:
        return f"{begins}: no prompt is left in, says generated.json, so their own music repeats it"
    return f"{begins}: a prompt that is left in is scored on human notes; cut it with --skip {name}={seconds:g}"


def without_prompts(inputs: Sequence[MeasurementInput]) -> bool:
    """Whether `generated.json` says of all these files that their prompts are not kept."""
    contents = [read_manifest(folder).content or {} for folder in {one.path.parent for one in inputs}]
    return bool(contents) and all(content.get("with_prompt") is False for content in contents)


def recorded(inputs: Sequence[MeasurementInput]) -> list[tuple[str, float]]:
    """Files with a prompt that is not cut, and where their continuations begin, s, by `generated.json`."""
    items = {folder: read_manifest(folder).items for folder in {one.path.parent for one in inputs}}
    about = [(one, items[one.path.parent].get(readable(one.path.name))) for one in inputs]
    return [
        (readable(one.path.name), item.begins_at_seconds)
        for one, item in about
        if item and item.begins_at_seconds > one.begin
    ]


def skips(texts: Sequence[str], systems: Sequence[str]) -> dict[str, float]:
    """Seconds to cut from the beginning of each system's files, of NAME=SECONDS. Raises `UserError` for another form.

    >>> skips(["lstm=11.25"], ["lstm"])
    {'lstm': 11.25}
    """
    found: dict[str, float] = {}
    for text in texts:
        name, _, number = text.rpartition("=")
        try:
            seconds = float(number)
        except ValueError:
            seconds = -1.0
        if not name or not 0 < seconds < LONGEST:
            raise UserError(f"--skip {text!r} is not NAME=SECONDS; give it as in --skip lstm=11.25")
        if name not in systems:
            raise UserError(f"--skip names {name!r}, which is not one of the systems ({', '.join(systems)})")
        if name in found:
            raise UserError(f"--skip names {name!r} twice; give one number of seconds")
        found[name] = seconds
    return found
