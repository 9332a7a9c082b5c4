"""What docs/ repeats of the code, written from the code: every command with its options, every metric, the rooms and
the arrows between them. `make docs` runs this; `tests/test_docs.py` fails where a page says something else.
"""

import ast
import re
import sys
from collections.abc import Iterator, Mapping
from enum import Enum
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

from computation import computation_page

DOCS = Path(__file__).resolve().parents[1] / "docs"
WRITTEN = "<!-- Written by `make docs` from the code; change it there. -->"

OF_COMMANDS = (
    "Every command answers `--help` with the same text. `clstm --install-completion` has your shell complete commands "
    "and options. Exit status: 0 done; 1 the check failed (`report verify`, `spectra check`, `study audit`, "
    "`study archive --verify`, `doctor`); 2 an error you can fix; 3 another environment (`spectra check`); 130 stopped "
    "with Ctrl-C."
)
OF_METRICS = (
    "The others say how a file was made, or correlate so strongly with a tested metric that one more test would add "
    "nothing (|r| above .95 in 500 human piano pieces cut to 30 s, both as played and on the models' grid). Each "
    "module states its sources and equations. A metric that does not exist for a file, such as the loudness range of "
    "one second of music, is empty in a table, and the column `note` gives the reason."
)


def commands(command: Any, path: tuple[str, ...] = ("clstm",)) -> Iterator[tuple[str, Any]]:
    """Every command that does something and is not hidden, with the words that call it, in the order of the help."""
    if not hasattr(command, "commands"):
        yield " ".join(path), command
        return
    for name, inner in command.commands.items():
        if not inner.hidden:
            yield from commands(inner, (*path, name))


def contents(root: Any) -> Iterator[str]:
    """A line for every command, under the headings that the help has for them."""
    panels: dict[str, list[str]] = {}
    for word, command in root.commands.items():
        if not command.hidden:
            heading = getattr(command, "rich_help_panel", None)
            lines = panels.setdefault(heading if isinstance(heading, str) else "", [])
            for name, inner in commands(command, ("clstm", word)):
                lines.append(f"- [{name}](#{name.replace(' ', '-')}): {first_sentence(inner)}")
    for heading, lines in panels.items():
        yield "\n".join([*([f"**{heading}**", ""] if heading else []), *lines])


def commands_page() -> str:
    """docs/reference/commands.md."""
    import typer

    from clstm.cli.main import load_commands

    root = typer.main.get_command(load_commands())
    parts = [
        "# Commands",
        WRITTEN,
        OF_COMMANDS,
        *contents(root),
        *(part for name, command in commands(root) for part in section(name, command)),
    ]
    return "\n\n".join(parts) + "\n"


def first_sentence(command: Any) -> str:
    return re.split(r"(?<=[.?!])\s", " ".join(command.help.split("\n\n")[0].split()))[0]


def section(name: str, command: Any) -> Iterator[str]:
    """A command: how it is called, its help, and a table of its arguments and options."""
    context = command.context_class(command, info_name=name)
    shown = [parameter for parameter in command.params if not getattr(parameter, "hidden", False)]
    arguments = [parameter for parameter in shown if parameter.param_type_name == "argument"]
    options = [parameter for parameter in shown if parameter.param_type_name == "option"]
    needed = [f"{one.opts[0]} {metavar(one, context)}" for one in options if one.required]
    called = [name, *(metavar(one, context) for one in arguments), *needed]
    yield f"## {name}"
    yield f"```\n{' '.join(called)}{' [OPTIONS]' if len(options) > len(needed) else ''}\n```"
    yield command.help.replace("\b\n", "").strip()
    rows = [f"| `{cell(metavar(one, context))}` | {cell(one.help)} |  |" for one in arguments]
    rows += [f"| {names(one, context)} | {cell(one.help)} | {default(one)} |" for one in options]
    if rows:
        yield "\n".join(["| | | default |", "|---|---|---|", *rows])


