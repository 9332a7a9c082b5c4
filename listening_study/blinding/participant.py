"""What a page sends when a simulated participant hears everything on it and takes the first of all options.

The page has components of the study's own: `clip_player`, and `task` and `comparison`, which also ask
(`participants.player` and `participants.task`). The tests' listeners send the same.
"""

from typing import Any

from listening_study.streamlit_internals.messages import Element

PLAYER, TASKS = "clip_player", ("task", "comparison")  # names of the components


def is_task(component: Element) -> bool:
    """Whether this component asks something."""
    return component.content.component_name in TASKS


def sounds(component: Element) -> list[str]:
    """Addresses of what can be heard with it, in order; none of another component, and not what is loaded ahead."""
    if is_task(component):
        return [sound["url"] for sound in component.data["sounds"]]
    return [component.data["url"]] if component.content.component_name == PLAYER else []


def report(component: Element, heard: Any = 1.0, number: int = 1, event: str = "end") -> dict[str, Any]:
    """The report that so much of each sound was heard."""
    shares = [heard] * len(sounds(component)) if is_task(component) else heard
    return {"event": event, "heard": shares, "plays": 1, "number": number, "givenUp": False}


def first_answer(component: Element) -> dict[str, Any]:
    """The answer of a task that takes the first of all options, and leaves out what may be."""
    return {"values": [_first(item) for item in component.data["items"]], "number": 1}


def _first(item: dict[str, Any]) -> Any:
    match item["kind"]:
        case "choice" | "slider":
            return 0
        case "scale":
            return 1
        case "tick":
            return False
    return None
