"""Results as JUnit's XML, which GitHub Actions, GitLab and Jenkins show beside the tests of a project.

The format has no official schema. This is the part that all readers share: one suite, and cases that passed, failed,
could not be carried out, or were skipped.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from xml.etree import ElementTree as ET

from clstm.runtime.files import replacing

Result = Literal["passed", "failure", "error", "skipped"]

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_COUNTS = {"failures": "failure", "errors": "error", "skipped": "skipped"}


@dataclass(frozen=True)
class Case:
    """One case: the class that it is shown under and its name; the result, with a message and lines where it did not
    pass."""

    of: str
    name: str
    result: Result = "passed"
    message: str = ""
    lines: Sequence[str] = ()


def write_junit(path: Path, name: str, cases: Sequence[Case]) -> None:
    """Write a suite of this name, whole or not at all."""
    suite = ET.Element("testsuite", name=_xml(name), time="0", tests=str(len(cases)))
    for count, result in _COUNTS.items():
        suite.set(count, str(sum(case.result == result for case in cases)))
    for case in cases:
        element = ET.SubElement(suite, "testcase", classname=_xml(case.of), name=_xml(case.name), time="0")
        if case.result != "passed":
            found = ET.SubElement(element, case.result, message=_xml(case.message), type=case.result)
            found.text = _xml("\n".join(case.lines))
    suites = ET.Element("testsuites")
    suites.append(suite)
    ET.indent(suites)
    with replacing(Path(path)) as temporary:
        ET.ElementTree(suites).write(temporary, encoding="utf-8", xml_declaration=True)


def _xml(text: str) -> str:
    """The text without characters that XML cannot hold; a file's name may have them."""
    return _NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)
