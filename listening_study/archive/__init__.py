"""A closed study frozen in one file, for Zenodo or OSF: clips, words, design, answers without ids, hashes."""
