"""Bundled models: found by name, small, safe, as good as the run they are from, and each with a true card."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import load_file, save_file
from typer.testing import CliRunner

from clstm import pretrained
from clstm.cli.bundle import bundle, card
from clstm.cli.main import load_commands
from clstm.corpus.corpus import Corpus
from clstm.models.checkpoint import load_model, load_network, save_model
from clstm.models.networks import NetworkConfig, parameter_count
from clstm.models.notes import Config, Notes
from clstm.runtime.errors import UserError
from clstm.training.loop import train
from clstm.training.settings import TrainingConfig

NETWORK = NetworkConfig("c-lstm", kernels=4, features=16, hidden=32)
BUNDLED_MEGABYTES = 56
ONE_MEGABYTES = 25


@pytest.fixture(scope="module")
def run(tiny_corpus: Corpus, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of a few steps."""
    folder = tmp_path_factory.mktemp("runs") / "mine"
    train(tiny_corpus, folder, NETWORK, TrainingConfig(batch=4, excerpt=48, steps=30, evaluate_every=30))
    return folder


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """What `clstm accuracy` and the maker of an index would have written."""
    folder = tmp_path_factory.mktemp("tables")
    scores = pd.DataFrame({"system": ["hold last chord", "mine", "another"], "role": ["baseline", "model", "model"]})
    scores = scores.merge(pd.DataFrame({"horizon": ["next", "nine"]}), how="cross")
    for name in ("accuracy", "f1_at_threshold", "f1_struck_at_threshold", "nats"):
        scores[name] = np.linspace(0.5, 0.6, len(scores))
    scores["threshold"], scores["fixed_on"] = 0.25, "selection pieces"
    scores["nats_low"], scores["nats_high"], scores["windows"] = 0.25, 0.75, 1234
    scores.loc[scores["role"] == "baseline", "nats"] = np.nan
    scores.to_csv(folder / "accuracy.csv", index=False)
    licences = {"file": list("abcd"), "split": ["train"] * 3 + ["valid"], "licence": ["BY", "BY", "PD", "X"]}
    pieces = pd.DataFrame(licences).assign(composer="Anna", title="", opus="", source="where")
    pieces.to_csv(folder / "index.csv", index=False)
    return {"accuracy": folder / "accuracy.csv", "index": folder / "index.csv"}


