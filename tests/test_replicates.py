"""Several trainings of one system: the level of their test, what is said of few, and which files are whose."""

from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import ttest_ind

from clstm.runtime.errors import UserError
from evaluation.distance import trained as trainings
from evaluation.distance.joint import table
from evaluation.distance.space import JOINT, spaces
from evaluation.distance.trainings import of_system, ranking, replicates
from evaluation.measurement.inputs import MeasurementInput
from evaluation.measurement.options.replicates import by_folder, by_table, hints, look_like_trainings, read_replicates
from evaluation.measurement.systems import Measurements
from evaluation.statistics.replicates import Trainings, difference, mean
from evaluation.statistics.replicates import trainings as of_metric

SIMULATIONS = 1500


def _simulated(random: np.random.Generator, runs: int, pieces: int, between: float, *, shared: bool) -> float:
    """p of a true null: trainings vary by `between`, prompts by 1, and each piece by 1."""
    prompts = random.normal(size=(runs + 1, pieces))
    names = np.arange((runs + 1) * pieces).reshape(runs + 1, pieces)
    if shared:  # also with the reference, and each system has its own way with a prompt
        prompts[:], names[:] = prompts[0], names[0]
        prompts[1:] += 0.7 * random.normal(size=pieces)
    values = prompts + random.normal(size=prompts.shape)
    values[1:] += between * random.normal(size=(runs, 1))
    every = np.unique(names)
    reference = of_metric([(values[0], names[0])], every)
    return difference(of_metric(list(zip(values[1:], names[1:], strict=True)), every), reference).p


@pytest.mark.parametrize(("runs", "pieces", "shared"), list(product((5, 10), (20, 100), (False, True))))
def test_the_test_against_a_reference_keeps_its_level(runs: int, pieces: int, shared: bool) -> None:
    random = np.random.default_rng(runs + pieces)
    found = [_simulated(random, runs, pieces, 0.3, shared=shared) for _ in range(SIMULATIONS)]
    # 4 to 6 %, and what chance adds to 1,500 draws of it.
    assert 0.035 <= np.mean(np.array(found) < 0.05) <= 0.065


def test_without_shared_groups_the_test_is_welchs() -> None:
    random = np.random.default_rng(0)
    one, other = random.normal(size=(5, 8)), random.normal(size=(7, 8)) + 0.3
    names = np.arange(12 * 8).reshape(12, 8)
    every = names.ravel()
    found = difference(
        of_metric(list(zip(one, names[:5], strict=True)), every),
        of_metric(list(zip(other, names[5:], strict=True)), every),
    )
    welch = ttest_ind(one.mean(axis=1), other.mean(axis=1), equal_var=False)
    assert found.p == pytest.approx(welch.pvalue)
    assert (found.low, found.high) == pytest.approx(tuple(welch.confidence_interval()))


def test_what_a_prompt_does_to_both_systems_falls_out() -> None:
    random = np.random.default_rng(1)
    prompts = 100 * random.normal(size=30)
    own = [(prompts + random.normal(size=30), np.arange(30)) for _ in range(5)]
    others = [(prompts + 1 + random.normal(size=30), np.arange(30)) for _ in range(5)]
    found = difference(of_metric(others, np.arange(30)), of_metric(own, np.arange(30)))
    assert 0 < found.low < 1 < found.high < 3


def test_each_training_counts_once_however_many_clips_it_has() -> None:
    many = [(np.full(100, 5.0), np.arange(100)), *((np.full(3, float(one)), np.arange(3)) for one in (1, 2, 3, 4))]
    assert of_metric(many, np.arange(100)).mean == 3.0


def test_nothing_is_inferred_where_nothing_varies() -> None:
    one = Trainings(np.full(5, 2.0), np.zeros((5, 3)))
    assert mean(one).value == 2.0
    assert np.isnan(mean(one).p)


