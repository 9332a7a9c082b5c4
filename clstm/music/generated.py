"""`generated.json`: what `clstm generate` and `clstm excerpts` write beside their music, and others may write too.

The schema and the reader for the whole project. It says what each file continues, and how long it lasts where nothing
sounds at its end. A report relies on both, so everything is checked: the file must be standard JSON, every value of
the right type and within the bounds that our own generator can write, and what is not used is reported. Whether a
stated length fits the notes shows only when they are read (`fits`).

Beside its items it may declare the limits of what made the music, which a comparison then puts on human music too:

    "limits": {"grid": 0.125, "velocity": 80, "range": [24, 101], "instruments": [0], "drums": false, "pedal": "none"}

Each key may be left out. grid: a step of 1/n s that all onsets are multiples of; velocity: of all notes; range: lowest
and highest pitch; instruments: General MIDI programs 0..127; drums: whether there are any; pedal: "none", or "lengths"
where notes last as long as a pedal held them. `evaluation.controls.declared` checks them.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StrictInt, StrictStr, ValidationError

from clstm.music.degeneration import SILENT
from clstm.music.left_out import PIANOS
from clstm.music.midi import LONGEST_RENDERED, VELOCITY
from clstm.music.score import FRAME_RATE, HIGHEST, LOWEST
from clstm.runtime.files import size_of
from clstm.runtime.names import readable
from clstm.runtime.old_names import translated

GENERATED = "generated.json"
LARGEST = 2**26  # bytes; ours has some 400 per file
FRAME = 1 / FRAME_RATE  # seconds: notes end within one frame of what is stated
UNFIT = f"the length in {GENERATED} does not fit its notes and is not used"

# What a score matrix can hold, as any program may declare it.
LIMITS = {
    "grid": FRAME,
    "velocity": VELOCITY,
    "range": [LOWEST, HIGHEST],
    "instruments": list(PIANOS),
    "drums": False,
    "pedal": "none",
}

Seconds = Annotated[float, Field(strict=True, ge=0, le=LONGEST_RENDERED, allow_inf_nan=False)]
Name = StrictStr | StrictInt


class GeneratedItem(BaseModel):
    """What is used of what is said of one file.

    piece, group : what it continues, and what that belongs to (a work, a composer)
    seconds : how long it lasts; silence_from_seconds : where it falls silent, if it does
    begins_at_seconds : where the generated music begins, after the prompt
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    file: Annotated[str, Field(strict=True, min_length=1)]
    piece: Name = ""
    group: Name | None = None
    seconds: Annotated[Seconds, Field(gt=0)] | None = None
    silence_from_seconds: Seconds | None = None
    begins_at_seconds: Seconds = 0.0


class ContinuationItem(GeneratedItem):
    """What our own generator says of one file.

    prompt_start_seconds, prompt_padding_seconds : where in the piece its prompt begins, and how much silence was put
        before that
    notes_per_second : notes struck
    saturation_from_seconds, loop_from_seconds, loop_period_seconds : see `clstm.music.degeneration`
    redrawn : how often passages were drawn again, where that was asked for
    """

    prompt_start_seconds: float
    prompt_padding_seconds: float
    notes_per_second: float
    saturation_from_seconds: float | None
    loop_from_seconds: float | None
    loop_period_seconds: float | None
    redrawn: int | None = None

    def stated(self) -> dict[str, Any]:
        """As a JSON object: the fields that were given."""
        return self.model_dump(exclude_unset=True)


@dataclass(frozen=True)
class GeneratedManifest:
    """What can be used of the `generated.json` of a folder, and what cannot.

    items : by the names of the files
    content : all that it holds, in the words of the file; None where it is not a JSON object
    pedal : whether notes were made to last as long as a pedal holds them; None where it does not say
    remarks : what is not used, and why
    """

    items: Mapping[str, GeneratedItem] = field(default_factory=dict)
    content: Mapping[str, Any] | None = None
    remarks: tuple[str, ...] = ()
    pedal: bool | None = None

    @property
    def limits(self) -> Any:
        """The limits that it declares, not yet checked; None where it declares none.

        Music of our own models, and human continuations in their form, have those of the score matrix; before version
        0.2 that was not written.

        >>> GeneratedManifest(content={"weights_sha256": "", "items": []}).limits["range"]
        [24, 101]
        """
        content = self.content or {}
        ours = "weights_sha256" in content or content.get("as_played") is False
        return content.get("limits", LIMITS if ours else None)


