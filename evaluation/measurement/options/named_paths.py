"""The systems of a command line: NAME=PATH, and the files of music of a path."""

from pathlib import Path

from clstm.runtime.finding import MusicFiles, find, is_midi, named_path, named_paths

__all__ = ["music_files", "named_path", "named_paths"]  # the last two under the name that callers know

BESIDE = "audio beside MIDI, most often its rendering"


def music_files(path: Path) -> MusicFiles:
    """The MIDI or audio files of a path, sorted, and the files that are not used.

    Of a folder that holds both, only the MIDI is used: the audio beside it is most often its rendering. Raises
    `UserError` when there is none.

    >>> music_files(Path("music/human")).files
    [PosixPath('music/human/song.mid')]
    """
    found = find([path])
    midi = [file for file in found.files if is_midi(file)]
    if not midi:
        return found
    used = set(midi)
    beside = [(file, BESIDE) for file in found.files if file not in used]
    return MusicFiles(midi, [*beside, *found.left_out])
