"""Which system is significantly closest to the reference, and which ranks are possible: by the tests of pairs.csv."""

from reports.paper.record import Record


def closest(record: Record) -> str | None:
    """The one system that is significantly closer than every other one, if any."""
    ranks = possible_ranks(record)
    return next((name for name, own in ranks.items() if own == (1, 1) and len(ranks) > 1), None)


def possible_ranks(record: Record) -> dict[str, tuple[int, int]]:
    """The best and the worst rank of each system that was ranked; none where no pair was tested."""
    pairs = record.pairs
    if "space" in pairs:
        pairs = pairs[pairs["space"] == "joint"]
    names = list(dict.fromkeys([*pairs["closer"], *pairs["further"]]))
    known = pairs[pairs["significant"].astype(str).str.lower() == "true"]
    return {
        name: (1 + int((known["further"] == name).sum()), len(names) - int((known["closer"] == name).sum()))
        for name in names
    }
