"""Is a report still what its inputs give? Everything it rests on is held against its manifest, rendered and measured
again, and compared within the tolerances of `evaluation.regression`.

What is held against what:

files      every file of the report, by its hash: nothing was changed after it was made
inputs     every MIDI or audio file, the tables given with them, the weights and the SoundFont, by their hashes
figures    every figure of every file, rendered and measured anew: levels within 0.1 dB, all else 0.5 %; of a report
           made with an earlier catalogue of metrics, those still defined as they were
verdict    every conclusion, from the figures measured anew; only where this version measures and tests as that one did

Another version of what renders or measures is said, but is no failure by itself: within tolerance it made no
difference.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from math import isnan
from pathlib import Path
from typing import Any

import pandas as pd

from clstm.errors import UserError
from evaluation import cache, comparison, verdict
from evaluation.environment import environment, settings_of
from evaluation.measures import CATALOGUE, METRICS, redefined
from evaluation.regression import tolerance
from evaluation.render import RenderSettings, describe
from evaluation.sources import music_files
from reports.content import FORMAT, MADE_BY
from reports.provenance import WEIGHTS, run_path
from reports.report import MANIFEST
from reports.systems import within

Progress = Callable[[str, int, int], object]

LISTED = 10  # of one kind of failure


@dataclass
class Verification:
    """failures : what is not as it was, one line each; remarks : what could not be checked, or differs harmlessly
    checked : how many of each kind were compared
    """

    failures: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    checked: dict[str, int] = field(default_factory=dict)

    @property
    def holds(self) -> bool:
        return not self.failures


def verify(
    folder: Path,
    elsewhere: Mapping[str, Path] = {},
    soundfont: Path | None = None,
    progress: Progress = lambda what, done, total: None,
) -> Verification:
    """Hold a report against what it was made of.

    elsewhere : where a system's music lies now, by its name, if not where it was
    soundfont : where the SoundFont lies now

    Raises `UserError` for a folder that is no report, or music that is nowhere.
    """
    manifest = read_manifest(folder)
    found = Verification()
    _check_outputs(folder, manifest, found)
    sources = _sources(manifest, elsewhere)
    settings = _settings(manifest, soundfont, found)
    _check_inputs(manifest, sources, found)
    _check_weights(manifest, found)
    _check_files(manifest, found)
    _check_versions(manifest, found)
    index = manifest["files"].get("index")
    groups = Path(index["path"]) if index and Path(index["path"]).is_file() else None
    request = verdict.Request(
        tuple(f"{system['name']}={sources[system['name']]}" for system in manifest["systems"]),
        manifest["reference"],
        folder,
        grid=manifest["grid"],
        groups=groups,
        seconds=manifest["seconds"],
        seed=manifest["seed"],
    )
    with cache.nothing_remembered():
        measured = verdict.judge(request if settings is None else replace(request, settings=settings), progress)
    _check_figures(folder, measured, int(manifest.get("catalogue", 1)), found)
    if why := _why_no_conclusions(manifest, index is not None and groups is None):
        found.remarks.append(f"conclusions were not drawn again: {why}")
    else:
        _check_verdict(folder, measured, found)
    return found


def _settings(manifest: Mapping[str, Any], soundfont: Path | None, found: Verification) -> RenderSettings | None:
    """How the music was rendered, with the SoundFont that is here; None where all of it came as audio."""
    if not manifest["rendering"]:
        return None
    given = soundfont or (manifest["soundfont_path"] and Path(manifest["soundfont_path"]))
    settings = settings_of({"rendering": manifest["rendering"]}, given or None)
    now, then = describe(settings)["soundfont_sha256"], manifest["rendering"]["soundfont_sha256"]
    if now != then:
        found.failures.append(
            f"SoundFont {settings.soundfont_file.name}: SHA-256 is {now[:12]}…, the report was made with {then[:12]}…"
        )
    return settings


def _why_no_conclusions(manifest: Mapping[str, Any], index_is_gone: bool) -> str:
    """Why conclusions cannot be drawn as they were; empty where they can."""
    catalogue, method = int(manifest.get("catalogue", 1)), manifest.get("method", 1)
    if catalogue != CATALOGUE:
        return (
            f"the catalogue of metrics is version {CATALOGUE} here, {catalogue} when it was made; make the report again"
        )
    if index_is_gone:
        return "without the index the pieces’ groups are not known"
    if method != comparison.METHOD:
        return (
            f"the report has those of method {method}, and this version tests by method {comparison.METHOD}; make the "
            "report again to have its conclusions"
        )
    return ""


def read_manifest(folder: Path) -> dict[str, Any]:
    """What a report says of its making. Raises `UserError` for a folder that is none."""
    path = Path(folder) / MANIFEST
    hint = "give a folder that `clstm report --out` wrote"
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
        ours = manifest["made_by"] == MADE_BY and {"outputs", "systems", "files", "rendering"} <= set(manifest)
    except OSError as error:
        raise UserError(f"{folder} has no readable {MANIFEST} ({error.strerror}); {hint}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(f"{path} is not a report's manifest ({error!r}); {hint}") from error
    if not ours or manifest.get("format") != FORMAT:
        raise UserError(f"{path} is of another program, or of another format than {FORMAT}; make the report again")
    return dict(manifest)


def _check_outputs(folder: Path, manifest: Mapping[str, Any], found: Verification) -> None:
    found.checked["files of the report"] = len(manifest["outputs"])
    for name, recorded in manifest["outputs"].items():
        path = folder / name
        if not path.is_file():
            found.failures.append(f"{name}: is gone from the report")
        elif cache.sha256(path) != recorded:
            found.failures.append(f"{name}: was changed after the report was made")


def _recorded(manifest: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The music a report rests on: its systems, and their variants under SYSTEM:LABEL, if it has any."""
    variants = [
        one | {"name": f"{one['system']}:{one['label']}", "left_out": {}} for one in manifest.get("variants", ())
    ]
    return [*manifest["systems"], *variants]


