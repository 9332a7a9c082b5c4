"""The ASAP dataset divided by works: performances to learn from, and one excerpt of 30 s of each other work."""

import csv
import random
import re
import shutil
import sys
from collections import defaultdict
from pathlib import Path

from clstm.music.piece import read_piece, write_piece

SECONDS = 30.0
EXCERPTS = 80
PERFORMANCES = 5  # of one movement, at most: some have thirty, and would be learnt by heart
LICENCE = "CC BY-NC-SA 4.0"
SOURCE = "ASAP dataset 1.1 (github.com/fosfrancesco/asap-dataset)"


def work(folder: str) -> str:
    """What a folder of ASAP belongs to: movements, prelude and fugue, and versions with fewer repeats are one work.

    >>> work("Bach/Fugue/bwv_846"), work("Beethoven/Piano_Sonatas/17-1_no_repeat"), work("Chopin/Sonata_2/3rd")
    ('Bach/bwv_846', 'Beethoven/Piano_Sonatas/17', 'Chopin/Sonata_2')
    """
    folder = re.sub(r"(_no)?(_first|_2)?_(repeat|trio)$", "", folder)
    folder = re.sub(r"/(Prelude|Fugue)/", "/", folder)
    return re.sub(r"(Sonatas/\d+)-.*|(Sonata_\d|Kreisleriana)/.*", r"\1\2", folder)


asap, out = Path(sys.argv[1]), Path(sys.argv[2])
works = defaultdict(list)
with (asap / "metadata.csv").open(encoding="utf-8") as file:
    for row in csv.DictReader(file):
        works[work(row["folder"])].append(row)

draw = random.Random(0)
names = draw.sample(sorted(works), len(works))
for folder in ("train", "human"):
    (out / folder).mkdir(parents=True)

index = []
for name in names[:EXCERPTS]:
    row = draw.choice(works[name])
    piece = read_piece(asap / row["midi_performance"])
    begin = draw.uniform(0, max(0.0, piece.notes.duration - SECONDS))
    file_name = f"{len(index) + 1:03d}-{re.sub(r'[^A-Za-z0-9]+', '-', name)}.mid"
    write_piece(piece.between(begin, begin + SECONDS), out / "human" / file_name)
    about = {"composer": row["composer"], "title": row["title"].replace("_", " "), "licence": LICENCE}
    source = f"{SOURCE}: {row['midi_performance']}, {begin:.1f} s"
    index.append({"file": f"human/{file_name}", "group": name, **about, "source": source})

learnt = []
for name in names[EXCERPTS:]:
    movements = defaultdict(list)
    for row in works[name]:
        movements[row["folder"]].append(row["midi_performance"])
    for paths in movements.values():
        for path in draw.sample(paths, min(PERFORMANCES, len(paths))):
            file_name = path.replace("/", "-")
            shutil.copy(asap / path, out / "train" / file_name)
            learnt.append({"file": f"train/{file_name}", "group": name})

for csv_name, rows in (("index.csv", index), ("train.csv", learnt)):
    with (out / csv_name).open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, rows[0])
        table.writeheader()
        table.writerows(rows)
