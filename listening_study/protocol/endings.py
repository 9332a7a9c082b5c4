"""How participants of a recruiting platform leave the study, and what they take back to it: a code, a link, or both.

A link may have parameters of the participant's own link in braces, such as `{survey_code}`, which SONA wants returned.
Codes and links are the same for all participants of one ending, so they say nothing about clips.
"""

import re
from collections.abc import Mapping
from enum import StrEnum
from urllib.parse import quote

from clstm.runtime.errors import UserError
from listening_study.protocol.configuration import Access, End

_NAMED = re.compile(r"\{([^{}]*)\}")


class Ending(StrEnum):
    """How a participant leaves."""

    COMPLETE = "complete"
    SCREENED_OUT = "screened_out"
    NO_CONSENT = "no_consent"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"


def end(access: Access, ending: Ending) -> End:
    """What is shown at this ending; empty where nothing is configured.

    >>> end(Access(completion_code="C0FFEE"), Ending.COMPLETE).code, end(Access(), Ending.CLOSED).code
    ('C0FFEE', '')
    """
    if ending is Ending.COMPLETE:
        return End(code=access.completion_code, url=access.completion_url)
    found: End = getattr(access, ending)
    return found


def is_configured(access: Access, ending: Ending) -> bool:
    shown = end(access, ending)
    return bool(shown.code or shown.url)


def return_link(url: str, arrival: Mapping[str, str]) -> str:
    """The link with the participant's parameters filled in; what did not arrive is left empty.

    >>> return_link("https://example.org/credit?code={survey_code}", {"survey_code": "a&b"})
    'https://example.org/credit?code=a%26b'
    """
    return _NAMED.sub(lambda found: quote(arrival.get(found[1], ""), safe=""), url)


def check_endings(access: Access) -> None:
    """Raise `UserError` for a link that wants a parameter which the study does not keep.

    >>> check_endings(Access(completion_url="https://example.org/?c={PID}"))
    Traceback (most recent call last):
    clstm.runtime.errors.UserError: access: the link for complete names {PID}; list PID in access.crowd_parameters
    """
    for ending in Ending:
        for name in _NAMED.findall(end(access, ending).url):
            if name not in access.crowd_parameters:
                raise UserError(
                    f"access: the link for {ending} names {{{name}}}; list {name} in access.crowd_parameters"
                )