def metavar(parameter: Any, context: Any) -> str:
    """What stands for the value of an argument or option in the help."""
    if parameter.metavar:
        return str(parameter.metavar)
    if parameter.param_type_name == "argument":
        return parameter.name.upper() + ("..." if parameter.nargs != 1 else "")
    return str(parameter.display_type(context))


def names(option: Any, context: Any) -> str:
    given = " / ".join(f"`{name}`" for name in (*option.opts, *option.secondary_opts))
    return given if option.is_flag else f"{given[:-1]} {cell(metavar(option, context))}`"


def default(option: Any) -> str:
    value = option.default() if callable(option.default) else option.default
    if option.required:
        return "needed"
    if value is None or option.is_flag or value in ((), []):
        return ""
    return f"`{value.value if isinstance(value, Enum) else value}`"


def cell(text: str | None) -> str:
    """Text of a table's cell."""
    return " ".join((text or "").split()).replace("|", r"\|")


def metrics_page() -> str:
    """docs/reference/metrics.md."""
    from evaluation.metrics.catalogue import CATALOGUE, METRICS
    from evaluation.metrics.metric import COUNTED, VIEWS

    tested = sum(metric.tested for metric in METRICS.values())
    counts = f"{len(METRICS)} metrics in {len(VIEWS)} views, version {CATALOGUE} of the catalogue"
    parts = ["# Metrics", WRITTEN, f"{counts}; {tested} are tested in a comparison. {OF_METRICS}"]
    for view, group in groupby(METRICS.items(), lambda item: item[1].view):
        rows = [metric_row(name, metric, METRICS) for name, metric in group]
        place = f"evaluation/metrics/{view}" + ("" if view == "papers" else ".py")  # the only view of several modules
        source = f"Module: [{place}](../../{place})."
        parts += [f"## {VIEWS[view]}", " ".join(filter(None, [source, COUNTED.get(view)]))]
        parts.append("\n".join(["| metric | unit | definition | tested |", "|---|---|---|---|", *rows]))
    return "\n\n".join(parts) + "\n"


def metric_row(name: str, metric: Any, every: dict[str, Any]) -> str:
    paper = f" The paper: “{metric.paper}”." if metric.paper else ""
    since = f" This definition since version {metric.since}." if metric.since > 1 else ""
    if metric.twin:
        twin = metric.twin
        tested = f"no: r = {twin.r:.2f} with {every[twin.of].label.lower()}; {twin.reason}"
    else:
        tested = "yes" if metric.compared else "no"
    label = f"{metric.label}<br>`{name}`"
    return f"| {label} | {metric.unit or '–'} | {cell(metric.definition + paper + since)} | {cell(tested)} |"


PACKAGES = ("clstm", "evaluation", "listening_study", "reports")  # from the bottom up
Arrows = set[tuple[str, str]]  # (importing, imported), such as ("clstm.cli", "clstm.music")


def architecture_page() -> str:
    """docs/architecture.md, its drawing and tables written anew; the rest of it is written by hand."""
    import grimp

    graph = grimp.build_graph(*PACKAGES)
    rooms = sorted({room(module) for module in graph.modules if "." in module and not module.endswith("published")})
    arrows = {
        (room(module), room(other))
        for module in graph.modules
        for other in graph.find_modules_directly_imported_by(module)
        if "." in module and "." in other and room(module) != room(other)
    }
    return filled("architecture.md", drawing=drawing(rooms, arrows), below=below(arrows), rooms=room_table(rooms))


def changelog_page() -> str:
    """CHANGELOG.md, its tables of old names written anew."""
    from clstm.runtime import old_names

    options = {**old_names.OPTIONS, "clstm reach-figure CSV --out FILE": "clstm reach ... --figure FILE"}
    split = {old: " and ".join(new) for old, new in getattr(old_names, "SPLIT", {}).items()}
    tables = {
        "options": pairs("option or command", options),
        "columns": pairs("column or key", {**old_names.COLUMNS, **split}),
        "values": pairs("value", old_names.VALUES),
    }
    return filled("../CHANGELOG.md", **tables)


