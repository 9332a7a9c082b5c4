"""The formats of notes besides MIDI: their suffixes, their readers, and what has to be installed for them."""

from dataclasses import dataclass

CONVERT = "check it in a notation program, or convert it to MusicXML or MIDI"


@dataclass(frozen=True)
class Format:
    """suffixes : of the files; shared : whether much else has them too, so that the content decides
    reader : module of `clstm.formats` and function; "" where the content decides
    native : whether its library is in C, and may crash
    largest : bytes of a file that is read
    package : what the reader imports; extra : of clstm, which installs it; "" where both come with clstm
    """

    name: str
    suffixes: tuple[str, ...]
    reader: str = ""
    package: str = ""
    extra: str = ""
    shared: bool = False
    native: bool = False
    largest: int = 64 * 2**20

    @property
    def library(self) -> str:
        """What people call the package."""
        return {"verovio": "Verovio", "symusic": "abc2midi, in symusic,"}.get(self.package, self.package)

    def failed(self, code: int) -> str:
        """What to say where its library ended the process that read a file."""
        return f"{self.library} failed on it (exit code {code}); {CONVERT}"


FORMATS = (
    Format("MusicXML", (".musicxml", ".mxl"), "scores:musicxml", "music21", "scores"),
    Format("MEI", (".mei",), "scores:mei", "verovio", "scores", native=True),
    Format("Humdrum **kern", (".krn",), "scores:kern", "verovio", "scores", native=True),
    Format("ABC", (".abc",), "scores:abc", "symusic", "scores", native=True),
    Format("MusicXML or MEI", (".xml",), shared=True),
    Format("notes in JSON", (".json",), "note_lists:note_list", shared=True),
    Format("NoteSequence", (".pb",), "note_sequence:note_sequence", shared=True),
    Format("NoteSequence", (".tfrecord",), "note_sequence:record", shared=True),
    Format("pypianoroll", (".npz",), "rolls:multitrack", shared=True),
    Format("piano roll", (".npy",), "rolls:array", shared=True, largest=256 * 2**20),
)
TOKENS = Format("MidiTok", (".json",), "tokens:tokens", "miditok", "tokens", shared=True)

OWN_SUFFIXES = tuple(suffix for one in FORMATS if not one.shared for suffix in one.suffixes)
SHARED_SUFFIXES = tuple(suffix for one in FORMATS if one.shared for suffix in one.suffixes)

_NATIVE = {suffix: one for one in FORMATS if one.native for suffix in one.suffixes}
NATIVE = _NATIVE | {".xml": _NATIVE[".mei"]}  # by suffix, whose reader can crash: of .xml only that of MEI