@pytest.fixture
def bundled(run: Path, tables: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The run as the bundled model `c-lstm`, the only one."""
    monkeypatch.setattr(pretrained, "FOLDER", tmp_path / "pretrained")
    return bundle(run, "c-lstm", **tables, folder=tmp_path / "pretrained")


def test_a_run_that_is_there_wins_over_a_bundled_name_and_a_folder_of_music_does_not(
    bundled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert pretrained.names() == ["c-lstm"]
    (tmp_path / "here" / "c-lstm").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "here")
    assert pretrained.find("c-lstm") == bundled
    (tmp_path / "here" / "c-lstm" / "config.json").touch()
    assert pretrained.find("c-lstm") == Path("c-lstm")


def test_what_is_neither_a_run_nor_bundled_is_one_line_naming_the_bundled(bundled: Path) -> None:
    with pytest.raises(UserError, match=r"^nothing is not a run; .* or name a bundled model: c-lstm$"):
        pretrained.find("nothing")
    with pytest.raises(UserError, match="not a run"):
        pretrained.find("../pretrained")


def test_half_precision_changes_no_chance_by_a_hundredth(run: Path, bundled: Path) -> None:
    (whole, _), (half, _) = load_model(run), load_model(bundled)
    assert {tensor.dtype for tensor in load_file(bundled / "weights.safetensors").values()} == {torch.float16}
    assert {tensor.dtype for tensor in half.state_dict().values()} == {torch.float32}
    frames = torch.from_numpy(np.random.default_rng(0).random((2, 90, 156)) < 0.05).float()
    with torch.no_grad():
        difference = torch.sigmoid(whole(frames)) - torch.sigmoid(half(frames))
    assert 0 < float(difference.abs().max()) < 1e-2


def test_a_card_shows_no_interval_where_groups_were_too_few(bundled: Path) -> None:
    scores = pd.read_csv(bundled / "accuracy.csv")
    assert f"{scores['nats'].iloc[-1]:.2f} [0.25, 0.75]" in card(bundled)
    scores.assign(nats_low=np.nan, nats_high=np.nan).to_csv(bundled / "accuracy.csv", index=False)
    assert "nan" not in card(bundled)
    assert f"| {scores['nats'].iloc[-1]:.2f} |" in card(bundled)


def test_weights_that_half_precision_cannot_hold_are_refused(
    run: Path, tables: dict[str, Path], tmp_path: Path
) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "config.json").write_bytes((run / "config.json").read_bytes())
    weights = load_file(run / "weights.safetensors")
    save_file(weights | {"output.bias": weights["output.bias"] + 1e5}, tmp_path / "mine" / "weights.safetensors")
    with pytest.raises(UserError, match=r"half precision cannot hold output\.bias"):
        bundle(tmp_path / "mine", "c-lstm", **tables, folder=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_the_card_tells_data_recipe_time_figures_and_weaknesses(bundled: Path) -> None:
    text = (bundled / "README.md").read_text()
    assert "| BY | 2 |" in text
    assert "| rate | 0.003 |" in text
    assert "30 steps in " in text
    assert "1,234 windows" in text
    assert "| hold last chord | 50.00 | 0.500 | 0.500 | - |" in text
    assert "| c-lstm | 54.00 | 0.540 | 0.540 | 0.54 [0.25, 0.75] |" in text
    assert "here 0.250." in text
    assert load_model(bundled)[1]["threshold"] == 0.25  # where `clstm accuracy` looks for it on other music
    assert "another" not in text
    assert "## Known weaknesses\n\n- " in text
    credits_of_training_pieces = pd.read_csv(bundled.parent / "CREDITS.csv")
    assert credits_of_training_pieces["file"].tolist() == ["a", "b", "c"]


def test_a_run_that_was_not_scored_cannot_be_bundled(run: Path, tables: dict[str, Path], tmp_path: Path) -> None:
    scores = pd.read_csv(tables["accuracy"])
    scores[scores["system"] != "mine"].to_csv(tmp_path / "other.csv", index=False)
    with pytest.raises(UserError, match="has no system mine; it has: hold last chord, another"):
        bundle(run, "c-lstm", tmp_path / "other.csv", tables["index"], folder=tmp_path / "out")
    scores.assign(fixed_on="").to_csv(tmp_path / "elsewhere.csv", index=False)
    with pytest.raises(UserError, match="has no threshold of mine; score it on the corpus it was trained on"):
        bundle(run, "c-lstm", tmp_path / "elsewhere.csv", tables["index"], folder=tmp_path / "out")


def test_a_run_that_draws_notes_is_bundled_without_a_threshold_and_one_of_frames_is_not(
    run: Path, tables: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = Config(width=32, layers=1, ff=2, head=16, context=32, local=2, channels=2)
    network = Notes(small)
    reached = {"steps": 2, "best_step": 1, "joint_nats": 3.25}
    about = {"parameters": parameter_count(network), "training": {"batch": 6, "excerpt": 512, "rate": 0.02}}
    (tmp_path / "mine").mkdir()
    save_model(tmp_path / "mine", small, network.state_dict(), about | {"corpus": {}, "reached": reached})
    with pytest.raises(UserError, match="writes frames; give --accuracy"):
        bundle(run, "c-lstm", None, tables["index"], folder=tmp_path / "pretrained")
    monkeypatch.setattr(pretrained, "FOLDER", tmp_path / "pretrained")
    made = bundle(tmp_path / "mine", "notes", None, tables["index"], folder=tmp_path / "pretrained")
    assert sorted(file.name for file in made.iterdir()) == ["README.md", "config.json", "weights.safetensors"]
    text = (made / "README.md").read_text()
    assert "Best at step 1, with 3.250 joint nats per frame" in text
    assert "at most 0.0 million notes" in text
    assert "cell by cell" not in text


def test_verbs_that_take_a_run_take_a_bundled_name(
    bundled: Path, tiny_corpus: Corpus, eight_pieces: Path, tmp_path: Path
) -> None:
    seed = ["--prompt", str(eight_pieces / "piece1.mid"), "--count", "1", "--seconds", "3"]
    for arguments in (
        ["generate", "c-lstm", "--out", str(tmp_path / "music"), *seed],
        ["accuracy", str(tiny_corpus.path), "c-lstm", "--out", str(tmp_path / "scores.csv")],
    ):
        done = CliRunner().invoke(load_commands(), arguments)
        assert done.exit_code == 0, done.output + str(done.exception)
    assert json.loads((tmp_path / "music" / "generated.json").read_text())["run"] == "c-lstm"
    assert "c-lstm" in pd.read_csv(tmp_path / "scores.csv")["system"].tolist()


def test_the_models_of_this_package_load_fit_and_have_true_cards() -> None:
    size = 0
    for name in pretrained.names():
        folder = pretrained.find(name)
        network, config = load_network(folder)
        assert parameter_count(network) == config["parameters"]
        assert (folder / "README.md").read_text(encoding="utf-8") == card(folder)
        own = sum(file.stat().st_size for file in folder.iterdir())
        assert own <= ONE_MEGABYTES * 1e6
        size += own
    assert size <= BUNDLED_MEGABYTES * 1e6
