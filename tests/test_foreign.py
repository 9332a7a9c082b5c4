"""A report says nothing foreign of a system: matter of the paper stands only where the paper's models are shown."""

import json
import re
import sys
from pathlib import Path

import numpy as np
import pytest

from clstm.cli.main import main
from clstm.music.midi import Notes, write_midi
from evaluation.audio.files import write_audio
from reports.findings.paper_claims import CLAIMS

pytestmark = pytest.mark.usefixtures("empty_charts", "measured_once", "rough_floors")

PAPER = r"\b(papers?|Huang|Cai|LSTMs?|RNNs?|C-LSTM|doi|Figure \d|Table 2|figure\d)\b"
LIMITS = r"\b(grid|eighths?|velocit(y|ies))\b"
MANIFEST = {"model": "lstm", "run": "lstm", "weights_sha256": "ab" * 32, "sampling": {}, "version": "1"}


def tune(path: Path, seed: int, played: bool = True) -> None:
    generator = np.random.default_rng(seed)
    onset = np.sort(generator.uniform(0, 4, 24)) if played else np.arange(24) / 8
    velocity = generator.integers(30, 120, 24) if played else np.full(24, 80)
    notes = zip(onset, onset + 0.3, generator.integers(48, 84, 24), velocity, strict=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_midi(Notes.of(notes), path)


@pytest.fixture(scope="module")
def music(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """People; a folder named `lstm` of another's performances; the same with a foreign manifest; audio; a model's."""
    folder = tmp_path_factory.mktemp("music")
    for number in range(2):
        tune(folder / f"people/{number}.mid", number)
        tune(folder / f"lstm/{number}.mid", number + 10)
        tune(folder / f"forged/{number}.mid", number + 20)
        tune(folder / f"real/{number}.mid", number + 30, played=False)
        noise = 0.1 * np.random.default_rng(number).standard_normal((4 * 22050, 1))
        for name in ("heard", "c-lstm"):
            (folder / name).mkdir(exist_ok=True)
            write_audio(folder / name / f"{number}.wav", noise.astype(np.float32), 22050)
    (folder / "forged/generated.json").write_text(json.dumps({"model": "lstm", "items": 2, "about": "a diffusion"}))
    items = [{"file": f"{number}.mid", "piece": f"{number}", "seconds": 4.0} for number in range(2)]
    (folder / "real/generated.json").write_text(json.dumps(MANIFEST | {"items": items}))
    return folder


def made(music: Path, out: Path, capsys: pytest.CaptureFixture[str], *words: str) -> tuple[str, str]:
    """What a report of these systems says: on its page, without addresses and what the user wrote; and elsewhere."""
    sys.argv = [
        "clstm",
        "report",
        *words,
        "--reference",
        words[0].partition("=")[0],
        "--out",
        str(out),
        "--page-only",
        "--grid",
        "reference",
    ]
    with pytest.raises(SystemExit) as ended:
        main()
    assert not ended.value.code, capsys.readouterr().err
    page = (out / "index.html").read_text(encoding="utf-8")
    for part in (r"<(style|script)>.*?</\1>", r"<(pre|code)\b.*?</\1>", r'<span class="hash">.*?</span>'):
        page = re.sub(part, " ", page, flags=re.DOTALL)
    tables = " ".join(path.read_text(encoding="utf-8") for path in (out / "tables").iterdir())
    said = capsys.readouterr()
    return page, said.out + said.err + tables


def foreign(text: str, words: str, *own: str) -> set[str]:
    for name in own:
        text = text.replace(name, "")
    return {match[0] for match in re.finditer(words, text, re.IGNORECASE)}


def test_of_music_by_others_nothing_of_the_paper_is_said(
    music: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    systems = [f"People={music}/people", f"Mine={music}/lstm", f"Other={music}/forged"]
    page, more = made(music, tmp_path / "report", capsys, *systems)
    assert foreign(page, PAPER) == foreign(more, PAPER) == set()
    content = json.loads((tmp_path / "report/report.json").read_text(encoding="utf-8"))
    assert [system["model"] for system in content["systems"]] == [None] * 4
    assert content["claims"] == []
    bound = "All notes of People, same grid have one velocity and begin on a grid of 1/8 s"
    assert f"{bound}; those of Mine" in page
    assert not re.search(r"(Mine|Other|Mine and Other) ha(s|ve) one velocity", page)


def test_of_audio_nothing_is_said_of_grids_and_velocities(
    music: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    systems = [f"heard={music}/heard", f"c-lstm={music}/c-lstm"]
    page, more = made(music, tmp_path / "report", capsys, *systems)
    assert foreign(page, PAPER, "c-lstm") == foreign(more, PAPER, "c-lstm") == set()
    assert foreign(page, LIMITS) == {"eighth", "grid"}, (
        "in the definition of a metric, and of the option that was given"
    )


def test_of_the_papers_models_all_is_there_whatever_they_are_called(
    music: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    systems = [f"People={music}/people", f"Warm={music}/real", f"lstm={music}/lstm"]
    page, _ = made(music, tmp_path / "report", capsys, *systems)
    content = json.loads((tmp_path / "report/report.json").read_text(encoding="utf-8"))
    assert content["parts"] == {"lstm": "Warm"}
    assert {claim.text for claim in CLAIMS if {claim.one, claim.other} <= {"lstm", "human", None}} <= {
        row["claim"] for row in content["claims"]
    }
    for words in (
        "The paper, claim by claim",
        "Figure 1</span> Score matrix",
        "Figure 3</span> Waveform",
        "Figure 4</span> Magnitude",
        "Figure 5</span> Sonogram",
        "Time domain (Figure 3)",
        "hardly any in the LSTM’s music",
        "“its volume is always at a large value”",
        "Huang, Huang &amp; Cai",
        "People, same grid is the same music with every onset and offset on a grid of 1/8 s",
    ):
        assert words in page