def pairs(what: str, table: Mapping[str, str]) -> str:
    rows = [f"| `{old}` | {' and '.join(f'`{one}`' for one in new.split(' and '))} |" for old, new in table.items()]
    return "\n".join([f"| {what} before | now |", "|---|---|", *rows])


def filled(name: str, **parts: str) -> str:
    """A page of docs/ that is written by hand, but for these parts between their marks."""
    page = (DOCS / name).read_text(encoding="utf-8")
    for part, written in parts.items():
        begin, end = f"<!-- {part}: written by `make docs` -->", f"<!-- end of {part} -->"
        before, _, rest = page.partition(begin)
        page = f"{before}{begin}\n\n{written}\n\n{end}{rest.partition(end)[2]}"
    return page


def room(module: str) -> str:
    return ".".join(module.split(".")[:2])


def drawing(rooms: list[str], arrows: Arrows) -> str:
    """Mermaid: a box for each package and room; an arrow from what imports to what is imported."""
    lines = ["```mermaid", "flowchart TB"]
    for package in reversed(PACKAGES):
        inside = {arrow for arrow in arrows if all(end.startswith(f"{package}.") for end in arrow)}
        lines += [f"  subgraph {package}"]
        lines += [f"    {one}[{one.partition('.')[2]}]" for one in rooms if one.startswith(f"{package}.")]
        lines += [f"    {one} --> {other}" for one, other in sorted(direct(inside))]
        lines += ["  end"]
    between = {(one.partition(".")[0], other.partition(".")[0]) for one, other in arrows}
    lines += [f"  {one} --> {other}" for one, other in sorted(direct({(a, b) for a, b in between if a != b}))]
    return "\n".join([*lines, "```"])


def direct(arrows: Arrows) -> Arrows:
    """Those arrows that no path of other arrows implies."""

    def reached(start: str, without: tuple[str, str]) -> set[str]:
        found: set[str] = set()
        ahead = [start]
        while ahead:
            here = ahead.pop()
            new = {other for one, other in arrows if one == here and (one, other) != without} - found
            found |= new
            ahead += new
        return found

    return {(one, other) for one, other in arrows if other not in reached(one, (one, other))}


def below(arrows: Arrows) -> str:
    """What each package uses of the packages below it."""
    rows = ["| package | uses |", "|---|---|"]
    for package in PACKAGES[1:]:
        used = sorted({other for one, other in arrows if one.startswith(f"{package}.")})
        shown = [f"`{other}`" for other in used if not other.startswith(f"{package}.")]
        rows.append(f"| `{package}` | {', '.join(shown)} |")
    return "\n".join(rows)


def room_table(rooms: list[str]) -> str:
    """What each room is for, as its docstring says."""
    rows = ["| room | |", "|---|---|"]
    for name in rooms:
        folder = DOCS.parent.joinpath(*name.split("."))
        source = folder / "__init__.py" if folder.is_dir() else folder.with_suffix(".py")
        said = ast.get_docstring(ast.parse(source.read_text(encoding="utf-8"))) or ""
        place = f"../{folder.relative_to(DOCS.parent).as_posix()}" + ("" if folder.is_dir() else ".py")
        rows.append(f"| [{name}]({place}) | {cell(said.split(chr(10) + chr(10))[0])} |")
    return "\n".join(rows)


PAGES = {
    "reference/commands.md": commands_page,
    "reference/metrics.md": metrics_page,
    "reference/computation.md": partial(computation_page, WRITTEN),
    "architecture.md": architecture_page,
    "../CHANGELOG.md": changelog_page,
}

if __name__ == "__main__":
    for page, made in PAGES.items():
        (DOCS / page).write_text(made(), encoding="utf-8")
