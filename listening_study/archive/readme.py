"""The archive's README: what it is, what it holds, what was left out, and the result, in plain words."""

from clstm.runtime.names import counted
from listening_study.archive.metadata import Metadata
from listening_study.results.results import SYNTHETIC, Results
from listening_study.results.summary import caveats, verdict

_HERE = """| folder or file | contains |
|---|---|
| `data/answers.csv`, `data/judgements.csv` | one row per answer, and per judgement of a clip |
| `data/listeners.csv` | one row per listener |
| `data/*.csv` | every table of the results; `data/codebook.csv` says what each column means |
| `data/results.json` | every number of the results, and where it comes from |
| `data/trials.json` | every trial, for programs that read jsPsych's data |
| `study/clips/` | the clips as they were heard, under their random names |
| `study/sealed/key.json` | which clip is of which source and piece |
| `study/registration.json` | what was decided before the first answer |
| `study/study.json` | the design, and what participants were told |
| `words/` | every text that participants could read; a text in `study/words/` replaced it |
| `SHA256SUMS` | the hash of every other file |"""

_NOT_HERE = """Participants have numbers that say nothing of when they came. Times of day, places in the design, and
ids of any platform are left out, and so is the secret that every listener's order of clips came from."""
_COMPUTABLE = """This study was made before orders came from a secret: who came when can be computed from the order in
which participants heard the clips."""

_CHECK = """`sha256sum --check SHA256SUMS` checks the unpacked files, `clstm study archive --verify FILE.zip` the whole.
`study/study.json` has the SHA-256 of the key and of the registration: compare them with what was published before the
first answer."""


def readme(results: Results, metadata: Metadata, *, comments: bool) -> str:
    """comments : whether the archive has what participants wrote in their own words"""
    written = "is here, as they wrote it." if comments else "is left out, too."
    of_blocks = [f"{block.title}: {words}" for block in results.blocks for words in block.words]
    computable = [] if results.study.has_secret_order else [_COMPUTABLE]
    blocks = [f"# {metadata.title}"]
    if results.study.synthetic:
        blocks.append(f"**{SYNTHETIC}.** The answers were drawn by a computer.")
    if metadata.description:
        blocks.append(metadata.description)
    blocks += [
        about(results),
        "## Result",
        "\n".join(f"- {sentence}" for sentence in [*verdict(results), *of_blocks, *caveats(results)]),
        "## What is here",
        _HERE,
        "## What is not here",
        " ".join([_NOT_HERE, f"What participants wrote in their own words {written}", *computable]),
        "## Check it",
        _CHECK,
        "## Use",
        f"Licence: {metadata.licence}." if metadata.licence else "No licence is stated: ask before you use it.",
    ]
    return "\n\n".join(blocks) + "\n"


def about(results: Results) -> str:
    """What the data are, in a few sentences."""
    study, human = results.study, results.registered.human
    others = [source for source in results.registered.sources if source != human]
    return (
        f"The data of a blind listening study, “{study.title}”. Listeners heard clips of {study.seconds:g} s. Made by "
        f"humans: {human}. Made by computers: {', '.join(others)}. {counted(results.listeners, 'listener')} took part, "
        f"{results.complete} of them to the end; {results.withdrawn} withdrew, and nothing of theirs is here."
    )
