"""A comparison's `distances.csv` as an SVG: how far each system is, in all metrics together and by view."""

import sys
from pathlib import Path

import pandas as pd

from evaluation.figures.palette import INK, system_colour
from evaluation.figures.style import save
from reports.content.rows import DistanceRow, rows_as
from reports.figures.closeness import closeness

rows = rows_as(DistanceRow, pd.read_csv(sys.argv[1]))
reference, *systems = dict.fromkeys(row.system for row in rows)  # what people made comes first
colours = {reference: INK, **{name: system_colour(number) for number, name in enumerate(systems)}}
save(closeness(rows, colours), Path(sys.argv[2]))
