"""What a participant reads while the app is on its way: the words of the welcome page, in the page itself.

On a slow connection the app takes many seconds to arrive; its first words take one. They are those of the welcome page
in the listener's language, or the title alone for who comes back, or cannot take part yet.
"""

from collections.abc import Callable, Mapping, Sequence
from html import escape
from pathlib import Path

from markdown_it import MarkdownIt

from listening_study.protocol import languages
from listening_study.protocol.invitation import conditions, introduction, wordings
from listening_study.protocol.study import Study, read_study
from listening_study.streamlit_internals.own_files import FirstPage

STYLE = """
:root { color-scheme: light dark; --paper: #fbfaf7; --ink: #22292b; --line: #d9d6cc; }
@media (prefers-color-scheme: dark) { :root { --paper: #14191b; --ink: #e8ecec; --line: #38413f; } }
body { margin: 0; background: var(--paper); }
#first {
  box-sizing: border-box; max-width: 42rem; margin: 0 auto; padding: clamp(3.5rem, 10vh, 6rem) 1.25rem 4rem;
  color: var(--ink); font: 1rem/1.6 system-ui, sans-serif;
}
#first h1 { margin: 0 0 1rem; font-size: clamp(1.7rem, 6vw, 2.3rem); line-height: 1.2; }
#first h2 { margin: 0; font-size: 1.3rem; }
#first ul { margin: 0.7rem 0 0; padding-left: 1.4rem; }
#first .note { margin: 0 0 1rem; font-size: 0.875rem; opacity: 0.65; }
#first section { margin-top: 1rem; padding: 1rem; border: 1px solid var(--line); border-radius: 12px; }
#first .bar { height: 6px; margin-top: 1.5rem; border-radius: 3px; overflow: hidden; background: var(--line); }
#first .bar::after {
  content: ""; display: block; width: 30%; height: 100%; border-radius: 3px; background: #2f7d79;
  animation: first 2.4s ease-in-out infinite alternate;
}
@keyframes first { to { transform: translateX(233%); } }
@media (prefers-reduced-motion: reduce) { #first .bar::after { animation: none; } }
"""


def first_page(study: Study) -> Callable[[Sequence[str], Mapping[str, str]], FirstPage]:
    """What makes the first page of a study, of the languages a browser prefers, best first, and the address's query."""
    offered = wordings(study)

    def of(preferred: Sequence[str], query: Mapping[str, str]) -> FirstPage:
        wording = offered[languages.choose(preferred, offered)]
        newcomer = study.access.mode == "open" and "t" not in query
        texts, markdown = wording.texts, MarkdownIt("js-default")
        words = "" if wording.validated else f'<p class="note">{escape(texts.unvalidated)}</p>'
        words += f"<h1>{escape(study.title)}</h1>"
        if newcomer:
            points = markdown.render("\n".join(f"- {point}" for point in conditions(study, texts)))
            words += markdown.render(introduction(study, texts))
            words += f"<section><h2>{escape(texts.consent_title)}</h2>{points}</section>"
        return FirstPage(wording.code, study.title, STYLE, f'{words}<div class="bar"></div>')

    return of


def of_folder(folder: Path) -> Callable[[Sequence[str], Mapping[str, str]], FirstPage]:
    """The same for the study in a folder."""
    return first_page(read_study(folder))
