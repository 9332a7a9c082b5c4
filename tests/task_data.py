"""Studies of known truth: listeners, clips and prompts drawn with a seed. Used by the tests of the tasks' analysis."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from listening_study.analysis.tasks.worths import Comparisons

BOTH, LATIN, UNMATCHED = "both clips of a prompt", "one clip of each prompt", "no prompts in common"


@dataclass(frozen=True)
class Spreads:
    """Standard deviations, in points before rounding."""

    listener: float = 0.7
    slope: float = 0.3  # between listeners, in the difference of two sources
    prompt: float = 0.5
    clip: float = 0.3  # between prompts, in the difference of two sources
    taste: float = 0.3  # of a listener for a prompt, whatever the source
    rest: float = 0.8


def rated(
    listeners: int,
    prompts: int,
    draws: int,
    seed: int,
    pattern: str = BOTH,
    effect: float = 0.0,
    spreads: Spreads = Spreads(),
    middle: float = 3.2,
) -> tuple[np.ndarray, np.ndarray]:
    """Ratings of a system and of the human source, 1 to 5: (draws, listeners, columns) each."""
    random = np.random.default_rng(seed)

    def drawn(deviation: float, rows: int, columns: int) -> np.ndarray:
        return random.normal(0, deviation, (draws, rows, columns))

    lenient, half = drawn(spreads.listener, listeners, 1), np.sqrt(0.5)
    shared = drawn(spreads.prompt, 1, prompts) + drawn(spreads.taste, listeners, prompts)
    found = []
    for above in (effect, 0.0):
        own = drawn(spreads.slope * half, listeners, 1) + drawn(spreads.clip * half, 1, prompts)
        if pattern == UNMATCHED:
            shared = drawn(spreads.prompt, 1, prompts) + drawn(spreads.taste, listeners, prompts)
        exact = middle + above + lenient + own + shared + drawn(spreads.rest, listeners, prompts)
        found.append(np.clip(np.round(exact), 1, 5))
    system, human = found
    if pattern == LATIN:
        first = (np.arange(listeners)[:, None] + np.arange(prompts)) % 2 == 0
        system[:, ~first], human[:, first] = np.nan, np.nan
    if pattern == UNMATCHED:
        nothing = np.full_like(human, np.nan)
        system, human = np.concatenate([system, nothing], axis=2), np.concatenate([nothing, human], axis=2)
    return system, human


def rating_table(sources: dict[str, np.ndarray], attribute: str = "musicality") -> pd.DataFrame:
    """The tidy table of one study; sources : (listeners, columns) each, NaN where not given. Columns are prompts."""
    tables = []
    for name, grid in sources.items():
        listener, column = np.nonzero(~np.isnan(grid))
        prompt = [f"piece {place}" for place in column]
        tables.append(
            pd.DataFrame(
                {
                    "participant": listener + 1,
                    "trial": column,
                    "kind": "main",
                    "item": prompt,
                    "prompt": prompt,
                    "source": name,
                    "attribute": attribute,
                    "value": grid[listener, column],
                }
            )
        )
    return pd.concat(tables, ignore_index=True)


def compared(
    listeners: int,
    prompts: int,
    worths: list[float],
    seed: int,
    deviation: float = 0.5,
    first: float = 0.2,
    ties: bool = False,
) -> Comparisons:
    """Each listener compares one pair of systems after each prompt; pairs and sides are balanced."""
    random = np.random.default_rng(seed)
    systems = len(worths)
    own = random.normal(0, deviation, (listeners, systems))
    clip = random.normal(0, deviation, (prompts, systems))
    listener, prompt = (each.ravel() for each in np.meshgrid(range(listeners), range(prompts), indexing="ij"))
    pairs = np.array([(one, other) for one in range(systems) for other in range(one)])
    turned = (prompt + listener // len(pairs)) % 2
    pair = pairs[(listener + prompt // 2) % len(pairs)]
    one, other = np.where(turned, pair[:, 0], pair[:, 1]), np.where(turned, pair[:, 1], pair[:, 0])
    value = np.array(worths)[None] + own[listener] + clip[prompt]
    rows = np.arange(len(listener))
    better = value[rows, one] - value[rows, other] + first + random.logistic(size=len(rows))
    reach = 0.5 if ties else 0.0
    preferred = np.where(better > reach, 1.0, np.where(better < -reach, 0.0, 0.5))
    return Comparisons(one, other, preferred, listener, prompt)


def preference_table(made: Comparisons) -> pd.DataFrame:
    """Two rows per comparison; systems are a, b, c, ..."""
    rows = []
    for listener, column, one, other, value in zip(
        made.listener, made.column, made.first, made.second, made.preferred, strict=True
    ):
        for position, (system, said) in enumerate(((one, value), (other, 1 - value)), start=1):
            rows.append((listener, column, position, f"piece {column}", "abcdefg"[system], said))
    table = pd.DataFrame(rows, columns=["participant", "trial", "position", "prompt", "source", "value"])
    return table.assign(kind="main", item=table["prompt"], attribute="preference")


def marked(listeners: int, pairs: int, draws: int, seed: int, chance: float, deviation: float = 0.6) -> np.ndarray:
    """Answers, 1 correct, 0 wrong, (draws, listeners, pairs); chance : the mean share, of listeners and pairs."""
    from listening_study.analysis.listener_model import log_odds

    random = np.random.default_rng(seed)
    middle = log_odds(chance, float(np.hypot(deviation, deviation)))
    effects = random.normal(0, deviation, (draws, listeners, 1)) + random.normal(0, deviation, (draws, 1, pairs))
    return (random.logistic(size=(draws, listeners, pairs)) < middle + effects).astype(float)
