"""How long tests wait for what must come.

Nothing here measures speed: a wait ends when what it waits for is there, and this is only when to give up. A machine
with other work takes many times as long as an idle one, so it is far beyond that, and it is below pytest's own limit
(`timeout` in pyproject.toml), so that the test can say what did not come.
"""

PATIENCE = 300.0  # seconds
