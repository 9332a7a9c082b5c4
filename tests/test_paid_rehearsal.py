"""A study with tasks and listeners of Prolific, as its organiser types it: from its music to payments and archive."""

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path
from random import Random

import pandas as pd
import pytest
from prompted_sources import HUMAN, SYSTEMS, write_sources
from scripted_listener import hear, pass_screen, task_on, trial_on

from clstm.cli import main
from listening_study.archive.verification import verify
from listening_study.blinding import crawl, participant
from listening_study.protocol.study import read_study
from listening_study.streamlit_internals.page_client import Session

REGISTERED = 6
STUDY = f"""
title = "Music of birds"
[clips]
count = 3
seconds = 1.0
after = 0.0
prompt = 1.0
[design]
practice = 0
headphone_check = false
[registration]
listeners = {REGISTERED}
[access]
crowd_parameters = ["PROLIFIC_PID"]
crowd_parameters_until = 2999-12-31
completion_code = "CDONE"
completion_url = "https://app.prolific.com/submissions/complete?cc=CDONE"
[access.no_consent]
code = "CNO"
[access.screened_out]
code = "CYOUNG"
[access.closed]
code = "CCLOSED"
[access.withdrawn]
code = "CGONE"
[[tasks]]
kind = "source"
[[tasks]]
kind = "rating"
set = "mos"
[[tasks]]
kind = "preference"
no_difference = true
"""
Run = Callable[..., str]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    """Type a command that succeeds; returns all that it says, in one line."""

    def run(*words: object) -> str:
        capfd.readouterr()
        monkeypatch.setattr(sys, "argv", ["clstm", *map(str, words)])
        with pytest.raises(SystemExit) as stopped:
            main.main()
        said = capfd.readouterr()
        assert not stopped.value.code, said
        return " ".join(f"{said.out} {said.err}".split())

    return run


async def take_part(url: str, person: str, answers: int | None = None, token: str | None = None) -> Session:
    """Come from the platform, or back with a token, and go on to the end or until so many screens were answered."""
    page = await Session.connect(url, token, query="" if token else f"PROLIFIC_PID={person}")
    random = Random(person)
    while True:
        assert not page.all_of("exception"), page.text
        number = trial_on(page)
        if number is None:
            if not await pass_screen(page, random):
                return page
            continue
        if number == answers:
            return page
        await hear(page, seconds=1.0)
        await judge(page, number, random)


async def judge(page: Session, number: int, random: Random) -> None:
    """Send an answer until it is taken: the server checks how long the sounds took."""
    for times in range(1, 20):
        if trial_on(page) != number:
            break
        task = task_on(page)
        first = participant.first_answer(task)["values"]
        two = [item["kind"] == "choice" for item in task.data["items"]]
        values = [random.choice([0, 1]) if choice else value for choice, value in zip(two, first, strict=True)]
        await page.send_report(task.key, answer={"values": values, "number": times})
        await page.until(lambda: trial_on(page) not in (None, number) or page.idle)
    await page.settle()


async def ends(url: str, person: str, *keys: str, **how: object) -> list[str]:
    """The codes at the end of somebody who takes part like this and then presses these buttons."""
    page = await take_part(url, person, **how)  # type: ignore[arg-type]
    async with page:
        for key in keys:
            await page.click(key)
        return [element.content.code_text for element in page.all_of("code")]


async def leaves(url: str, person: str, key: str) -> list[str]:
    """The codes of somebody who presses this on the first page."""
    async with await Session.connect(url, query=f"PROLIFIC_PID={person}") as page:
        await page.click(key)
        return [element.content.code_text for element in page.all_of("code")]


async def begins(url: str, person: str) -> str:
    """The token of somebody who answers one screen and goes away."""
    async with await take_part(url, person, answers=1) as page:
        assert page.token
        return page.token


async def comes_late(url: str) -> tuple[str, list[str]]:
    """What somebody reads who comes when there are enough listeners, and the codes."""
    async with await Session.connect(url, query="PROLIFIC_PID=late") as page:
        return page.text, [element.content.code_text for element in page.all_of("code")]


async def while_open(url: str) -> str:
    """Ten listeners come at once. Returns the token of the one who is to come back."""
    complete = [ends(url, f"complete-{number}") for number in range(REGISTERED)]
    others = [
        leaves(url, "young", "screened_out"),
        leaves(url, "unwilling", "no_consent"),
        ends(url, "gone", "withdraw", "withdraw-yes", answers=2),
    ]
    token, *codes = await asyncio.gather(begins(url, "back"), *complete, *others)
    assert codes == [["CDONE"]] * REGISTERED + [["CYOUNG"], ["CNO"], ["CGONE"]]
    return str(token)


@pytest.mark.slow  # a server, an audit and a dozen listeners who hear every clip
def test_a_study_of_prolific_is_rehearsed_from_its_music_to_payments_and_archive(run: Run, tmp_path: Path) -> None:
    write_sources(tmp_path / "music")
    config, folder = tmp_path / "study.toml", tmp_path / "study"
    config.write_text(STUDY)
    sources = [f"{name}={tmp_path / 'music' / name}" for name in (HUMAN, *SYSTEMS)]
    said = run("study", "create", *sources, "--human", HUMAN, "--config", config, "--out", folder)
    assert "Block 2, rating: 6 listeners" in said
    assert "Block 3, preference: " in said
    assert "No leak found" in run("study", "audit", folder)

    with crawl._served(read_study(folder)) as url:
        token = asyncio.run(while_open(url))
        assert "full, open only for those who have begun" in run("study", "status", folder)
        text, codes = asyncio.run(comes_late(url))
        assert "Enough people have taken part" in text
        assert codes == ["CCLOSED"]
        run("study", "close", folder)
        assert asyncio.run(ends(url, "back", token=token)) == ["CCLOSED"]  # under way when it was closed

    run("study", "payments", folder, "--out", tmp_path / "payments.csv")
    paid = pd.read_csv(tmp_path / "payments.csv").set_index("PROLIFIC_PID")["state"]
    assert sorted(paid[paid == "complete"].index) == [f"complete-{number}" for number in range(REGISTERED)]
    assert list(paid[paid != "complete"].index) == ["back"]
    assert "Withdrawals so far: 2" in run("study", "withdraw", folder, "complete-0")

    said = run("study", "results", folder, "--out", tmp_path / "results")
    assert f"6 listeners, 5 complete of {REGISTERED} registered" in said
    assert "Block 2: Ratings" in said
    assert "Block 3: Preferences" in said
    music = [f"{name}={tmp_path / 'music' / name}" for name in (HUMAN, SYSTEMS[0])]
    page = tmp_path / "page"
    run("report", "make", *music, "--reference", HUMAN, "--study", tmp_path / "results", "--out", page)
    assert "Music of birds" in (page / "index.html").read_text(encoding="utf-8")
    run("study", "archive", folder, "--out", tmp_path / "study.zip")
    assert verify(tmp_path / "study.zip").faults == ()
    made = [path for path in (tmp_path / "results").rglob("*") if path.is_file()] + [tmp_path / "study.zip"]
    assert not [path for path in made if b"complete-1" in path.read_bytes()]  # an id
