"""What a report holds, as types: page, LaTeX, CSV, report.json and a notebook read the same frozen objects."""