def _measured(counts: dict[str, int], pieces: int = 12, seed: int = 0, unequal: bool = False) -> Measurements:
    """A reference and systems of so many trainings each, one metric; later systems are further away."""
    random = np.random.default_rng(seed)
    rows = [("human", "", f"h{piece}", 0.0, piece) for piece in range(30)]
    for place, (system, runs) in enumerate(counts.items()):
        for run in range(runs):
            of_run = pieces - (run if unequal else 0)
            rows += [(system, str(run + 1), f"{run}-{piece}", 40.0 * place + 3, piece) for piece in range(of_run)]
    about = pd.DataFrame(rows, columns=["system", "replicate", "piece", "middle", "group"])
    about["group"] = "g" + about["group"].astype(str)
    metrics = spaces()[JOINT].metrics
    values = pd.concat(
        [
            about[["system", "piece"]].assign(metric=metric, value=about["middle"] + random.normal(size=len(about)))
            for metric in metrics
        ]
    )
    return Measurements(values.assign(unit="", note=""), about.assign(rejected="", file=about["piece"]))


def _trained(measured: Measurements, *, wanted: bool = True) -> trainings.Trained:
    systems = [name for name in dict.fromkeys(measured.pieces["system"]) if name != "human"]
    against = dict.fromkeys(systems, "human")
    return trainings.trained(measured.values, measured.pieces, against, "human", wanted=wanted)


def test_five_trainings_have_a_verdict_and_four_do_not() -> None:
    made = _trained(_measured({"lstm": 5, "rnn": 4}))
    assert {one.system for one in made.tests} == {"lstm"}
    lines = trainings.sentences(made)
    assert "lstm, 5 trainings: mean MMD² × 1000 is" in lines[0]
    assert "rnn: 4 trainings, too few for a verdict on the method (5 would do)" in lines[1]
    assert len([one for one in made.values if one.system == "rnn" and one.metric == trainings.JOINTLY]) == 4


def test_one_training_is_called_that() -> None:
    made = _trained(_measured({"lstm": 1}))
    assert trainings.sentences(made) == [
        "lstm: one training: what is said holds for this training, not for the method."
    ]


def test_nothing_is_said_of_trainings_where_there_are_none() -> None:
    measured = _measured({"lstm": 1})
    plain = Measurements(measured.values, measured.pieces.assign(replicate=""))
    assert _trained(plain, wanted=False) == trainings.NOTHING
    assert trainings.sentences(trainings.NOTHING) == []
    assert trainings.markdown(trainings.NOTHING) == ""


def test_trainings_of_unequal_size_are_compared() -> None:
    made = _trained(_measured({"lstm": 5, "rnn": 5}, unequal=True))
    assert sorted({one.n for one in made.values if one.system == "rnn"}) == [8, 9, 10, 11, 12]
    far = next(one for one in made.tests if (one.system, one.other, one.metric) == ("rnn", "lstm", trainings.JOINTLY))
    assert far.significant
    assert far.found.value > 0
    assert "lstm is closer" in trainings.sentences(made)[-1]
    assert "## Several trainings" in trainings.markdown(made)


def test_two_trainings_of_the_same_music_count_as_one() -> None:
    measured = _measured({"lstm": 2})
    values, pieces = measured.values, measured.pieces
    first = pieces[(pieces["system"] == "lstm") & (pieces["replicate"] == "1")]
    again = first.assign(replicate="copy", piece=["copy" + name for name in first["piece"]])
    copied = values[(values["system"] == "lstm") & values["piece"].isin(first["piece"])]
    copied = copied.assign(piece="copy" + copied["piece"])
    found, said = replicates(pd.concat([values, copied]), pd.concat([pieces, again]), "lstm")
    assert list(found) == ["1", "2"]
    assert said == ["lstm: trainings 1 and copy hold the same music; they count as one"]


