"""A table for a paper: LaTeX, to be used with the packages booktabs and (for long ones) longtable."""

import pandas as pd

LONG = 30  # rows: a longer table may break over pages
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
    made: str = table.to_latex(
        index=False,
        escape=True,
        caption=escaped(caption),
        label=f"tab:{label}",
        longtable=len(table) > LONG,
        column_format="l" + ("p{0.75\\linewidth}" if label == "summary" else "r" * (len(table.columns) - 1)),
        position=None if len(table) > LONG else "t",
    )
    return _commands(made)


def escaped(text: str) -> str:
    r"""Text with LaTeX's special characters escaped, and the letters of `UNICODE` as its commands.

    >>> print(escaped("a_b & c%, 3 ± 1"))
    a\_b \& c\%, 3 $\pm$ 1
    """
    special = {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
    special |= {"<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}"}
    return _commands("".join(special.get(one, f"\\{one}" if one in "&%$#_{}" else one) for one in text))


def _commands(text: str) -> str:
    for letter, command in UNICODE.items():
        text = text.replace(letter, command)
    return text
