"""A table for a paper: LaTeX, to be used with the packages booktabs and (for long ones) longtable."""

import pandas as pd

LONG = 30  # lines: a longer table may break over pages
LETTERS = 80  # about so many in a line
SENTENCE = 25  # letters of a cell that is set in lines, digits aside
UNICODE = {
    "−": "$-$",
    "–": "--",
    "×": r"$\times$",
    "±": r"$\pm$",
    "²": r"$^2$",
    "…": r"\dots{}",
    "“": "``",
    "”": "''",
    "’": "'",
    "↑": r"$\uparrow$",
    "↓": r"$\downarrow$",
    "↔": r"$\leftrightarrow$",
    "≠": r"$\neq$",
    "δ": r"$\delta$",
    "<": r"\textless{}",  # which other encodings of fonts print as another sign
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
}


def latex(table: pd.DataFrame, caption: str, label: str) -> str:
    r"""caption : plain text, which is escaped; label : of the table, and the file's name

    >>> print(latex(pd.DataFrame({"Metric": ["Level"], "lstm": ["−3 ↑"]}), "Of 5 % more", "verdict"))
    \begin{table}[t]
    \caption{Of 5 \% more}
    \label{tab:verdict}
    \begin{tabular}{lr}
    \toprule
    Metric & lstm \\
    \midrule
    Level & $-$3 $\uparrow$ \\
    \bottomrule
    \end{tabular}
    \end{table}
    """
    long = sum(1 + len("".join(map(str, row))) // LETTERS for row in table.to_numpy()) > LONG
    made: str = table.to_latex(
        index=False,
        escape=True,
        caption=escaped(caption),
        label=f"tab:{label}",
        longtable=long,
        column_format=_columns(table),
        position=None if long else "t",
    )
    return _commands(made)


def _columns(table: pd.DataFrame) -> str:
    r"""To the left the first column, to the right the others; sentences are set in lines, the longer the wider.

    >>> _columns(pd.DataFrame([["lstm", "3.8 [3.2, 4.5]", "The LSTM predicts better than the RNN does"]]))
    'lrp{0.60\\linewidth}'
    """
    cells = [[str(cell) for cell in table.iloc[:, place]] for place in range(table.shape[1])]
    lengths = [max(map(len, own), default=0) for own in cells]
    texts = [any(sum(map(str.isalpha, cell)) > SENTENCE for cell in own) for own in cells]
    texts[0] = texts[0] and any(texts[1:])  # of a table of numbers the names of its rows stay in one line
    narrow = sum(length + 2 for length, text in zip(lengths, texts, strict=True) if not text)
    wide = sum(length for length, text in zip(lengths, texts, strict=True) if text)
    room = max(1 - narrow / LETTERS, 0.4) - 0.04 * len(cells)
    form = (
        f"p{{{room * length / wide:.2f}\\linewidth}}" if text else "r" if place else "l"
        for place, (length, text) in enumerate(zip(lengths, texts, strict=True))
    )
    return "".join(form)


def escaped(text: str) -> str:
    r"""Text with LaTeX's special characters escaped, and the letters of `UNICODE` as its commands.

    >>> print(escaped("a_b & c%, 3 ± 1"))
    a\_b \& c\%, 3 $\pm$ 1
    """
    special = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
    return _commands("".join(special.get(one, f"\\{one}" if one in "&%$#_{}" else one) for one in text))


def _commands(text: str) -> str:
    for letter, command in UNICODE.items():
        text = text.replace(letter, command)
    return text
