"""Rows of one forward that are run in groups: each group by itself, as a user runs it who gives the model so many rows at a time.

A runner knows nothing of this: it gets one forward for each group, and pads what it gets. The stages of the groups are joined,
and padded with zeros to the widest: these are not padding of the model's, and the host knows the width of each group.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Sequence

if TYPE_CHECKING:
    from .host import Write

__all__ = ["Request", "forward"]

_PADDED = ("token", "word", "target")
_OF_TARGET = (
    "decoder_input_ids",
    "target_real",
)  # as wide as the longest target of a group, padded on the right
_COARSE = ("pure", "kept", "unchecked", "mixed")  # from the most to the least complete float64 run


class Request(NamedTuple):
    """What one forward is to run: rows as `tokenize` kept them, or inputs."""

    rows: list[Any] | None
    inputs: dict[str, Any] | None
    stages: Sequence[str] | None
    precision: str | None

    def part(self, start: int, end: int, width: int | None) -> Request:
        """The same for some of the rows; of inputs so many columns."""
        if self.inputs is None:
            return self._replace(rows=(self.rows or [])[start:end])
        real: Any = self.inputs.get("target_real")
        targets = None if real is None else max(sum(row) for row in real[start:end])
        inputs = {
            name: None
            if values is None
            else [row[: targets if name in _OF_TARGET else width] for row in values[start:end]]
            for name, values in self.inputs.items()
        }
        return self._replace(inputs=inputs)


def forward(session: Any, request: Request, groups: Sequence[Sequence[Any]], write: Write) -> dict[str, Any]:
    """Run a request of a session, group by group where there are any; the answer then has the `groups` with their widths."""
    if not groups:
        return session.forward(*request, write) or {}
    parts: list[dict[str, tuple[Any, tuple[str, ...]]]] = []
    answers: list[dict[str, Any]] = []
    start = 0
    for count, width in groups:
        kept: dict[str, tuple[Any, tuple[str, ...]]] = {}

        def keep(stage: str, values: Any, axes: Sequence[str], into: Any = kept) -> None:
            if stage in into:
                raise ValueError(f"the runner wrote stage {stage} twice")
            into[stage] = (_copied(values), tuple(axes))

        answers.append(session.forward(*request.part(start, start + count, width), keep) or {})
        parts.append(kept)
        start += count
    widths = [_width(part) for part in parts]
    for stage in list(parts[0]):
        seen = [part.pop(stage) for part in parts if stage in part]
        joined = _joined([values for values, _ in seen], seen[0][1]) if len(seen) == len(parts) else None
        if joined is not None:
            write(stage, joined, seen[0][1])
    answer = dict(answers[0])
    states = [one["float64"] for one in answers if one.get("float64")]
    if states:
        answer["float64"] = max(states, key=_coarseness)
    selected = [row for one in answers for row in one.get("selected", [])]
    if selected:
        answer["selected"] = selected
    answer["groups"] = [[count, width] for (count, _), width in zip(groups, widths)]
    return answer


def _coarseness(status: str) -> int:
    kind = status.partition(":")[0]
    return _COARSE.index(kind) if kind in _COARSE else _COARSE.index("unchecked")


def _width(part: dict[str, tuple[Any, tuple[str, ...]]]) -> int | None:
    return int(part["real"][0].shape[1]) if "real" in part else None


def _copied(values: Any) -> Any:
    """A copy: a runner may use the same memory in its next forward."""
    if hasattr(values, "detach"):
        return values.detach().to("cpu", copy=True)
    import numpy

    return numpy.array(values)


def _joined(parts: list[Any], axes: tuple[str, ...]) -> Any:
    """All parts as one, [rows, ...]; None where they differ in an axis that is not one of tokens or words."""
    shapes = [tuple(part.shape) for part in parts]
    sizes = [max(sizes) for sizes in zip(*shapes)]
    for place, axis in enumerate(axes):
        if place and axis not in _PADDED and len({shape[place] for shape in shapes}) > 1:
            return None
    whole = _zeros([sum(shape[0] for shape in shapes), *sizes[1:]], parts[0])
    start = 0
    for part, shape in zip(parts, shapes):
        whole[(slice(start, start + shape[0]), *(slice(size) for size in shape[1:]))] = part
        start += shape[0]
    return whole


def _zeros(shape: list[int], like: Any) -> Any:
    if hasattr(like, "new_zeros"):
        return like.new_zeros(shape)
    import numpy

    return numpy.zeros(shape, like.dtype)
