"""Does a report's first screen follow from its own tables?

Its words are made again from the distances, pairs and verdicts that `report.json` holds; these are compared with the
music elsewhere.
"""

from typing import TYPE_CHECKING

from clstm.runtime.errors import UserError
from reports.content.report import RECORD, read_report
from reports.content.standing import WORDING
from reports.findings.standing import first_screen
from reports.verification.holdings import Verification
from reports.verification.manifest import Places

if TYPE_CHECKING:
    from pathlib import Path


def check_first_screen(folder: "Path", places: Places, found: Verification) -> None:
    """Compare question, answer and each system's standing; reports of before have none."""
    if not (folder / RECORD).exists() or places.foreign(folder / RECORD):
        return  # said elsewhere
    try:
        report = read_report(folder)
    except UserError as error:
        found.failures.append(str(error))
        return
    first = report.first
    if not first.question:
        return
    if first.wording != WORDING:
        found.remarks.append("the first screen was not compared: this version has other words")
        return
    systems = [one.name for one in report.systems if one.role == "system"]
    again = first_screen(report.reference, report.verdict, report.distances, report.pairs, systems)
    found.checked["standings"] = len(first.standings)
    if (first.question, first.answer, first.open) != (again.question, again.answer, again.open):
        found.failures.append(f"the answer was “{first.answer} {first.open}”, is “{again.answer} {again.open}”")
    before, after = ({one.system: one for one in screen.standings} for screen in (first, again))
    found.failures += [
        f"{name}: its standing on the first screen does not follow from the tables"
        for name in dict.fromkeys([*before, *after])
        if before.get(name) != after.get(name)
    ]
