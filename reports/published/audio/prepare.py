"""Cut excerpts of 20 s from recordings, and keep other recordings for the generator to learn from.

python prepare.py SHATTERED TUXEMON OPENSURGE RIFFUSION OUT: four repositories as cloned, and the folder for everything
made. Recordings of 30 s and more are drawn by lot, those of one place in a game together: half as the reference, half
to learn from. Riffusion's recordings are cut whole, one excerpt after another.
"""

import csv
import random
import re
import sys
from pathlib import Path

import soundfile

SECONDS = 20
DOUBLES = ("mysticIsle_reverse", "battle_loop_slow", "B mix", "HHavok-intro")  # other versions of recordings here


def cut(path: Path, start: float, out: Path) -> None:
    """`SECONDS` of a recording from `start` on, as it is."""
    rate = soundfile.info(str(path)).samplerate
    samples, _ = soundfile.read(str(path), start=int(start * rate), frames=SECONDS * rate)
    soundfile.write(str(out), samples, rate, subtype="PCM_16")


def composer_and_licence(path: Path, surge: dict[str, list[str]], attributions: str) -> tuple[str, str]:
    """What the repositories say of a recording."""
    if "core" in path.parts:
        return "Kristjan Thomas Haaristo", "GPL-3.0"
    if path.name in surge:
        return surge[path.name][3], surge[path.name][2]
    if path.stem.startswith("JRPG_"):
        return "Yubatake", "CC BY 3.0"
    title = re.escape(re.sub(r"[_ ]+", " ", path.stem))
    found = re.search(rf"\[{title}\]\([^)]*\) by (.+?)\s+is licensed under\s+\[(.+?)\]", attributions, re.IGNORECASE)
    return (found[1], found[2]) if found else ("not stated for this file", "not stated for this file")


def place(path: Path) -> str:
    """The group of a recording: recordings of one place in Shattered Pixel Dungeon share themes."""
    return f"dungeon {path.stem.split('_')[0]}" if "core" in path.parts else path.stem


shattered, tuxemon, opensurge, riffusion, out = map(Path, sys.argv[1:])
for folder in ("people", "learn", "riffusion"):
    (out / folder).mkdir(parents=True, exist_ok=True)
music = [
    *shattered.glob("core/src/main/assets/music/*.ogg"),
    *tuxemon.glob("mods/tuxemon/music/**/*.ogg"),
    *tuxemon.glob("mods/tuxemon/music/*.mp3"),
    *opensurge.glob("musics/*.ogg"),
]
long = {path: soundfile.info(str(path)).duration for path in sorted(music) if path.stat().st_size < 4 * 2**20}
long = {path: s for path, s in long.items() if s >= 1.5 * SECONDS and not any(name in path.stem for name in DOUBLES)}
places = sorted({place(path) for path in long})
chosen = set(random.Random(0).sample(places, len(places) // 2))
table = (opensurge / "src/misc/copyright_data.csv").read_text(encoding="utf-8").splitlines()
surge = {Path(row.split(";")[1]).name: row.split(";") for row in table if row.startswith("music;")}
attributions = (tuxemon / "ATTRIBUTIONS.md").read_text(encoding="utf-8")
games = {"core": "Shattered Pixel Dungeon", "mods": "Tuxemon", "musics": "Open Surge"}
rows = []
for path, seconds in long.items():
    name = re.sub(r"\W+", "-", path.stem).strip("-").lower()
    if place(path) not in chosen:
        (out / "learn" / f"{name}{path.suffix}").write_bytes(path.read_bytes())
        continue
    cut(path, (seconds - SECONDS) / 2, out / "people" / f"{name}.wav")
    game = next(games[part] for part in path.parts[::-1] if part in games)
    rows.append((f"people/{name}.wav", place(path), *composer_and_licence(path, surge, attributions), path.stem, game))
for path in sorted(riffusion.glob("public/about/*.mp3")):
    seconds = soundfile.info(str(path)).duration if path.stat().st_size > 200_000 else 0
    for part in range(int(seconds // SECONDS)):
        cut(path, part * SECONDS, out / "riffusion" / f"{path.stem}-{part + 1}.wav")
        rows.append(
            (f"riffusion/{path.stem}-{part + 1}.wav", path.stem, "Riffusion", "MIT", path.stem, "its application")
        )
with (out / "INDEX.csv").open("w", encoding="utf-8", newline="") as file:
    csv.writer(file).writerows([("file", "group", "composer", "licence", "title", "source"), *rows])
