"""Published checkpoints of PyTorch: found in a folder, or fetched once, and read without running code that they hold.

torch is imported here and in the embedders that use this, when they are loaded: in processes of their own.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clstm.runtime.errors import UserError
from clstm.runtime.names import readable
from evaluation.embeddings.embedder import reason


@dataclass(frozen=True)
class Published:
    """network : whose weights they are, in words
    option : the name of its embedder
    pattern : of the file's name
    place : where they are published, a URL
    """

    network: str
    option: str
    pattern: str
    place: str

    @property
    def remedy(self) -> str:
        """What to give, and where it is."""
        return f"give {self.option}=FOLDER with {self.pattern}; the weights are published at {self.place}"

    def located(self, folder: Path | None, fetch: Callable[[], str | Path]) -> Path:
        """The one file of that name in a folder; where no folder is given, what `fetch` returns. Raises `UserError`."""
        if folder is not None:
            files = sorted(folder.glob(self.pattern))
            if len(files) != 1:
                raise UserError(f"{readable(folder)} has {len(files) or 'no'} files {self.pattern}; {self.remedy}")
            return files[0]
        try:
            return Path(fetch())
        except Exception as error:  # a hub has errors of its own
            raise UserError(f"{self.network} cannot be downloaded ({reason(error)}); {self.remedy}") from error

    def read(self, path: Path, **options: Any) -> Any:
        """What a checkpoint holds: tensors, numbers, text. Raises `UserError` for any other file."""
        import torch

        try:
            return torch.load(path, map_location="cpu", weights_only=True, **options)
        except Exception as error:  # a pickle that is none raises anything
            raise UserError(f"{readable(path)} cannot be read ({reason(error)}); {self.remedy}") from error

    def wrong(self, path: Path) -> UserError:
        """What to raise for a checkpoint of something else."""
        return UserError(f"{readable(path)} has no weights of {self.network}; {self.remedy}")
