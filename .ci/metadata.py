"""What the package says of itself where it is installed from: README.md and links, for the build backend.

There README.md stands alone: a link to another file of the repository, or to a heading, leads nowhere. The address of
the repository is `repository-code` in CITATION.cff. With it those links become absolute; without, their text stays.
"""

import re
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

FENCED = re.compile(r"(^```.*?^```$)", re.DOTALL | re.MULTILINE)  # code, which stays as it is
IMAGE = re.compile(r"!\[(?P<text>[^\]]*)\]\((?P<target>[^)\s]+)\)")
LINK = re.compile(r"\[(?P<text>(?:!\[[^\]]*\]\([^)]*\)|[^\[\]])*)\]\((?P<target>[^)\s]+)\)")
SHOWN = re.compile(r'(?<=\s)(?P<name>src|srcset)="(?P<target>[^"\s]+)"')  # by HTML, in which a picture has a dark form
FIGURE = re.compile(  # with its caption
    r"^\[?(?:!\[[^\n]*\]\((?!https?://)|<picture>)[^\n]*\n\n\*.+?\*\n\n", re.DOTALL | re.MULTILINE
)
PICTURE = re.compile(r"<picture>.*?</picture>|<img [^>]*>", re.DOTALL)
ABSOLUTE = re.compile(r"https?://|mailto:")


class CustomMetadataHook(MetadataHookInterface):
    def update(self, metadata: dict[str, Any]) -> None:
        root = Path(self.root)
        citation = (root / "CITATION.cff").read_text(encoding="utf-8")
        repository = stated(citation, "repository-code").rstrip("/")
        text = description((root / "README.md").read_text(encoding="utf-8"), repository)
        metadata["readme"] = {"content-type": "text/markdown", "text": text}
        metadata["urls"] = {"Paper": f"https://doi.org/{stated(citation, 'doi')}"}
        if repository:
            metadata["urls"] |= {"Source": repository, "Changelog": f"{repository}/blob/HEAD/CHANGELOG.md"}


def stated(citation: str, field: str) -> str:
    """The first value of a field of CITATION.cff; "" where it has none."""
    found = re.search(rf"^ *{field}: *[\"']?([^\s\"']+)", citation, re.MULTILINE)
    return found[1] if found else ""


def description(readme: str, repository: str) -> str:
    """README.md without a relative link."""
    parts = FENCED.split(readme if repository else FIGURE.sub("", readme))
    return "".join(part if FENCED.fullmatch(part) else _absolute(part, repository) for part in parts)


def _absolute(text: str, repository: str) -> str:
    def image(found: re.Match[str]) -> str:
        if ABSOLUTE.match(found["target"]):
            return found[0]
        return f"![{found['text']}]({repository}/raw/HEAD/{found['target']})" if repository else ""

    def link(found: re.Match[str]) -> str:
        if ABSOLUTE.match(found["target"]):
            return found[0]
        if not repository:
            return found["text"]
        place = "" if found["target"].startswith("#") else "/blob/HEAD/"
        return f"[{found['text']}]({repository}{place}{found['target']})"

    def shown(found: re.Match[str]) -> str:
        if ABSOLUTE.match(found["target"]):
            return found[0]
        return f'{found["name"]}="{repository}/raw/HEAD/{found["target"]}"'

    text = LINK.sub(link, IMAGE.sub(image, text))
    return SHOWN.sub(shown, text) if repository else PICTURE.sub("", text)