def _sources(manifest: Mapping[str, Any], elsewhere: Mapping[str, Path]) -> dict[str, Path]:
    recorded = _recorded(manifest)
    names = [one["name"] for one in recorded]
    if strange := set(elsewhere) - set(names):
        raise UserError(f"{min(strange)!r} is none of the report's systems ({', '.join(names)})")
    sources = {}
    for one in recorded:
        path = elsewhere.get(one["name"]) or Path(one["path"])
        if not path.exists():
            raise UserError(
                f"{one['name']}: its music is not at {path}; say where it is as {one['name']}=PATH, or run this "
                "where the report was made"
            )
        sources[one["name"]] = path
    return sources


def _check_inputs(manifest: Mapping[str, Any], sources: Mapping[str, Path], found: Verification) -> None:
    count = 0
    for system in _recorded(manifest):
        source = sources[system["name"]]
        now = {within(path, source): path for path in music_files(source)[0]}
        recorded = {one["file"]: one["sha256"] for one in system["files"]}
        recorded |= {name: one["sha256"] for name, one in system["left_out"].items()}
        if source.is_file():  # it may be called otherwise now
            now = dict(zip(recorded, now.values(), strict=False))
        count += len(recorded)
        for name, digest in recorded.items():
            if name not in now:
                found.failures.append(f"{system['name']}: {name} is gone")
            elif cache.sha256(now[name]) != digest:
                found.failures.append(f"{system['name']}: {name} was changed")
        found.failures += [f"{system['name']}: {name} is new" for name in now if name not in recorded]
    found.checked["inputs"] = count


def _check_weights(manifest: Mapping[str, Any], found: Verification) -> None:
    count = 0
    for system in manifest["systems"]:
        weights = system["weights"]
        if not weights:
            continue
        path = weights["run"] and run_path(weights["run"]) / WEIGHTS
        if not path or not path.is_file():
            where = f"{path} is not there" if path else "the report was made without them"
            found.remarks.append(f"the weights of {system['name']} were not checked: {where}")
            continue
        count += 1
        if cache.sha256(path) != weights["sha256"]:
            found.failures.append(f"{system['name']}: its weights {weights['run']} were changed")
    found.checked["weights"] = count


