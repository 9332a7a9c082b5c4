"""A report as one HTML file: what its folder holds, written into the page.

Images, players, tables and data become `data:` addresses.
"""

import base64
import re
from pathlib import Path

TYPES = {
    ".svg": "image/svg+xml",
    ".mp3": "audio/mpeg",
    ".csv": "text/csv",
    ".tex": "text/plain",
    ".json": "application/json",
    ".js": "text/javascript",
}
LINK = re.compile(r'(src|href|srcset|data-views)="(?!#|data:|https?:)([^"]+)"')


def single_file(folder: Path) -> str:
    """The page of a report's folder, with everything it points at inside."""
    page = (folder / "index.html").read_text(encoding="utf-8")
    made: dict[str, str] = {}

    def inlined(match: re.Match[str]) -> str:
        attribute, name = match.groups()
        path = folder / name
        if name not in made:
            content = base64.b64encode(path.read_bytes()).decode()
            made[name] = f"data:{TYPES[path.suffix]};base64,{content}"
        download = f' download="{path.name}"' if attribute == "href" else ""
        return f'{attribute}="{made[name]}"{download}'

    return LINK.sub(inlined, page)
