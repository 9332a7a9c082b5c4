"""HTML for the output of a cell: text, tables and bars that take their colours from the page around them.

Nothing is loaded, and no script runs: JupyterLab, VS Code, Colab and a saved notebook show the same. Ink is
`currentColor` and shades are shares of it, so that a dark theme needs no rule of its own. Where a page removes the
style sheet (GitHub), tables are still tables.
"""

from collections.abc import Iterable, Sequence
from html import escape

from clstm.runtime.names import printable

ACCENT = "#3f8fd2"  # at least 3:1 on white and on black

STYLE = """<style>
.clstm{font:14px/1.45 system-ui,sans-serif;max-width:980px;color:inherit}
.clstm *{box-sizing:border-box}
.clstm h4{font-size:15px;font-weight:600;margin:0 0 .4em;color:inherit}
.clstm p{margin:.4em 0}
.clstm .faint{opacity:.75;font-size:13px}
.clstm .wide{overflow-x:auto;max-width:100%;margin:.5em 0}
.clstm table{border-collapse:collapse;font-size:13px;margin:0;border:0;font-variant-numeric:tabular-nums}
.clstm th,.clstm td{padding:.25em .7em;border:0;border-bottom:1px solid rgba(128,128,128,.35);text-align:right;
background:transparent;color:inherit;white-space:nowrap;vertical-align:middle;max-width:none}
.clstm th{font-weight:600}
.clstm table tbody tr:nth-child(n),.clstm table tbody tr:hover{background:transparent}
.clstm table tr th:first-child,.clstm table tr td:first-child,.clstm table tr .text{text-align:left}
.clstm table td.text{white-space:normal;max-width:24em}
.clstm .bar{display:inline-block;height:.75em;background:#3f8fd2;border-radius:2px;vertical-align:middle;min-width:1px}
.clstm details{margin:.5em 0}
.clstm summary{cursor:pointer}
.clstm audio{width:100%;max-width:640px;display:block;margin:.4em 0}
.clstm svg,.clstm img{display:block;width:100%;max-width:100%;margin:0;background:transparent}
.clstm .view{margin:.5em 0}
</style>"""


def page(*parts: str) -> str:
    """The parts in one block with the style sheet."""
    return f'{STYLE}<div class="clstm">{"".join(filter(None, parts))}</div>'


def text(words: object) -> str:
    """
    >>> text("a < b")
    'a &lt; b'
    """
    return escape(printable(str(words)))


def heading(words: str) -> str:
    return f"<h4>{text(words)}</h4>"


def line(words: str, *, faint: bool = False) -> str:
    return f'<p class="faint">{text(words)}</p>' if faint else f"<p>{text(words)}</p>"


def table(heads: Sequence[str], rows: Iterable[Sequence[str]], *, texts: Sequence[int] = ()) -> str:
    """A table of cells that are HTML already; a wide one can be moved sideways.

    texts : the columns of words, which break into lines

    >>> table(["", "n"], [["rnn", "3"]]).count("<tr>")
    2
    """
    marks = [' class="text"' if place in texts else "" for place in range(len(heads))]
    top = "".join(f"<th{mark}>{text(head)}</th>" for head, mark in zip(heads, marks, strict=True))
    body = "".join(
        f"<tr>{''.join(f'<td{mark}>{cell}</td>' for cell, mark in zip(row, marks, strict=True))}</tr>" for row in rows
    )
    return f'<div class="wide"><table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>'


def bar(share: float) -> str:
    """A bar of this share of the longest, 0..1."""
    return f'<span class="bar" style="width:{120 * min(max(share, 0.0), 1.0):.0f}px"></span>'


def shaded(words: str, share: float) -> str:
    """A cell whose shade is a share of the strongest, 0..1, under ink that stays readable on it."""
    strength = 0.5 * min(max(share, 0.0), 1.0)
    return (
        f'<span style="background:rgba(63,143,210,{strength:.2f});padding:.15em .45em;border-radius:3px">{words}</span>'
    )


def folded(title: str, *parts: str, opened: bool = False) -> str:
    """What shows when its title is pressed; "" without parts."""
    inside = "".join(filter(None, parts))
    return f"<details{' open' * opened}><summary>{text(title)}</summary>{inside}</details>" if inside else ""


def lines(words: Iterable[str]) -> str:
    """A list; "" without any.

    >>> lines(["a", "b"])
    '<ul><li>a</li><li>b</li></ul>'
    """
    items = "".join(f"<li>{text(one)}</li>" for one in words)
    return f"<ul>{items}</ul>" if items else ""
