r"""Figures as LaTeX floats, captions for other programs, and a paper to begin with: from captions to texts.

A float that spans one column includes `KEY-one-column.pdf`, one that spans both `KEY.pdf`. They need graphicx.
"""

from collections.abc import Mapping, Sequence

from evaluation.figures.style import WIDTHS
from reports.findings.latex import escaped

FLOATS = {1: "figures.tex", 2: "figures-two-columns.tex"}  # by the columns that each figure spans
CAPTIONS, PAPER = "captions.md", "paper.tex"
TALLEST = 0.8  # of the height of the text: room for a caption
ENDINGS = dict(zip(FLOATS, reversed(WIDTHS), strict=True))  # of the files' names

PAPER_TEXT = r"""% A paper to begin with: all of this folder, in the class of IEEE. Compile it here:
%   pdflatex paper && bibtex paper && pdflatex paper && pdflatex paper
% In a paper of yours, \graphicspath{{FOLDER/}} says where the figures are.
\documentclass[conference]{IEEEtran}
\usepackage[utf8]{inputenc}
\usepackage[T1]{fontenc}
\usepackage{booktabs}
\usepackage{graphicx}
\begin{document}
\title{TITLE}
\author{\IEEEauthorblockN{Author}}
\maketitle
\section{Methods}
\input{methods}
\section{Results}
RESULTS
\bibliographystyle{IEEEtran}
\bibliography{references}
\end{document}
"""


def floats(captions: Mapping[str, str], columns: int) -> str:
    r"""Every figure as a float with its caption and label. captions : plain text, by the names of figures

    >>> print(floats({"ranking": "Of 5 % more."}, 1))
    % Needs \usepackage{graphicx}, and \graphicspath{{FOLDER/}} where the figures are in another folder.
    <BLANKLINE>
    \begin{figure}[t]
    \centering
    \includegraphics[width=\linewidth,height=0.8\textheight,keepaspectratio]{ranking-one-column}
    \caption{Of 5 \% more.}
    \label{fig:ranking}
    \end{figure}
    <BLANKLINE>
    """
    kind = "figure" if columns == 1 else "figure*"
    size = f"width=\\linewidth,height={TALLEST}\\textheight,keepaspectratio"
    needs = r"% Needs \usepackage{graphicx}, and \graphicspath{{FOLDER/}} where the figures are in another folder."
    made = [
        f"\\begin{{{kind}}}[t]\n\\centering\n\\includegraphics[{size}]{{{key}{ENDINGS[columns]}}}\n"
        f"\\caption{{{escaped(caption)}}}\n\\label{{fig:{key}}}\n\\end{{{kind}}}"
        for key, caption in captions.items()
    ]
    return "\n\n".join([needs, *made]) + "\n"


def captions_in_markdown(captions: Mapping[str, str]) -> str:
    """
    >>> print(captions_in_markdown({"ranking": "Distances."}))
    # Captions
    <BLANKLINE>
    **ranking**: Distances.
    <BLANKLINE>
    """
    return "\n\n".join(["# Captions", *(f"**{key}**: {caption}" for key, caption in captions.items())]) + "\n"


def paper(title: str, results: Sequence[str]) -> str:
    """results : the names of the files that its results hold, without .tex"""
    inputs = "\n".join(f"\\input{{{name}}}" for name in results)
    return PAPER_TEXT.replace("RESULTS", inputs).replace("TITLE", escaped(title))
