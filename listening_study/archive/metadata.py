"""Who made an archive and how it may be used: `CITATION.cff`, and `.zenodo.json`, which Zenodo fills its form from."""

import json
import re
from dataclasses import dataclass

from clstm.runtime.errors import UserError

_ORCID = re.compile(r"(?:https?://orcid\.org/)?(\d{4}-\d{4}-\d{4}-\d{3}[\dX])")
_LICENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+-]{0,63}")


@dataclass(frozen=True)
class Creator:
    """family, given : of the name; affiliation, orcid : "" where they are not said"""

    family: str
    given: str
    affiliation: str = ""
    orcid: str = ""


@dataclass(frozen=True)
class Metadata:
    """What the user says of the archive. licence : of SPDX, such as CC-BY-4.0; empty where none is said"""

    title: str
    creators: tuple[Creator, ...] = ()
    licence: str = ""
    description: str = ""


def parse_creator(text: str) -> Creator:
    """A creator as "Family, Given; Affiliation; ORCID"; the last two may be left out. Raises `UserError`.

    >>> parse_creator("Lovelace, Ada; Analytical Engines; 0000-0002-1825-0097")
    Creator(family='Lovelace', given='Ada', affiliation='Analytical Engines', orcid='0000-0002-1825-0097')
    """
    name, *more = [part.strip() for part in text.split(";")]
    family, comma, given = (part.strip() for part in name.partition(","))
    if not (family and comma and given) or len(more) > 2:
        raise UserError(f'--creator {text!r} is not "Family, Given; Affiliation; ORCID"')
    affiliation, orcid = (*more, "", "")[:2]
    if found := _ORCID.fullmatch(affiliation):
        affiliation, orcid = "", found[1]
    elif orcid:
        found = _ORCID.fullmatch(orcid)
        orcid = found[1] if found else orcid
    if orcid and not is_orcid(orcid):
        raise UserError(f"--creator {text!r}: {orcid} is no ORCID, such as 0000-0002-1825-0097; check its digits")
    return Creator(family, given, affiliation, orcid)


def is_orcid(text: str) -> bool:
    """Whether the last character is the check of the others (ISO 7064, MOD 11-2).

    >>> is_orcid("0000-0002-1825-0097"), is_orcid("0000-0002-1825-0096")
    (True, False)
    """
    if not _ORCID.fullmatch(text):
        return False
    total = 0
    for digit in text.replace("-", "")[:-1]:
        total = (total + int(digit)) * 2 % 11
    check = (12 - total) % 11
    return text[-1] == ("X" if check == 10 else str(check))


def check_licence(text: str) -> str:
    """Raises `UserError` for what is no identifier of a licence."""
    if text and not _LICENCE.fullmatch(text):
        raise UserError(f"--license {text!r} is no identifier of SPDX, such as CC-BY-4.0 or CC0-1.0")
    return text


def zenodo(metadata: Metadata) -> str:
    """`.zenodo.json`, as https://developers.zenodo.org/#representation has it."""
    people = [
        {
            "name": f"{one.family}, {one.given}",
            **({"affiliation": one.affiliation} if one.affiliation else {}),
            **({"orcid": one.orcid} if one.orcid else {}),
        }
        for one in metadata.creators
    ]
    content = {
        "title": metadata.title,
        "upload_type": "dataset",
        "description": metadata.description,
        "creators": people,
        **({"license": metadata.licence.lower()} if metadata.licence else {}),
        "keywords": ["listening test", "music generation"],
    }
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def citation(metadata: Metadata) -> str:
    """`CITATION.cff`, https://citation-file-format.github.io, version 1.2.0. A text of JSON is one of YAML."""
    lines = ["cff-version: 1.2.0", 'message: "If you use these data, please cite them."', "type: dataset"]
    lines += [f"title: {_quoted(metadata.title)}", f"abstract: {_quoted(metadata.description)}"]
    if metadata.licence:
        lines.append(f"license: {metadata.licence}")
    lines.append("authors:")
    for one in metadata.creators:
        lines += [f"  - family-names: {_quoted(one.family)}", f"    given-names: {_quoted(one.given)}"]
        if one.affiliation:
            lines.append(f"    affiliation: {_quoted(one.affiliation)}")
        if one.orcid:
            lines.append(f'    orcid: "https://orcid.org/{one.orcid}"')
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
