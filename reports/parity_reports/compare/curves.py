"""The figures of a comparison: the difference by stage against what is allowed, in float32 and in float64."""

from __future__ import annotations

from collections.abc import Callable

from parity_reports.compare.ladder import Ladder, Rung
from parity_reports.compare.measure import Measure
from parity_reports.figures.curve import Curve, Series

__all__ = ["float64_curve", "relative_curve"]

_TONES = ("reference", "candidate")  # of the passes in their order


def relative_curve(ladder: Ladder) -> Curve:
    """Relative L2 by stage in every pass, against what the policy allows; empty when nothing was measured."""
    return _curve(
        ladder,
        "Relative L2 by stage",
        lambda item: item.record.relative_l2,
        lambda item: item.record.allowed,
        "allowed",
        lambda item: item.record.status == "divergent" and not item.float64_only,
    )


def float64_curve(ladder: Ladder) -> Curve:
    """The same in float64, in which a limit permits more than rounding."""
    measures = [item for rung in ladder.rungs for item in rung.measures if item is not None]
    limited = any(item.record.limit is not None for item in measures)
    return _curve(
        ladder,
        "Relative L2 by stage, both in float64",
        lambda item: item.record.float64_relative_l2,
        lambda item: item.record.float64_allowed,
        "allowed" if limited else "rounding",
        lambda item: item.beyond_float64,
    )


def _curve(
    ladder: Ladder,
    title: str,
    size: Callable[[Measure], float | None],
    permitted: Callable[[Measure], float | None],
    permission: str,
    beyond: Callable[[Measure], bool],
) -> Curve:
    rungs = [
        rung for rung in ladder.rungs if any(item is not None and _is_tensor(item) for item in rung.measures)
    ]
    series: list[Series] = []
    for column, one in enumerate(ladder.passes):
        chosen = [rung.measures[column] for rung in rungs]
        values = tuple(None if item is None else size(item) for item in chosen)
        if any(value is not None for value in values):
            crossed = tuple(item is not None and beyond(item) for item in chosen)
            series.append(Series(one.title, _TONES[column % len(_TONES)], values, crossed))
    return Curve(
        title=title,
        stages=tuple(_short(rung.stage) for rung in rungs),
        series=tuple(series),
        permitted=tuple(_largest_permission(rung, permitted) for rung in rungs),
        permission=permission,
    )


def _is_tensor(measure: Measure) -> bool:
    """Whether the stage has sizes at all; text, tokens and ids are equal or not."""
    record = measure.record
    return (
        record.relative_l2 is not None
        or record.noise_floor is not None
        or record.float64_relative_l2 is not None
    )


def _largest_permission(rung: Rung, permitted: Callable[[Measure], float | None]) -> float | None:
    values = [permitted(item) for item in rung.measures if item is not None]
    return max((value for value in values if value is not None), default=None)


def _short(stage: str) -> str:
    """A stage below the curve: a layer by its number, with the first letter of its stack where there are two."""
    for stack, letter in (("encoder.", "e"), ("decoder.", "d"), ("", "")):
        if stage.startswith(f"{stack}layer."):
            return letter + stage.removeprefix(f"{stack}layer.")
        if stage == f"{stack}embeddings":
            return f"{letter} emb".strip()
    return {"probabilities": "prob"}.get(stage, stage)[:10]
