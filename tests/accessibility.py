"""What axe-core finds on a page: every rule it has, of WCAG and of good practice, landmarks and names too."""

from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Page

RUN = """
async () => (await axe.run(document, { resultTypes: ["violations"] })).violations.map(
  found => `${found.id}: ${found.nodes.map(node => node.html.slice(0, 200)).join(" | ")}`)
"""


def violations(page: "Page") -> list[str]:
    """One line for each rule that is broken, with the elements; within shadow roots, too."""
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8"))
    found: list[str] = page.evaluate(RUN)
    return found