def test_ranks_follow_trainings() -> None:
    measured = _measured({"lstm": 5, "rnn": 5, "gru": 3})
    found = ranking(measured.values, measured.pieces, "human", ["lstm", "rnn", "gru"])
    by_pair = {frozenset((one.closer, one.further)): one for one in found.pairs}
    assert by_pair[frozenset(("lstm", "rnn"))].significant
    assert np.isnan(by_pair[frozenset(("lstm", "gru"))].p)  # three trainings have no verdict
    assert found.ranks["gru"] == (1, 3)


def test_the_influence_of_groups_gives_the_spread_of_a_distance() -> None:
    """The standard error by the jackknife, and the spread over samples drawn anew."""
    found, errors = [], []
    for seed in range(40):
        measured = _measured({"lstm": 1}, pieces=30, seed=seed)
        wide, groups = table(measured.values, measured.pieces)
        one = of_system(wide, groups, "human", [groups.loc[["lstm"]].index.tolist()])[JOINT]
        found.append(one.mean)
        errors.append(np.sqrt(one.shared))
    assert np.mean(errors) == pytest.approx(np.std(found), rel=0.4)


def _files(folder: Path, *names: str) -> list[MeasurementInput]:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return [MeasurementInput(folder / name) for name in names]


def test_sub_folders_are_trainings_and_an_empty_one_is_named(tmp_path: Path) -> None:
    inputs = _files(tmp_path / "lstm", "1/a.mid", "2/a.mid", "2/deep/b.mid")
    (tmp_path / "lstm" / "3").mkdir()
    own, said = by_folder("lstm", tmp_path / "lstm", inputs)
    assert [one.replicate for one in own] == ["1", "2", "2"]
    assert said == ["lstm: 3 has no music; 2 trainings left"]


def test_files_beside_the_folders_of_trainings_are_left_out(tmp_path: Path) -> None:
    own, said = by_folder("lstm", tmp_path, _files(tmp_path, "1/a.mid", "2/a.mid", "b.mid"))
    assert len(own) == 2
    assert said == ["lstm: 1 file beside the folders of trainings left out; --replicates"]


def test_a_set_without_sub_folders_is_one_training(tmp_path: Path) -> None:
    inputs = _files(tmp_path, "a.mid", "b.mid")
    assert by_folder("lstm", tmp_path, inputs) == (inputs, [])


def test_a_table_names_the_trainings_of_files(tmp_path: Path) -> None:
    (tmp_path / "index.csv").write_text("file,group,replicate\n1/a.mid,g,first\n2/a.mid,g,second\n")
    given = read_replicates(tmp_path / "index.csv")
    own = by_table(given, _files(tmp_path / "lstm", "1/a.mid", "2/a.mid", "3/a.mid"))
    assert [one.replicate for one in own] == ["first", "second", ""]


def test_a_file_of_two_trainings_is_refused(tmp_path: Path) -> None:
    (tmp_path / "index.csv").write_text("file,replicate\na.mid,1\na.mid,2\n")
    with pytest.raises(UserError, match=r"a\.mid is listed in two trainings; name the files with their folders"):
        read_replicates(tmp_path / "index.csv")


def test_numbered_sub_folders_are_said_to_look_like_trainings(tmp_path: Path) -> None:
    inputs = _files(tmp_path, "run1/a.mid", "run2/a.mid", "run3/a.mid", "run4/a.mid")
    (said,) = hints({"lstm": tmp_path}, {"lstm": inputs})
    assert said.startswith("lstm: its sub-folders (run1, run2, run3, ...) look like trainings of one system")
    assert "--replicates" in said


@pytest.mark.parametrize("folders", [("Bach", "Liszt"), ("2004", "2006"), ("run1",), ("run1", "seed2")])
def test_other_sub_folders_do_not_look_like_trainings(folders: tuple[str, ...]) -> None:
    inputs = [MeasurementInput(Path("lstm") / one / "a.mid") for one in folders]
    assert look_like_trainings(Path("lstm"), inputs) == []
