"""Does a report still follow from its inputs? Everything it rests on is compared with its manifest, rendered and
measured again, and compared within the tolerances of `evaluation.drift.differences`.

files        every file of the report, by its hash: nothing was changed after it was made
inputs       every MIDI or audio file, the tables given with them, the weights and the SoundFont, by their hashes
values       every metric of every file, rendered and measured again: levels within 0.1 dB, all others within 0.5 %; of
             a report made with an earlier catalogue of metrics, those whose definition is the same
first screen  its words, made again from the report's own tables
conclusions  every verdict, direction and magnitude, every distance and who is closer, from the values measured again;
             only where this version measures and tests as the report's version did

Reports of earlier formats are read through `clstm.runtime.old_names`.

A report may come from anywhere: of the files that its manifest names, only plain files below the working directory or
the report are opened, and others where the user names them (`reports.verification.manifest`).

Another version of what renders or measures is reported, but is no failure by itself: within the tolerances it makes no
difference.
"""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import replace
from math import isnan
from pathlib import Path
from typing import Any

import pandas as pd
from pydantic import ValidationError

from clstm.runtime import old_names
from clstm.runtime.progress import Progress, silent
from clstm.runtime.spreadsheet import neutral
from evaluation.audio.render import RenderSettings, describe
from evaluation.comparison import compare, contrasts
from evaluation.comparison.sets.references import CONTROLS, Grid
from evaluation.comparison.verdict import NONE, VerdictRow, rows_of
from evaluation.distance import trained as trainings
from evaluation.drift.differences import tolerance
from evaluation.embeddings.embedder import installed
from evaluation.embeddings.requested import METRICS as METRICS_ALONE
from evaluation.measurement import cache
from evaluation.measurement.environment import environment, settings_of
from evaluation.metrics.catalogue import CATALOGUE, METRICS, redefined
from reports.inputs.request import EMBEDDING
from reports.verification.beside import check_beside
from reports.verification.distances import check_distances
from reports.verification.first import check_first_screen
from reports.verification.holdings import (
    Elsewhere,
    Verification,
    check_music,
    check_outputs,
    check_tables,
    check_weights,
    find_music,
    recorded_settings,
)
from reports.verification.manifest import Places, ReportManifest, read_manifest

LISTED = 10  # of one kind of failure
CONCLUSION = ("system", "metric", "verdict", "direction", "magnitude")


def verify(folder: Path, elsewhere: Elsewhere = Elsewhere(), progress: Progress = silent) -> Verification:
    """Compare a report with its inputs.

    Raises `UserError` for a folder that is no report, and for music that does not exist or is not in a permitted place.
    """
    manifest = read_manifest(folder)
    found, places = Verification(), Places(folder)
    check_outputs(folder, manifest, places, found)
    sources = find_music(manifest, elsewhere.music, places)
    settings = _settings(manifest, elsewhere.soundfont, places, found)
    check_music(manifest, sources, found)
    check_weights(manifest, elsewhere.weights, places, found)
    tables = check_tables(manifest, elsewhere.files, places, found)
    check_first_screen(folder, places, found)
    _check_versions(manifest, found)
    groups = tables.get("index")
    request = compare.ComparisonRequest(
        {system.name: sources[system.name] for system in manifest.systems},
        manifest.reference,
        folder,
        grid=_grid(folder, manifest, places, found),
        limits=tuple(manifest.limits),
        skip=tuple(manifest.skip),
        pedal=manifest.pedal,
        groups=groups,
        seconds=manifest.seconds,
        seed=manifest.seed,
        replicates=manifest.replicates,
        margin=manifest.margin,
        embeddings=tuple(_embeddings(manifest, tables, found)),
        likelihood=tables.get("likelihood"),
    )
    with cache.nothing_remembered():
        measured = compare.judge(request if settings is None else replace(request, settings=settings), progress)
    _check_values(folder, measured, manifest.catalogue, places, found)
    if why := _why_no_conclusions(manifest, measured, index_missing="index" in manifest.files and groups is None):
        found.remarks.append(f"conclusions were not compared: {why}")
    else:
        _check_verdict(folder, measured, places, found)
        check_distances(folder, measured.near, places, found)
        _check_trainings(folder, measured, places, found)
        check_beside(folder, measured, manifest.catalogue, places, found)
    return found


