"""The archive as one ZIP file that is the same to the bit whenever it is made of the same study.

Files are stored, not compressed: clips are compressed already, and what a compressor writes depends on its version.
Every file has the same date, the first that ZIP knows.
"""

from collections.abc import Mapping
from pathlib import Path
from zipfile import ZIP_STORED, ZipFile, ZipInfo

from clstm.runtime.errors import UserError
from clstm.runtime.files import replacing
from listening_study.archive.contents import Content, contents
from listening_study.archive.metadata import Metadata
from listening_study.archive.verification import is_archive
from listening_study.protocol.study import Study
from listening_study.results.results import is_sealed, read_results
from listening_study.store import Store

DATE = (1980, 1, 1, 0, 0, 0)
MODE = 0o644 << 16  # where ZIP keeps the permissions
UNIX = 3  # so that they are read on any machine


def archive(study: Study, store: Store, out: Path, metadata: Metadata, *, comments: bool, unseal: bool) -> list[str]:
    """Write the archive of a closed study; returns the names of its files.

    comments : with what participants wrote in their own words
    unseal : open the key where results have not been read yet, which the journal records

    Raises `UserError` while the study is open, while its key is sealed, or where `out` is a file of something else.
    """
    if out.exists() and not is_archive(out):
        raise UserError(f"--out {out} exists and is no archive that this command wrote; give another name")
    if not store.is_open() and is_sealed(store.journal()) and not unseal:
        raise UserError(
            f"the key of {study.folder} is sealed: read the results first, clstm study results {study.folder}, or give"
            " --unseal"
        )
    results = read_results(study, store)
    files = contents(results, metadata, comments=comments)
    with replacing(out) as temporary:
        write_zip(temporary, files)
    return list(files)


def write_zip(path: Path, files: Mapping[str, Content]) -> None:
    """Write the files in the order given."""
    with ZipFile(path, "w", ZIP_STORED) as made:
        for name, content in files.items():
            entry = ZipInfo(name, DATE)
            entry.external_attr, entry.create_system = MODE, UNIX
            made.writestr(entry, content.read_bytes() if isinstance(content, Path) else content)