def read_manifest(folder: Path) -> GeneratedManifest:
    """The manifest of a folder; an empty one where there is none.

    >>> read_manifest(Path("music/human"))
    GeneratedManifest(items={}, content=None, remarks=(), pedal=None)
    """
    path = Path(folder) / GENERATED
    if not path.exists():
        return GeneratedManifest()
    try:
        content = _read(path)
    except (OSError, ValueError, RecursionError) as error:
        reason = _why(error)
        return GeneratedManifest(remarks=(readable(f"{path} is not used: {reason}"),))
    if not isinstance(content.get("items"), list):
        return GeneratedManifest(content=content, remarks=(f"{path} is not used: it lists no items",))
    faults: list[str] = []
    items = dict(_items(content, faults))
    pedal = content.get("pedal")
    if pedal is not None and not isinstance(pedal, bool):
        faults.append(f"pedal: {str(pedal)[:40]!r} is neither true nor false")
        pedal = None
    there = {readable(file.name) for file in path.parent.iterdir()}
    remarks = [f"{path}: not used: {faults[0]}{_more(faults)}"] if faults else []
    if gone := [name for name in items if name not in there]:
        remarks.append(f"{path} lists {_files(gone)} not in the folder; {_ignored(gone)}")
    return GeneratedManifest(items, content, tuple(map(readable, remarks)), pedal)


def items_of(content: Mapping[str, Any]) -> dict[str, GeneratedItem]:
    """What a manifest, of this version or an earlier one, says of each file, by its name, as far as it can be used.

    >>> item = items_of({"items": [{"file": "001.mid", "piece": "BWV 846", "seconds": 30.0}]})["001.mid"]
    >>> item.piece, item.seconds, item.begins_at_seconds
    ('BWV 846', 30.0, 0.0)
    """
    return dict(_items(content, []))


def fits(item_seconds: float, silent_from: float | None, last_note: float) -> bool:
    """Whether a piece can last so long: no shorter than its notes, and longer only by a stated or short silence.

    item_seconds : the length stated; silent_from : where silence is stated to begin; last_note : where the notes end; s

    Without any notes every length fits.

    >>> fits(24.0, None, 20.0), fits(25.0, None, 20.0), fits(25.0, 20.0, 20.0)
    (True, False, True)
    """
    if not last_note:
        return True
    if item_seconds < last_note - FRAME:
        return False
    return item_seconds <= last_note + SILENT or (silent_from is not None and silent_from <= last_note + FRAME)


def _items(content: Mapping[str, Any], faults: list[str]) -> Iterator[tuple[str, GeneratedItem]]:
    """The items, each named once; what is wrong with them is added to the faults."""
    content = translated(content)
    listed = content.get("items")
    found: dict[str, GeneratedItem] = {}
    twice = set()
    for place, entry in enumerate(listed if isinstance(listed, list) else []):
        item = _item(place, entry, faults)
        if item is not None and found.setdefault(item.file, item) != item:
            twice.add(item.file)
            faults.append(f"what it says of {item.file}: listed twice, with different values")
    with_prompt = content.get("with_prompt", False)
    if not isinstance(with_prompt, bool):
        faults.append(f"with_prompt: {with_prompt!r} is neither true nor false")
    for name, item in found.items():
        if name not in twice:  # with their prompts, files are longer than the continuations described
            yield name, item if with_prompt is False else item.model_copy(update={"seconds": None})


def _item(place: int, entry: Any, faults: list[str]) -> GeneratedItem | None:
    """An item without the values that cannot be used; None without the name of a file."""
    if not isinstance(entry, dict):
        faults.append(f"item {place + 1}: {str(entry)[:40]!r} is not an object")
        return None
    try:
        return GeneratedItem.model_validate(entry)
    except ValidationError as error:
        wrong = {str(fault["loc"][0]): fault for fault in error.errors()}
    name = f"item {place + 1}" if "file" in wrong else entry["file"]
    faults += [
        f"{key} of {name}: {str(fault.get('input'))[:40]} ({_plain(fault['msg'])})" for key, fault in wrong.items()
    ]
    if "file" in wrong:
        return None
    return GeneratedItem.model_validate({key: value for key, value in entry.items() if key not in wrong})


def _read(path: Path) -> dict[str, Any]:
    """Raises `OSError` or `ValueError` for what is not a JSON object."""
    if size_of(path) > LARGEST:
        raise ValueError(f"it holds more than {LARGEST >> 20} MB")
    content = json.loads(path.read_text(encoding="utf-8"), parse_constant=_refused, object_pairs_hook=_once)
    if not isinstance(content, dict):
        raise ValueError("it is not a JSON object")  # noqa: TRY004  # of a file's content, not of an argument
    # Half a surrogate pair and 1e999 can be read, but not written again.
    json.dumps(content, ensure_ascii=False, allow_nan=False).encode()
    return content


def _why(error: Exception) -> str:
    """Why a file is not JSON, without Python's words."""
    match error:
        case RecursionError():
            return "it is nested too deeply"
        case UnicodeDecodeError():
            return "it is not text in UTF-8"
        case OSError():
            return error.strerror or str(error)
    return str(error)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"the key {key!r} occurs twice in one object")
        found[key] = value
    return found


def _refused(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def _plain(message: str) -> str:
    return message[:1].lower() + message[1:]


def _files(gone: list[str]) -> str:
    return f"{gone[0]}, which is" if len(gone) == 1 else f"{len(gone):,} files that are"


def _ignored(gone: list[str]) -> str:
    return "this entry is ignored" if len(gone) == 1 else "these entries are ignored"


def _more(faults: list[str]) -> str:
    return f", and {len(faults) - 1:,} more" if len(faults) > 1 else ""
