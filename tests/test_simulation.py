"""Listeners of known kinds: what they are is what the analysis finds, and what it cannot see is said."""

from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from clstm.runtime.errors import UserError
from evaluation.audio.render import RenderSettings
from listening_study.protocol.configuration import Clips, Configuration, Design, Registration
from listening_study.protocol.study import Study, read_study
from listening_study.results.results import Results, read_results
from listening_study.simulation.rehearsal import KINDS, parse_kinds, simulate
from listening_study.stimuli.creation import create_study
from listening_study.store import Store


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """Eight clips a source, catch trials and a repeated clip."""
    import soundfile

    folder = tmp_path_factory.mktemp("rehearsal")
    time = np.arange(12 * 44100) / 44100
    sources: dict[str, list[Path]] = {"human": [], "machine": []}
    for place, name in enumerate(sources):
        path = folder / f"{name}.wav"
        sound = 0.1 * np.stack([np.sin(2 * np.pi * (220 + 31 * place + k) * time) for k in range(2)], axis=1)
        soundfile.write(path, sound, 44100)
        sources[name] = [path]
    configuration = Configuration(
        clips=Clips(count=8, seconds=1.0, after=0),
        design=Design(catch=3, repeats=1, practice=0, headphone_check=False, break_every=0),
        registration=Registration(listeners=10),
    )
    return create_study(sources, "human", folder / "study", configuration, RenderSettings()).study


def rehearse(study: Study, tmp_path: Path, seed: int = 1, **kinds: int) -> Results:
    named = {kind.replace("_", "-"): count for kind, count in kinds.items()}
    copy = simulate(study, tmp_path / "copy", named, seed)
    with closing(Store(copy.answers_path)) as store:
        return read_results(copy, store)


def values(results: Results) -> dict:
    (found,) = results.tables["tally"].query("source == 'machine'").to_dict("records")
    return found


def test_the_copy_is_marked_closed_and_whole_and_the_study_untouched(study: Study, tmp_path: Path) -> None:
    before = {path: path.read_bytes() for path in study.folder.rglob("*") if path.is_file()}
    copy = simulate(study, tmp_path / "copy", {"guesser": 2, "typical": 1}, 1)
    assert {path: path.read_bytes() for path in before} == before
    assert read_study(tmp_path / "copy").synthetic
    assert not study.synthetic
    with closing(Store(copy.answers_path)) as store:
        assert not store.is_open()
        assert [one.answered for one in store.progress()] == [study.size.trials] * 3
        assert all({"background", "volume", "interview", "finished"} <= one.stages for one in store.progress())
        assert {one.plays for one in store.answered_trials()} == {1}
        assert {one.heard for one in store.answered_trials()} == {1.0}
        assert store.registered() == study.registration_sha256


def test_guessers_have_no_d_prime(study: Study, tmp_path: Path) -> None:
    found = rehearse(study, tmp_path, guesser=15)
    assert abs(values(found)["d_prime"]) < 0.7  # four standard errors of 120 answers per source
    assert abs(found.conclusions.contrasts["difference"].item()) < 0.3


def test_experts_have_the_d_prime_they_were_made_with(study: Study, tmp_path: Path) -> None:
    found = rehearse(study, tmp_path, expert=15)
    assert values(found)["d_prime"] == pytest.approx(2.0, abs=0.8)  # four standard errors
    assert values(found)["criterion"] == pytest.approx(0.0, abs=0.4)
    assert found.conclusions.contrasts["verdict"].item() == "significant difference"


@pytest.mark.parametrize(("kind", "sign"), [("always_computer", 1), ("always_human", -1)])
def test_who_always_says_the_same_is_all_criterion(study: Study, tmp_path: Path, kind: str, sign: int) -> None:
    found = rehearse(study, tmp_path, **{kind: 6})
    assert abs(values(found)["d_prime"]) < 0.1  # not 0: known pieces are left out, of one source more
    assert sign * values(found)["criterion"] > 1
    assert found.conclusions.contrasts["verdict"].item() == "inconclusive"


def test_the_careless_are_left_out_as_registered(study: Study, tmp_path: Path) -> None:
    found = rehearse(study, tmp_path, careless=6, expert=2)
    flow = found.tables["exclusions"].set_index("reason")["answers"]
    assert flow["listener missed more than 1 catch trials"] > 0
    assert flow["less than 100% of the clip was heard"] > 0
    assert found.kept["participant"].nunique() == 2
    assert len(found.tables["answers"]) == 8 * study.size.trials


@pytest.mark.parametrize(
    "kind",
    ["position_biased", pytest.param("flip_flopper", marks=pytest.mark.slow)],  # another function of the same place
)
def test_who_answers_by_position_looks_like_a_guesser(study: Study, tmp_path: Path, kind: str) -> None:
    found = rehearse(study, tmp_path, **{kind: 16})
    assert abs(values(found)["d_prime"]) < 0.7


@pytest.mark.parametrize("kind", ["learner", pytest.param("drifter", marks=pytest.mark.slow)])  # its mirror image
def test_learners_and_drifters_are_found_at_about_their_mean(study: Study, tmp_path: Path, kind: str) -> None:
    found = rehearse(study, tmp_path, **{kind: 16})
    assert 0.6 < values(found)["d_prime"] < 2.2
    assert found.conclusions.contrasts["verdict"].item() == "significant difference"


def test_colluders_agree_and_spread_the_clips(study: Study, tmp_path: Path) -> None:
    found = rehearse(study, tmp_path, colluder=12)
    assert found.agreement == 1
    assert found.tables["components"]["clip"].item() > 0.2


def test_the_same_seed_draws_the_same_answers(study: Study, tmp_path: Path) -> None:
    drawn = [rehearse(study, tmp_path / str(turn), seed=7, typical=3).tables["answers"] for turn in range(2)]
    assert drawn[0].equals(drawn[1])


@pytest.mark.parametrize(
    ("text", "message"),
    [("guesser", "is not KIND=NUMBER"), ("oracle=3", "'oracle' is not known"), ("guesser=0", "0 listeners")],
)
def test_kinds_that_cannot_be_are_refused(text: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        parse_kinds(text)
    assert parse_kinds(",".join(f"{kind}=1" for kind in KINDS)) == dict.fromkeys(KINDS, 1)


def test_nothing_is_overwritten(study: Study, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="exists already"):
        simulate(study, tmp_path, {"guesser": 1})
