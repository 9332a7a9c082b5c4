"""The study's own components on a page of AppTest, which runs no JavaScript: they report what a test says."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from listening_study.participants import player, task


@dataclass
class Parts:
    """What the components of every page report.

    heard : share of each sound of a task
    alone : share of the sound of a player without a task
    given_up : whether nothing plays
    shown : what each component was given last, by its key
    """

    heard: float = 1.0
    alone: float = 1.0
    given_up: bool = False
    shown: dict[str, Any] = field(default_factory=dict)
    _answers: dict[str, list[Any]] = field(default_factory=dict)

    def play(self, *, key: str, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        self.shown[key] = data
        return {"report": self._report(self.alone)}

    def ask(self, *, key: str, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        self.shown[key] = data
        values = self._answers.get(key)
        answer = None if values is None else {"values": values, "number": 1}
        return {"report": self._report([self.heard] * len(data["sounds"])), "answer": answer}

    def _report(self, heard: Any) -> dict[str, Any]:
        return {"event": "end", "heard": heard, "plays": 1, "number": 1, "givenUp": self.given_up}

    def send(self, tab: AppTest, step: str, values: list[Any]) -> None:
        """Send an answer from this page, whatever it is."""
        self._answers = {f"task-{step}": values}
        try:
            tab.run()
        finally:
            self._answers = {}

    def answer(self, tab: AppTest, step: int | str, said: str = "human", *further: Any) -> None:
        """Say who made a clip; what else is asked and must be answered gets its lowest value where none is given."""
        step = f"trial-{step}" if isinstance(step, int) else step
        maker, *others = self.shown[f"task-{step}"]["items"]
        lowest = [{"choice": 0, "scale": 1, "tick": False}.get(item["kind"]) for item in others]
        side = [key[0] for key in maker["keys"]].index(said[0])  # h or c
        self.send(tab, step, [side, *(further or lowest)])

    @classmethod
    def put_in(cls, monkeypatch: pytest.MonkeyPatch) -> "Parts":
        """In place of the real ones."""
        parts = cls()
        monkeypatch.setattr(player, "_component", lambda: parts.play)
        monkeypatch.setattr(task, "_component", lambda _: parts.ask)
        return parts
