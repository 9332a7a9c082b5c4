"""The messages of Streamlit's websocket, which are protobuf and undocumented.

    page -> server   BackMsg.rerun_script: every widget's value, the address's query, hashes of the messages kept
    server -> page   ForwardMsg: new_session, a delta (one element or block) each, page_info_changed, script_finished

A message of more than 10 kB that the page has kept is sent as its hash alone.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState

SUBPROTOCOL = "streamlit"
XSRF_COOKIE = "_streamlit_xsrf"
KEPT_RUNS = 2  # how long the page keeps a message it may be spared, in runs of the script

_WIDGET_ID = "$$ID-"  # then a hash, "-", and the key that the app gave
_TRIGGERS = "$$STREAMLIT_INTERNAL_KEY_{}__events"  # what a component's triggers go under

# Which field of WidgetState a widget's value goes in.
_STRINGS = ("radio", "selectbox", "text_area", "text_input", "feedback")
_LISTS = ("button_group", "multiselect")

Value = bool | int | float | str | list[str]


@dataclass(frozen=True)
class Element:
    """One element on the page."""

    kind: str  # as in Streamlit's Element: markdown, button, radio, text_area, bidi_component, ...
    content: Any  # its protobuf message
    id: str  # "" if it is not a widget
    fragment: str  # the fragment that drew it; "" for the script itself

    @property
    def key(self) -> str:
        """What the app calls the widget; Streamlit puts it at the end of the id.

        >>> Element("button", None, "$$ID-0a1b-next", "").key, Element("markdown", None, "", "").key
        ('next', '')
        """
        key = self.id.split("-", 2)[-1] if self.id.startswith(_WIDGET_ID) else ""
        return "" if key == "None" else key

    @property
    def label(self) -> str:
        """What a listener reads next to it.

        >>> from streamlit.proto.Button_pb2 import Button
        >>> Element("button", Button(label="Next"), "$$ID-0a1b-next", "").label
        'Next'
        """
        return str(getattr(self.content, "label", "") or getattr(self.content, "body", ""))

    @property
    def form(self) -> str:
        return str(getattr(self.content, "form_id", ""))

    @property
    def disabled(self) -> bool:
        return bool(getattr(self.content, "disabled", False))

    @property
    def data(self) -> Any:
        """What a component was given."""
        return json.loads(self.content.json or self.content.mixed.json or "null")


def parsed(frame: bytes) -> ForwardMsg:
    """A frame from the server."""
    message: ForwardMsg = ForwardMsg.FromString(frame)
    return message


def starts_run(frame: bytes) -> bool:
    """Whether the page is drawn anew from this frame on.

    >>> starts_run(ForwardMsg(script_finished=ForwardMsg.FINISHED_SUCCESSFULLY).SerializeToString())
    False
    """
    return bool(parsed(frame).WhichOneof("type") == "new_session")


def field_lines(frame: bytes) -> tuple[str, ...]:
    """Every value in a frame, however deep, as lines "field: value".

    >>> field_lines(ForwardMsg(hash="0a1b").SerializeToString())
    ('hash: 0a1b',)
    """
    return tuple(_lines(parsed(frame)))


def _lines(message: Any) -> list[str]:
    lines: list[str] = []
    for field, value in message.ListFields():
        for one in value if field.is_repeated else [value]:
            lines += _lines(one) if hasattr(one, "ListFields") else [f"{field.name}: {one}"]
    return lines


def rerun_request(
    url: str, query: str, language: str, fragment: str, states: Iterable[WidgetState], kept: Iterable[str]
) -> bytes:
    """A frame that asks for the page at `url` to be drawn; fragment : which part of it, "" for all

    states : of all widgets; kept : hashes of the messages that need not be sent again

    >>> frame = rerun_request("http://127.0.0.1:8501", "t=0a1b", "de", "", [], [])
    >>> BackMsg.FromString(frame).rerun_script.query_string
    't=0a1b'
    """
    message = BackMsg()
    request = message.rerun_script
    request.query_string = query
    request.fragment_id = fragment
    request.cached_message_hashes.extend(kept)
    request.widget_states.widgets.extend(states)
    context = request.context_info
    context.url, context.locale, context.timezone = f"{url}/", language, "Etc/UTC"
    context.color_scheme = "light"
    return bytes(message.SerializeToString())


def pressed(button: Element) -> WidgetState:
    """The state of a button that is pressed.

    >>> pressed(Element("button", None, "$$ID-0a1b-next", "")).trigger_value
    True
    """
    return WidgetState(id=button.id, trigger_value=True)


def component_state(component: Element, values: dict[str, Any]) -> WidgetState:
    """What a component set by `setStateValue`.

    >>> component_state(Element("bidi_component", None, "$$ID-0a1b-player", ""), {"heard": 1.0}).json_value
    '{"heard": 1.0}'
    """
    return WidgetState(id=component.id, json_value=json.dumps(values))


def component_trigger(component: Element, event: str, value: Any) -> WidgetState:
    """What a component sent by `setTriggerValue`.

    >>> component_trigger(Element("bidi_component", None, "$$ID-0a1b-player", ""), "end", True).json_trigger_value
    '[{"event": "end", "value": true}]'
    """
    happened = json.dumps([{"event": event, "value": value}])
    return WidgetState(id=_TRIGGERS.format(component.id), json_trigger_value=happened)


def widget_state(widget: Element, value: Value) -> WidgetState:
    """What a widget holds once `value` was entered. Raises `TypeError` for a value it cannot hold.

    >>> widget_state(Element("radio", None, "$$ID-0a1b-answer", ""), "Human").string_value
    'Human'
    """
    state = WidgetState(id=widget.id)
    match widget.kind, value:
        case ("checkbox", bool()):
            state.bool_value = value
        case (kind, str()) if kind in _STRINGS:
            state.string_value = value
        case (kind, str()) if kind in _LISTS:
            state.string_array_value.data.append(value)
        case (kind, list()) if kind in _LISTS or kind == "slider":  # of words
            state.string_array_value.data.extend(value)
        case ("slider", int() | float()):
            state.double_array_value.data.append(value)
        case _:
            raise TypeError(f"a {widget.kind} takes no {type(value).__name__}")
    return state