def _embeddings(manifest: ReportManifest, files: Mapping[str, Path], found: Verification) -> Iterator[str]:
    """The embeddings that are computed again, with the folders of weights and arrays as far as they can be read."""
    for one in manifest.embeddings:
        name, given, _ = one.partition("=")
        folder = files.get(f"{EMBEDDING}{name}")
        if given and folder is None:
            found.remarks.append(f"distances in {name} were not compared: its folder was not read")
        elif folder is None and name != METRICS_ALONE and name not in installed():
            found.remarks.append(f"distances in {name} were not compared: it is not installed")
        else:
            yield f"{name}={folder}" if folder else name


def _grid(folder: Path, manifest: ReportManifest, places: Places, found: Verification) -> Grid:
    """What was put on the reference. Before each system had a control of its own, "auto" was "reference" or "none"."""
    if manifest.grid != "auto" or manifest.controls >= CONTROLS:
        return manifest.grid
    table = _table(folder / "metrics.csv", ("system", "metric"), places, found)
    control = f"{manifest.reference}, same grid"
    return "none" if table is None or neutral(control) not in set(table["system"]) else "reference"


def _settings(
    manifest: ReportManifest, soundfont: Path | None, places: Places, found: Verification
) -> RenderSettings | None:
    """How the music was rendered, if any was, and a failure if it was with another SoundFont."""
    settings = recorded_settings(manifest, soundfont, places)
    if settings is None or manifest.rendering is None:
        return None
    now, then = describe(settings)["soundfont_sha256"], manifest.rendering.soundfont_sha256
    if now != then:
        found.failures.append(
            f"SoundFont {settings.soundfont_file.name}: SHA-256 is {now[:12]}…, the report was made with {then[:12]}…"
        )
    return settings


def _why_no_conclusions(manifest: ReportManifest, measured: compare.Comparison, *, index_missing: bool) -> str:
    """Why conclusions cannot be compared; empty where they can.

    They can where the report is of another version of the catalogue, but none of the metrics tested now was redefined.
    """
    catalogue, method = manifest.catalogue, manifest.method
    if set(measured.table["metric"]) & redefined(catalogue, rendered=manifest.rendering is not None):
        return (
            f"the catalogue of metrics is version {CATALOGUE} here, {catalogue} when it was made; make the report again"
        )
    if index_missing:
        return "without the index the pieces’ groups are not known"
    if method != contrasts.METHOD:
        return (
            f"the report has those of method {method}, and this version tests by method {contrasts.METHOD}; make the "
            "report again"
        )
    return ""


def _check_versions(manifest: ReportManifest, found: Verification) -> None:
    if manifest.rendering is None:
        return
    now = environment(settings_of({"rendering": manifest.rendering.model_dump()}), midi=True)
    recorded = manifest.versions | {"fluidsynth": manifest.rendering.fluidsynth}
    for name, version in (now["measuring"] | {"fluidsynth": now["rendering"]["fluidsynth"]}).items():
        if recorded.get(name, version) != version:
            found.remarks.append(f"{name} is {version} here, {recorded[name]} when it was made")


def _check_values(
    folder: Path, measured: compare.Comparison, catalogue: int, places: Places, found: Verification
) -> None:
    table = _table(folder / "metrics.csv", ("system", "piece", "metric", "value"), places, found)
    rows = [] if table is None else table.to_dict("records")
    comparable = [row for row in rows if not _redefined(row, measured, catalogue)]
    if other := sorted({str(row["metric"]) for row in rows} - {str(row["metric"]) for row in comparable}):
        found.remarks.append(f"not compared, since their definition was another when it was made: {', '.join(other)}")
    now = {_place(row): float(row["value"]) for row in measured.measurements.values.to_dict("records")}
    differing = [line for row in comparable if (line := _difference(row, now.get(_place(row))))]
    found.checked["values"] = len(comparable)
    found.failures += differing[:LISTED]
    if len(differing) > LISTED:
        found.failures.append(f"and {len(differing) - LISTED} more values of {len(comparable)}")


def _difference(row: Mapping[Hashable, Any], after: float | None) -> str:
    """How a recorded value differs from the one measured now, one line; "" where it does not."""
    what = f"{row['system']}, {row['piece']}: {METRICS[row['metric']].label}"
    before = float(row["value"])
    if after is None:
        return f"{what} is not measured any more"
    if isnan(before) != isnan(after) or abs(after - before) > tolerance(row["metric"], before):
        return f"{what} was {before:.6g}, is {after:.6g}"
    return ""


def _redefined(row: Mapping[Hashable, Any], measured: compare.Comparison, catalogue: int) -> bool:
    """Whether a metric is defined otherwise than in the report's version of the catalogue, or does not exist any
    more."""
    own = (inputs for name, inputs in measured.systems.items() if neutral(name) == neutral(row["system"]))
    rendered = any(one.is_midi for inputs in own for one in inputs)
    return row["metric"] not in METRICS or row["metric"] in redefined(catalogue, rendered=rendered)


