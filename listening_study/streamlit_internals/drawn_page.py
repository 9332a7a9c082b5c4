"""A page as the server's messages draw it: what is on it, and what its widgets hold. Nothing here uses a network.

As in Streamlit's own page, what a run of the script did not draw again is gone when it finishes.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState

from listening_study.streamlit_internals.messages import KEPT_RUNS, Element, parsed


@dataclass(frozen=True)
class _Placed:
    element: Element
    run: int


@dataclass
class DrawnPage:
    """What one page shows, message by message.

    query : what follows the `?` in the page's address; the app may change it
    finished : runs of the script that came to their end
    """

    query: str = ""
    session_id: str = ""
    finished: int = 0
    _placed: dict[tuple[int, ...], _Placed] = field(default_factory=dict)
    _values: dict[str, WidgetState] = field(default_factory=dict)
    _kept: dict[str, tuple[int, ForwardMsg]] = field(default_factory=dict)
    _run: int = 0
    _fragments: frozenset[str] = frozenset()  # what this run draws again; empty: everything
    _begun: bool = False  # a run that answers the last request
    _idle: bool = False

    @property
    def elements(self) -> list[Element]:
        """Everything on the page, from top to bottom."""
        return [self._placed[path].element for path in sorted(self._placed)]

    @property
    def idle(self) -> bool:
        """Whether the run that was asked for last is over."""
        return self._idle

    @property
    def text(self) -> str:
        """Everything that is there to be read."""
        return "\n".join(element.label for element in self.elements if element.label)

    def all_of(self, kind: str) -> list[Element]:
        return [element for element in self.elements if element.kind == kind]

    def has(self, name: str) -> bool:
        return any(self._named(name))

    def find(self, name: str) -> Element:
        """The widget with this key, id or label. Raises `LookupError` when there is none."""
        for element in self._named(name):
            return element
        there = ", ".join(element.key or element.label for element in self.elements if element.id)
        raise LookupError(f"nothing on the page is called {name!r}; there are: {there or 'no widgets'}")

    def _named(self, name: str) -> Iterator[Element]:
        widgets = [element for element in self.elements if element.id]
        for attribute in ("key", "id", "label"):
            yield from (element for element in widgets if getattr(element, attribute) == name)

    def expect_run(self) -> None:
        """A run was asked for: the page is not idle until it has begun and ended."""
        self._idle = self._begun = False

    def take(self, message: ForwardMsg) -> None:
        """Draw what a message says."""
        if message.WhichOneof("type") == "ref_hash":
            place = message.metadata
            message = parsed(self._kept[message.ref_hash][1].SerializeToString())
            message.metadata.CopyFrom(place)
        if message.metadata.cacheable or message.hash in self._kept:
            self._kept[message.hash] = (self.finished, message)
        match message.WhichOneof("type"):
            case "new_session":
                self._run += 1
                self._begun = True
                self._fragments = frozenset(message.metadata.run.fragment_ids)
                self.session_id = message.new_session.initialize.session_id
            case "delta":
                self._draw(message)
            case "page_info_changed":
                self.query = message.page_info_changed.query_string
            case "script_finished" if message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN:
                self._finish()

    def _draw(self, message: ForwardMsg) -> None:
        path, delta = tuple(message.metadata.delta_path), message.delta
        match delta.WhichOneof("type"):
            case "new_element":
                kind = delta.new_element.WhichOneof("type") or "empty"
                content = getattr(delta.new_element, kind)
                element = Element(kind, content, getattr(content, "id", ""), delta.fragment_id)
                self._placed[path] = _Placed(element, self._run)
            case "add_block":
                block = Element(
                    delta.add_block.WhichOneof("type") or "container", delta.add_block, "", delta.fragment_id
                )
                self._placed[path] = _Placed(block, self._run)

    def _finish(self) -> None:
        """What this run could have drawn again and did not is gone, and so are such widgets' values."""
        self._placed = {
            path: placed
            for path, placed in self._placed.items()
            if placed.run == self._run or (self._fragments and placed.element.fragment not in self._fragments)
        }
        there = {placed.element.id for placed in self._placed.values()}
        self._values = {name: state for name, state in self._values.items() if name in there}
        self.finished += 1
        self._kept = {name: kept for name, kept in self._kept.items() if self.finished - kept[0] <= KEPT_RUNS}
        self._idle = self._begun
