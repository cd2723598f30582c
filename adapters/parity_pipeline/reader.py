"""A reader: how a pipeline is called with rows, and how what it returns is read."""

# pyright: reportUnknownVariableType=false, reportUnknownMemberType=false, reportUnknownArgumentType=false
# What a pipeline returns is Any here.

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, Sequence

if TYPE_CHECKING:
    from .calls import Chosen

__all__ = ["CLASSES", "Reader", "without"]

CLASSES = ["row", "class"]


class Reader:
    """What a pipeline's rows are given as, and how its answers are read; this one of a pipeline that only generates.

    `stages` are those that it writes, `selects` what it selects (None: nothing), and `run` gives both for rows.
    """

    def __init__(self, made: Any, chosen: Chosen, host: Any) -> None:
        self.made, self.chosen, self.host = made, chosen, host
        self.config = made.model.config
        self.notes: list[str] = []
        self.stages: list[dict[str, Any]] = []
        self.labels: list[str] | None = None
        self.selects: dict[str, Any] | None = None
        self.more: dict[str, Any] = {}
        self.pairs = chosen.call.pairs
        self.words = False
        self.start()

    def start(self) -> None:
        """Read what the pipeline's config says of its outputs."""

    def run(self, rows: Sequence[dict[str, Any]], write: Callable[..., None]) -> list[dict[str, Any]]:
        """Write the stages of these rows; what is selected in each."""
        return []

    def call(self, inputs: Any, **more: Any) -> Any:
        """The pipeline's answers to these inputs, with the user's arguments."""
        return self.made(inputs, **{**self.chosen.called_with, **more})


def without(reason: str) -> dict[str, Any]:
    """A row in which nothing was selected."""
    return {"places": [], "reason": reason}