def _table(path: Path, columns: Sequence[str], places: Places, found: Verification) -> pd.DataFrame | None:
    """A table of the report, in today's names; texts but for its values. None, and a failure, if it is unreadable."""
    try:
        return _read_table(path, columns, places)
    except OSError as error:
        found.failures.append(_unreadable(path, error.strerror or "it cannot be opened"))
    except UnusableTableError as error:
        found.failures.append(_unreadable(path, str(error)))
    except ValueError:  # pandas' parser errors are ValueErrors
        found.failures.append(_unreadable(path, f"it is not a table of {', '.join(columns)}"))
    return None


class UnusableTableError(Exception):
    """Why a table of the report cannot be used."""


def _read_table(path: Path, columns: Sequence[str], places: Places) -> pd.DataFrame:
    if why := places.foreign(path):
        raise UnusableTableError(why)
    text = dict.fromkeys((name for name in columns if name != "value"), str)
    table = old_names.table(pd.read_csv(path, dtype=text, keep_default_na=False, na_values={"value": [""]}))
    if table.empty or not set(columns) <= set(table.columns):
        raise UnusableTableError(f"it has no rows of {', '.join(columns)}")
    return table.assign(value=table["value"].astype(float)) if "value" in columns else table


def _unreadable(path: Path, why: str) -> str:
    return f"{path.name}: cannot be read, so nothing was compared with it ({why})"


def _place(row: Mapping[Hashable, Any]) -> tuple[str, str, str]:
    """Of a value, in a table as in memory: in a table a name that would be a formula has an apostrophe before it."""
    return str(neutral(row["system"])), str(neutral(row["piece"])), str(row["metric"])


def _check_verdict(folder: Path, measured: compare.Comparison, places: Places, found: Verification) -> None:
    path = folder / "verdict.csv"
    table = _table(path, CONCLUSION, places, found)
    if table is None:
        return
    try:
        recorded = rows_of(table[list(CONCLUSION)])
    except ValidationError:
        found.failures.append(_unreadable(path, "it has a verdict that no version writes"))
        return
    before, after = (
        {(str(neutral(row.system)), row.metric): _conclusion(row) for row in rows}
        for rows in (recorded, rows_of(measured.table))
    )
    other = [key for key, conclusion in before.items() if after.get(key, NONE) != conclusion]
    found.checked["conclusions"] = len(before)
    found.failures += [
        f"{system}: {METRICS[metric].label if metric in METRICS else metric} was “{before[system, metric]}”, "
        f"is “{after.get((system, metric), NONE)}”"
        for system, metric in other[:LISTED]
    ]
    if len(other) > LISTED:
        found.failures.append(f"and {len(other) - LISTED} more conclusions of {len(before)}")


def _check_trainings(folder: Path, measured: compare.Comparison, places: Places, found: Verification) -> None:
    """What is said with trainings counted, of a report that has trainings."""
    after = {
        (str(neutral(one.system)), str(neutral(one.other)), one.metric): _of_training(one.significant, one.found.value)
        for one in measured.trained.tests
    }
    if not after and not (folder / trainings.TESTS).exists():
        return
    table = _table(folder / trainings.TESTS, ("system", "other", "metric", "significant", "difference"), places, found)
    if table is None:
        return
    rows = table.to_dict("records")
    before = {
        (row["system"], row["other"], row["metric"]): _of_training(
            row["significant"] == "True", float(row["difference"])
        )
        for row in rows
    }
    found.checked["conclusions of trainings"] = len(before)
    other = [key for key in {**before, **after} if before.get(key, NONE) != after.get(key, NONE)]
    found.failures += [
        f"{key[0]} and {key[1] or 'its reference'}, trainings: {key[2]} was “{before.get(key, NONE)}”, is "
        f"“{after.get(key, NONE)}”"
        for key in other[:LISTED]
    ]
    if len(other) > LISTED:
        found.failures.append(f"and {len(other) - LISTED} more conclusions of trainings of {len(before)}")


def _of_training(significant: bool, difference: float) -> str:
    return f"differs: {'higher' if difference > 0 else 'lower'}" if significant else "inconclusive"


def _conclusion(row: VerdictRow) -> str:
    """A verdict with its direction and magnitude, such as "differs: higher (large)"."""
    return ": ".join(filter(None, (row.verdict, row.words)))
