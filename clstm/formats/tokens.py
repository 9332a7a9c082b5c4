"""Tokens of MidiTok: a JSON file of ids, and the tokenizer that made them, `tokenizer.json` beside it or above."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from clstm.formats.building import NO_TEMPO, Converted, FormatError, midi_of_score
from clstm.formats.markup import json_of
from clstm.formats.recognition import TOKENIZER

if TYPE_CHECKING:
    from miditok import MusicTokenizer


def tokens(data: bytes, tokenizer: Path | None) -> Converted:
    """The music of a JSON file of ids (`miditok.MusicTokenizer.save_tokens`). Raises `FormatError`."""
    import miditok

    if tokenizer is None:
        raise FormatError(f"tokens without their tokenizer; put its {TOKENIZER} beside the file or in a folder above")
    found = json_of(data)
    made = _tokenizer(miditok, tokenizer)
    ids = _sequences(found.get("ids", found.get("tokens")), made)
    largest, smallest = max(_flat(ids), default=0), min(_flat(ids), default=0)
    if largest >= len(made) or smallest < 0:
        raise FormatError(f"ids up to {largest}; {tokenizer.name} beside or above has {len(made)} tokens: not its own")
    try:
        programs = [(int(program), bool(drums)) for program, drums in found.get("programs") or []]
        score = made.decode(ids, programs or None)
    except Exception as error:  # it raises whatever its code meets in ids that are no music
        raise FormatError(f"the tokenizer cannot read its ids ({type(error).__name__}: {error})") from error
    return Converted(midi_of_score(score), () if made.config.use_tempos else (NO_TEMPO,))


def _tokenizer(miditok: Any, path: Path) -> "MusicTokenizer":
    try:
        about = json_of(path.read_bytes(), f"{path.name} beside or above cannot be read as JSON")
    except OSError as error:
        raise FormatError(f"{path.name} beside or above cannot be opened ({error.strerror})") from error
    name = about.get("tokenization") if isinstance(about, dict) else None
    kind = getattr(miditok, name, None) if isinstance(name, str) else None
    if not (isinstance(kind, type) and issubclass(kind, miditok.MusicTokenizer)):
        names = f"it names {str(name)[:40]!r}" if name is not None else "it names none"
        raise FormatError(
            f"{path.name} beside or above is not a tokenizer of MidiTok: {names} as its tokenization; put there the "
            "one that made the tokens"
        )
    try:
        made: MusicTokenizer = kind(params=path)
    except Exception as error:  # it raises whatever its code meets in a damaged file
        raise FormatError(f"{path.name} cannot be read as MidiTok's ({type(error).__name__}: {error})") from error
    return made


def _sequences(ids: Any, tokenizer: "MusicTokenizer") -> Any:
    """The ids as the tokenizer takes them: one sequence for all tracks, or a list of them, one for each."""
    nested = bool(ids) and isinstance(ids[0], list) and not (tokenizer.is_multi_voc and not isinstance(ids[0][0], list))
    if tokenizer.one_token_stream and nested:
        if len(ids) != 1:
            raise FormatError(f"{len(ids)} sequences, and its tokenizer has one for all tracks; save each as a file")
        return ids[0]
    return ids if nested or tokenizer.one_token_stream else [ids]


def _flat(ids: Any) -> list[int]:
    """All ids, of whatever depth."""
    if not isinstance(ids, int | list) or isinstance(ids, bool):
        raise FormatError(f"an id of {ids!r}; ids are whole numbers")
    return [one for own in ids for one in _flat(own)] if isinstance(ids, list) else [ids]
