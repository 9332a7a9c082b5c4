"""MAESTRO v3: 199 hours of piano competitions as MIDI, with splits of its own: the source `maestro-v3`.

Hawthorne et al., "Enabling Factorized Piano Music Modeling and Generation with the MAESTRO Dataset" (ICLR 2019). Its
MIDI archive is downloaded once and kept; a file whose SHA-256 is not the published one is rejected. No
composition is in two splits; performances of one composition, by composer and title as the archive spells them, form
a group.
"""

import csv
import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from zipfile import ZipFile

from clstm.corpus.splits import check_groups
from clstm.runtime.errors import UserError
from clstm.runtime.progress import Progress, silent

SOURCE = "maestro-v3"
URL = "https://storage.googleapis.com/magentadata/datasets/maestro/v3.0.0/maestro-v3.0.0-midi.zip"
SHA256 = "70470ee253295c8d2c71e6d9d4a815189e35c89624b76d22fce5a019d5dde12c"
LICENCE = "CC BY-NC-SA 4.0"
NOTICE = (
    f"MAESTRO v3.0.0 (Hawthorne et al. 2019) is licensed {LICENCE}: give credit, share alike, no commercial use;"
    " https://creativecommons.org/licenses/by-nc-sa/4.0/"
)
ROOT = "maestro-v3.0.0"  # of the files in the archive
SPLITS = {"train": "train", "validation": "valid", "test": "test"}

TIMEOUT = 30.0  # seconds without an answer
CHUNK = 1 << 16  # bytes


@dataclass(frozen=True)
class Performance:
    """One MIDI file. name : its place in the archive; group : its composition"""

    path: Path
    name: str
    group: str
    split: str


def archive_path() -> Path:
    """The place of the archive; a copy downloaded by hand belongs here."""
    import platformdirs

    return Path(platformdirs.user_cache_dir("clstm")) / "maestro" / URL.rpartition("/")[2]


def download(progress: Progress = silent) -> Path:
    """The archive, from the cache or the network. Raises `UserError` when there is neither, saying what to do."""
    import pooch
    import requests

    pooch.get_logger().setLevel("WARNING")  # the bar says what is going on
    path = archive_path()
    by_hand = f"run the command again, or fetch {URL} by hand and put it at {path}"
    try:
        pooch.retrieve(
            URL,
            known_hash=f"sha256:{SHA256}",
            fname=path.name,
            path=path.parent,
            downloader=partial(_stream, progress=progress),
        )
    except requests.RequestException as error:
        raise UserError(f"MAESTRO could not be downloaded: {_reason(error)}; {by_hand}") from error
    except ValueError as error:  # pooch's, when the hash is another; the download is gone by then
        raise UserError(f"MAESTRO's download is damaged, its SHA-256 is not the published one; {by_hand}") from error
    return path


def _stream(url: str, target: str, _: object, *, progress: Progress) -> None:
    """Download for pooch: into a file under another name, which pooch renames when the SHA-256 is right."""
    import requests

    with requests.get(url, stream=True, timeout=TIMEOUT) as answer, Path(target).open("wb") as file:
        answer.raise_for_status()
        total = int(answer.headers.get("Content-Length", 0))
        for chunk in answer.iter_content(CHUNK):
            file.write(chunk)
            progress("Downloading, kB", file.tell() // 1000, total // 1000)


@contextmanager
def performances(progress: Progress = silent) -> Iterator[list[Performance]]:
    """Every performance of the archive, as files that are there for as long as the block lasts."""
    with ZipFile(download(progress)) as archive, TemporaryDirectory(prefix="clstm-") as folder:
        yield list(_extracted(archive, Path(folder)))


def _extracted(archive: ZipFile, folder: Path) -> Iterator[Performance]:
    """Extract only what the archive's index names, under names made here: no member can choose its place."""
    index = io.StringIO(archive.read(f"{ROOT}/{ROOT}.csv").decode("utf-8"), newline="")
    rows = list(csv.DictReader(index))
    groups = [f"{row['canonical_composer']}: {row['canonical_title']}" for row in rows]
    splits = [SPLITS[row["split"]] for row in rows]
    check_groups(splits, groups, SOURCE)
    for number, (row, group, split) in enumerate(zip(rows, groups, splits, strict=True)):
        name = row["midi_filename"]
        path = folder / f"{number}{PurePosixPath(name).suffix}"
        path.write_bytes(archive.read(f"{ROOT}/{name}"))
        os.utime(path, (0, 0))  # it is the file of every time: a corpus that was stopped continues
        yield Performance(path, name, group, split)


def _reason(error: Exception) -> str:
    """The reason in a few words; the message of requests is a paragraph."""
    import requests

    if isinstance(error, requests.HTTPError) and error.response is not None:
        return f"the server answers {error.response.status_code} {error.response.reason}"
    if isinstance(error, requests.Timeout):
        return f"no answer for {TIMEOUT:g} s"
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return "it broke off"
    return "no connection"
