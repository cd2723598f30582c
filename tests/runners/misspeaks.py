"""A runner that answers well-formed nonsense, as the locator says."""

from __future__ import annotations

from typing import Any

PROTOCOL = 2

_ROW = {
    "input_ids": [1, 2],
    "pieces": ["a", "b"],
    "offsets": [None, [0, 1]],
    "segments": [None, 0],
    "special": [1, 0],
}
_ANSWERS = {
    "too-few": {"rows": [_ROW]},
    "ragged": {"rows": [_ROW, dict(_ROW, pieces=["a"])]},
    "mistyped": {"rows": [_ROW, dict(_ROW, input_ids=["one", "two"])]},
    "none": {"rows": [None, None]},
    "halves": {"rows": [_ROW, dict(_ROW, pieces=["\ud83d", "b"])]},
    "no-object": ["rows"],
    "fine": {"rows": [_ROW, _ROW]},
}


class Session:
    def __init__(self, answer: Any) -> None:
        self.answer = answer

    def describe(self) -> dict[str, Any]:
        return {"framework": 3}

    def tokenize(self, examples: Any) -> Any:
        return self.answer


def open(request: dict[str, Any], host: Any) -> Session:
    return Session(_ANSWERS[request["locator"]])
