"""The parameters of a recruiting platform's link: ids of persons, so they are read for paying and withdrawing alone.

They are in a table of their own, in no table of the results, and deleted when their participant withdraws or on the day
that the study set.
"""

import sqlalchemy as sql
from sqlalchemy import Connection

from listening_study.store import admission, journal
from listening_study.store.records import Arrival, clean
from listening_study.store.schema import arrivals


def every(connection: Connection) -> list[Arrival]:
    """Those of every participant who came with any."""
    found: dict[int, dict[str, str]] = {}
    for row in connection.execute(sql.select(arrivals)):
        found.setdefault(row.participant, {})[row.parameter] = row.value
    return [Arrival(participant, parameters) for participant, parameters in sorted(found.items())]


def of(connection: Connection, participant: int) -> dict[str, str]:
    """Those of one participant, by name."""
    query = sql.select(arrivals.c.parameter, arrivals.c.value).where(arrivals.c.participant == participant)
    return {row.parameter: row.value for row in connection.execute(query)}


def withdraw(connection: Connection, parameter: str, value: str, now: str) -> int:
    """Remove every participant who came with this value; returns how many."""
    query = sql.select(arrivals.c.participant).where(
        arrivals.c.parameter == parameter, arrivals.c.value == clean(value)[: admission.LONGEST_ARRIVAL]
    )
    found = list(connection.scalars(query))
    for participant in found:
        admission.remove(connection, participant, now)
    return len(found)


def delete(connection: Connection, now: str) -> int:
    """Delete all of them and note it; returns of how many participants."""
    of_participants = len(every(connection))
    if of_participants:
        connection.execute(arrivals.delete())
        journal.log(connection, "ids deleted", f"of {of_participants} participants", now)
    return of_participants
