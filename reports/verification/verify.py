"""Is a report still what its inputs give? Everything it rests on is held against its manifest, rendered and measured
again, and compared within the tolerances of `evaluation.drift.check`.

What is held against what:

files      every file of the report, by its hash: nothing was changed after it was made
inputs     every MIDI or audio file, the tables given with them, the weights and the SoundFont, by their hashes
figures    every figure of every file, rendered and measured anew: levels within 0.1 dB, all else 0.5 %; of a report
           made with an earlier catalogue of metrics, those still defined as they were
verdict    every conclusion, from the figures measured anew; only where this version measures and tests as that one did

A report may come from anywhere: of what its manifest names only plain files below the working directory or the report
are opened, and the rest where the user says it is (`reports.verification.manifest`).

Another version of what renders or measures is said, but is no failure by itself: within tolerance it made no
difference.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import isnan
from pathlib import Path
from typing import Any

import pandas as pd

from clstm.runtime.errors import UserError
from clstm.runtime.progress import Progress, silent
from clstm.runtime.spreadsheet import neutral
from evaluation.audio.render import RenderSettings, describe
from evaluation.comparison import compare, contrasts
from evaluation.drift.check import tolerance
from evaluation.measurement import cache
from evaluation.measurement.environment import environment, settings_of
from evaluation.measurement.measure import CATALOGUE, METRICS, redefined
from reports.verification.holdings import (
    Elsewhere,
    Verification,
    check_music,
    check_outputs,
    check_tables,
    check_weights,
    find_music,
)
from reports.verification.manifest import Places, read_manifest

LISTED = 10  # of one kind of failure


def verify(folder: Path, elsewhere: Elsewhere = Elsewhere(), progress: Progress = silent) -> Verification:
    """Hold a report against what it was made of.

    Raises `UserError` for a folder that is no report, or music that is nowhere, or where the manifest may not lead.
    """
    manifest = read_manifest(folder)
    found, places = Verification(), Places(folder)
    check_outputs(folder, manifest, places, found)
    sources = find_music(manifest, elsewhere.music, places)
    settings = _settings(manifest, elsewhere.soundfont, places, found)
    check_music(manifest, sources, found)
    check_weights(manifest, elsewhere.weights, places, found)
    tables = check_tables(manifest, elsewhere.files, places, found)
    _check_versions(manifest, found)
    groups = tables.get("index")
    request = compare.ComparisonRequest(
        tuple(f"{system['name']}={sources[system['name']]}" for system in manifest["systems"]),
        manifest["reference"],
        folder,
        grid=manifest["grid"],
        groups=groups,
        seconds=manifest["seconds"],
        seed=manifest["seed"],
    )
    with cache.nothing_remembered():
        measured = compare.judge(request if settings is None else replace(request, settings=settings), progress)
    _check_figures(folder, measured, manifest["catalogue"], places, found)
    if why := _why_no_conclusions(manifest, "index" in manifest["files"] and groups is None):
        found.remarks.append(f"conclusions were not drawn again: {why}")
    else:
        _check_verdict(folder, measured, places, found)
    return found


def _settings(
    manifest: Mapping[str, Any], soundfont: Path | None, places: Places, found: Verification
) -> RenderSettings | None:
    """How the music was rendered, with the SoundFont that is here; None where all of it came as audio."""
    if not manifest["rendering"]:
        return None
    recorded = manifest["soundfont_path"]
    if soundfont is None and recorded and (why := places.refusal(Path(recorded))):
        raise UserError(f"its SoundFont {recorded} was not read ({why}); name the file with --soundfont")
    settings = settings_of({"rendering": manifest["rendering"]}, soundfont or (Path(recorded) if recorded else None))
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
    if method != contrasts.METHOD:
        return (
            f"the report has those of method {method}, and this version tests by method {contrasts.METHOD}; make the "
            "report again to have its conclusions"
        )
    return ""


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


def _check_figures(
    folder: Path, measured: compare.Comparison, catalogue: int, places: Places, found: Verification
) -> None:
    rows = _rows(folder / "metrics.csv", ("system", "piece", "metric", "value"), places, found)
    recorded = [row for row in rows if not _redefined(row, measured, catalogue)]
    if other := sorted({str(row["metric"]) for row in rows} - {str(row["metric"]) for row in recorded}):
        found.remarks.append(
            f"not compared, since they are defined otherwise than when it was made: {', '.join(other)}"
        )
    now = {_place(row): float(row["value"]) for row in measured.measurements.values.to_dict("records")}
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


def _redefined(row: Mapping[Any, Any], measured: compare.Comparison, catalogue: int) -> bool:
    """Whether a figure is of a metric that the report's version of the catalogue defined otherwise, or that is gone."""
    own = (takes for name, takes in measured.systems.items() if neutral(name) == neutral(row["system"]))
    rendered = any(take.is_midi for takes in own for take in takes)
    return row["metric"] not in METRICS or row["metric"] in redefined(catalogue, rendered=rendered)


def _rows(path: Path, columns: Sequence[str], places: Places, found: Verification) -> list[dict[Any, Any]]:
    """The rows of a table of the report, text but for its values; none, and a failure, where it cannot be read."""
    text = {name: str for name in columns if name != "value"}
    try:
        if why := places.foreign(path):
            raise ValueError(why)  # noqa: TRY301 - one thing is said of whatever is wrong
        table = pd.read_csv(path, dtype=text, keep_default_na=False, na_values={"value": [""]})
        if table.empty or not set(columns) <= set(table.columns):
            raise ValueError(f"it has no rows of {', '.join(columns)}")  # noqa: TRY301
        if "value" in columns:
            table["value"] = table["value"].astype(float)
    except (OSError, ValueError) as error:
        found.failures.append(f"{path.name}: cannot be read, so nothing was held against it ({error})")
        return []
    return table.to_dict("records")


def _place(row: Mapping[Any, Any]) -> tuple[str, str, str]:
    """Of a figure, in a table as in memory: there a name that would be a formula has an apostrophe before it."""
    return str(neutral(row["system"])), str(neutral(row["piece"])), str(row["metric"])


def _check_verdict(folder: Path, measured: compare.Comparison, places: Places, found: Verification) -> None:
    table = _rows(folder / "verdict.csv", ("system", "metric", "verdict"), places, found)
    before, after = (
        {(str(neutral(row["system"])), row["metric"]): row["verdict"] for row in one}
        for one in (table, measured.table.to_dict("records"))
    )
    other = [key for key, verdict_then in before.items() if after.get(key) != verdict_then]
    found.checked["conclusions"] = len(before)
    found.failures += [
        f"{system}: {METRICS[metric].label if metric in METRICS else metric} was “{before[system, metric]}”, "
        f"is “{after.get((system, metric), 'gone')}”"
        for system, metric in other[:LISTED]
    ]
    if len(other) > LISTED:
        found.failures.append(f"and {len(other) - LISTED} more conclusions of {len(before)}")
