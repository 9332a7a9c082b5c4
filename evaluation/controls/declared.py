"""Limits that somebody declares, for they are not seen in notes: in `generated.json`, or as an option.

    "limits": {"grid": 0.125, "range": [21, 108], "instruments": [0, 1], "drums": false, "pedal": "none"}
    --limits "NAME:grid=1/8,range=21-108,instruments=0-7+drums,pedal=none"

A grid or a velocity may be declared too: of audio, in which they are not seen, or where the music happens to obey a
coarser grid than it could have.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any

from clstm.music.generated import GENERATED
from clstm.runtime.errors import UserError
from clstm.runtime.names import readable
from evaluation.controls.control import NO_CONTROL, PER_PIECE, Control, Pedal
from evaluation.controls.limits import STEPS

OPTION, CONTROL = "--limits", "--control"
FORM = f'{OPTION} "NAME:range=21-108,instruments=0-7+drums,pedal=none"'

_PEDALS: Mapping[str, Pedal] = {"none": "none", "lengths": "lengths"}
_TRUTH = {"true": True, "false": False}
_ACCEPTED = {
    "grid": f"a step of 1/n s, n from {STEPS[0]} to {STEPS[-1]}, such as 1/8",
    "offsets": "true or false: whether offsets lie on the grid too, of audio; in notes they are seen",
    "velocity": "1 to 127, a whole number, or piece where each piece has one of its own",
    "range": "the lowest and the highest pitch, whole numbers from 0 to 127, such as 21-108",
    "instruments": "programs 0 to 127, whole numbers, such as 0-7+40+drums",
    "drums": "true or false",
    "pedal": "none or lengths",
}


def of_json(content: Any) -> tuple[Control, list[str]]:
    """The limits that `generated.json` declares, and what of them cannot be used, one line each.

    >>> control, remarks = of_json({"range": [21, 108], "pedal": "half"})
    >>> control.lowest, control.highest, remarks
    (21, 108, ["the limit pedal: 'half' in generated.json is not used; accepted are none or lengths"])
    """
    if content is None:
        return NO_CONTROL, []
    if not isinstance(content, Mapping):
        return NO_CONTROL, [f"limits: {_short(content)} in {GENERATED} is not used; it is not an object"]
    control, remarks = NO_CONTROL, []
    for key, value in content.items():
        try:
            control = _with(control, str(key), value)
        except ValueError as error:
            remarks.append(readable(f"the limit {key}: {_short(value)} in {GENERATED} is not used; {error}"))
    if "offsets" in content and control.per_second is None:
        remarks.append(f"the limit offsets in {GENERATED} is not used; offsets are on a grid, and none is given")
    return control, remarks


def of_options(texts: Iterable[str], names: Iterable[str]) -> dict[str, Control]:
    """The limits of each system that options name. Raises `UserError` for what is none.

    >>> of_options(["rnn:instruments=0-1+drums"], ["human", "rnn"])["rnn"].parts()
    {'instruments': 'piano and drums'}
    """
    known, found = list(names), dict[str, Control]()
    for text in texts:
        name = max((one for one in known if text.startswith(f"{one}:")), key=len, default=None)
        if name is None:
            strange = text.partition(":")[0] if ":" in text else text
            raise UserError(
                f"{OPTION} names {strange!r}, which is not one of the systems ({', '.join(known)}); give it as {FORM}"
            )
        if name in found:
            raise UserError(f"{OPTION} is given twice for {name!r}; give all its limits at once, separated by commas")
        found[name] = _of_text(text, text[len(name) + 1 :])
    return found


def of_text(text: str) -> Control:
    """Limits without the name of a system, such as `grid=1/8,velocity=80`. Raises `UserError` for what is none."""
    return _of_text(text, text, CONTROL, f"{CONTROL} grid=1/8,offsets=true,velocity=80")


def _of_text(whole: str, text: str, option: str = OPTION, form: str = FORM) -> Control:
    control, seen = NO_CONTROL, set[str]()
    for part in text.split(","):
        key, equals, value = (each.strip() for each in part.partition("="))
        if not equals or key in seen:
            why = f"{key!r} is given twice" if key in seen else f"{part!r} is not LIMIT=VALUE"
            raise UserError(f"{option} {whole!r}: {why}; give it as {form}")
        seen.add(key)
        try:
            control = _with(control, key, value)
        except ValueError as error:
            raise UserError(f"{option} {whole!r}: {key}={value} is no limit; {error}") from error
    if why := _idle(control, seen):
        raise UserError(f"{option} {whole!r}: {why}; give it as {form}")
    return control


def _idle(control: Control, given: Collection[str]) -> str:
    """Why limits limit nothing; "" where they do."""
    if "offsets" in given and control.per_second is None:
        return "offsets are on a grid, and none is given"
    return "this limits nothing" if control == NO_CONTROL else ""


def _with(control: Control, key: str, value: Any) -> Control:
    """The control with one more limit. Raises `ValueError` with what is accepted."""
    if key not in _ACCEPTED:
        raise ValueError(f"limits are {', '.join(_ACCEPTED)}")
    try:
        match key:
            case "grid":
                return replace(control, per_second=_per_second(value))
            case "velocity":
                return replace(control, velocity=PER_PIECE if value == PER_PIECE else _whole(value, 1))
            case "range":
                lowest, highest = value.split("-") if isinstance(value, str) else value
                return _in_order(replace(control, lowest=_whole(lowest), highest=_whole(highest)))
            case "instruments":
                return _with_instruments(control, value)
            case "drums":
                return replace(control, drums=_true(value))
            case "offsets":
                return replace(control, offsets=_true(value))
            case _:
                return replace(control, pedal=_PEDALS[value])
    except (ValueError, TypeError, KeyError, ZeroDivisionError) as error:
        raise ValueError(f"accepted are {_ACCEPTED[key]}") from error


def _per_second(value: Any) -> int:
    if isinstance(value, str):
        above, slash, below = value.removesuffix("s").partition("/")
        seconds = float(above) / float(below) if slash else float(above)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        seconds = float(value)
    else:
        raise TypeError(value)
    steps = round(1 / seconds)
    if steps not in STEPS or abs(steps * seconds - 1) > 1e-3:
        raise ValueError(value)
    return steps


def _true(value: Any) -> bool:
    return value if isinstance(value, bool) else _TRUTH[value]


def _whole(value: Any, least: int = 0) -> int:
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise TypeError(value)
    number = int(value)
    if not least <= number <= 127:
        raise ValueError(value)
    return number


def _in_order(control: Control) -> Control:
    if (control.lowest or 0) > (control.highest or 0):
        raise ValueError(control)
    return control


def _with_instruments(control: Control, value: Any) -> Control:
    """Of a list of programs, or a text such as 0-7+drums; a text says whether there are drums too."""
    if not isinstance(value, str):
        return replace(control, programs=tuple(sorted({_whole(one) for one in value})))
    programs, parts = set[int](), value.split("+")
    for part in parts:
        if part != "drums":
            first, dash, last = part.partition("-")
            run = range(_whole(first), _whole(last if dash else first) + 1)
            if not run:
                raise ValueError(part)
            programs |= set(run)
    return replace(control, programs=tuple(sorted(programs)), drums="drums" in parts)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:37]}..."