def _check_files(manifest: Mapping[str, Any], found: Verification) -> None:
    for name, one in manifest["files"].items():
        path = Path(one["path"])
        path = path / "results.json" if path.is_dir() else path
        if not path.is_file():
            found.remarks.append(f"--{name} {one['path']} was not checked: it is not there")
        elif cache.sha256(path) != one["sha256"]:
            found.failures.append(f"--{name} {one['path']} was changed")


def _check_versions(manifest: Mapping[str, Any], found: Verification) -> None:
    settings = settings_of({"rendering": manifest["rendering"]}) if manifest["rendering"] else None
    now = environment(settings, midi=True) if settings else None
    recorded = dict(manifest["versions"])
    if now:
        recorded |= {"fluidsynth": manifest["rendering"]["fluidsynth"]}
        current = now["measuring"] | {"fluidsynth": now["rendering"]["fluidsynth"]}
        for name, version in current.items():
            if recorded.get(name, version) != version:
                found.remarks.append(f"{name} is {version} here, {recorded[name]} when it was made")


def _check_figures(folder: Path, measured: verdict.Verdict, catalogue: int, found: Verification) -> None:
    rows = _rows(folder / "metrics.csv", found)
    recorded = [row for row in rows if not _redefined(row, measured, catalogue)]
    if other := sorted({str(row["metric"]) for row in rows} - {str(row["metric"]) for row in recorded}):
        found.remarks.append(
            f"not compared, since they are defined otherwise than when it was made: {', '.join(other)}"
        )
    now = {_place(row): float(row["value"]) for row in measured.measurements.figures.to_dict("records")}
    moved: list[str] = []
    for row in recorded:
        before, after = float(row["value"]), now.get(_place(row))
        what = f"{row['system']}, {row['piece']}: {METRICS[row['metric']].label}"
        if after is None:
            moved.append(f"{what} is not measured any more")
        elif isnan(before) != isnan(after) or abs(after - before) > tolerance(row["metric"], before):
            moved.append(f"{what} was {before:.6g}, is {after:.6g}")
    found.checked["figures"] = len(recorded)
    found.failures += moved[:LISTED]
    if len(moved) > LISTED:
        found.failures.append(f"and {len(moved) - LISTED} more figures of {len(recorded)}")


def _redefined(row: Mapping[Any, Any], measured: verdict.Verdict, catalogue: int) -> bool:
    """Whether a figure is of a metric that the report's version of the catalogue defined otherwise, or that is gone."""
    rendered = any(take.is_midi for take in measured.systems.get(str(row["system"]), ()))
    return row["metric"] not in METRICS or row["metric"] in redefined(catalogue, rendered=rendered)


def _rows(path: Path, found: Verification) -> list[dict[Any, Any]]:
    """The rows of a table of the report; none, and a failure, where it cannot be read."""
    try:
        table = pd.read_csv(path, dtype={"system": str, "piece": str}, keep_default_na=False, na_values=[""])
        if table.empty or not {"system", "metric"} <= set(table.columns):
            raise ValueError("it has no rows")  # noqa: TRY301 - one thing is said of whatever is wrong
    except (OSError, ValueError) as error:
        found.failures.append(f"{path.name}: cannot be read, so nothing was held against it ({error})")
        return []
    return table.to_dict("records")


def _place(row: Mapping[Any, Any]) -> tuple[str, str, str]:
    return str(row["system"]), str(row["piece"]), str(row["metric"])


def _check_verdict(folder: Path, measured: verdict.Verdict, found: Verification) -> None:
    table = _rows(folder / "verdict.csv", found)
    before, after = (
        {(row["system"], row["metric"]): row["verdict"] for row in one}
        for one in (table, measured.table.to_dict("records"))
    )
    other = [key for key, verdict_then in before.items() if after.get(key) != verdict_then]
    found.checked["conclusions"] = len(before)
    found.failures += [
        f"{system}: {METRICS[metric].label} was “{before[system, metric]}”, is “{after.get((system, metric), 'gone')}”"
        for system, metric in other[:LISTED]
    ]
    if len(other) > LISTED:
        found.failures.append(f"and {len(other) - LISTED} more conclusions of {len(before)}")
