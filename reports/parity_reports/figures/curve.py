"""Sizes by stage on a log scale against what is permitted at each, and a small bar of a share."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from markupsafe import Markup

from parity_reports.figures.svg import LinearScale, LogScale, Point, Svg
from parity_reports.text import wording

__all__ = ["Curve", "Series", "draw_curve", "share_bar"]

_WIDTH, _HEIGHT = 880, 270
_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 132, 26, 44
_MOST_LABELS = 28
_ANGLE = 35  # degrees, of names that have no room beside each other
_CHARACTER = 6.2  # of the width of one, at the most that a line of this size has on average


class Series(NamedTuple):
    """One line of a curve: a value a stage (None: not measured), and which of them are divergent."""

    name: str
    tone: str
    values: tuple[float | None, ...]
    beyond: tuple[bool, ...]


class Curve(NamedTuple):
    """Sizes by stage, and what is permitted at each; where nothing is `judged`, sizes alone."""

    title: str
    stages: tuple[str, ...]
    series: tuple[Series, ...]
    permitted: tuple[float | None, ...]
    permission: str
    judged: bool = True


def draw_curve(curve: Curve) -> Markup:
    """A curve on a log scale; zeros stand on the floor of the drawing, what is not finite at its top."""
    sizes = [value for series in curve.series for value in series.values] + list(curve.permitted)
    finite = [value for value in sizes if value is not None and math.isfinite(value) and value > 0]
    if len(curve.stages) < 2 or not finite:
        return Markup("")
    low, high = math.floor(math.log10(min(finite)) - 0.1), math.ceil(math.log10(max(finite)))
    scale = LogScale(low, max(high, low + 1), _HEIGHT - _BOTTOM, _TOP)
    across = LinearScale(0, len(curve.stages) - 1, _LEFT + 8, _WIDTH - _RIGHT)
    svg = Svg(_WIDTH, _HEIGHT + _below(curve.stages), _label(curve), "chart wide")
    for exponent in scale.ticks():
        level = scale.at(exponent)
        svg.line(Point(_LEFT, level), Point(_WIDTH - _RIGHT, level), "grid")
        svg.text(Point(_LEFT - 8, level + 4), f"1e{exponent:+03d}", "end")
    svg.text(Point(4, 12), curve.title, bold=True)
    _draw_stages(svg, across, curve.stages)
    permitted = [
        Point(across(index), scale(value))
        for index, value in enumerate(curve.permitted)
        if value is not None and math.isfinite(value) and value > 0
    ]
    if len(permitted) > 1:
        svg.area(permitted, _HEIGHT - _BOTTOM, "noise")
        below_legend = 18 + 16 * (len(curve.series) + 1) + 4
        svg.text(Point(_WIDTH - _RIGHT + 12, max(permitted[-1].y + 4, below_legend)), curve.permission)
    for series in curve.series:
        _draw_series(svg, series, across, scale)
    _draw_legend(svg, curve.series)
    return svg.markup()


def share_bar(share: float | None) -> Markup:
    """A share as a bar; the number stands beside it in the table."""
    if share is None or not math.isfinite(share) or share <= 0:
        return Markup("")
    svg = Svg(60, 8, wording.share(share), "bar")
    svg.box(Point(0, 0), 60, 8, "grid")
    svg.box(Point(0, 0), max(2.0, 60 * min(share, 1.0)), 8, "bad")
    return svg.markup()


def _label(curve: Curve) -> str:
    if not curve.judged:
        return f"{curve.title}, on a log scale: {', '.join(series.name for series in curve.series)}."
    phrase: list[str] = []
    for series in curve.series:
        beyond = [stage for stage, is_beyond in zip(curve.stages, series.beyond, strict=True) if is_beyond]
        result = (
            f"{len(beyond)} of {len(curve.stages)} stages divergent, the first at {beyond[0]}"
            if beyond
            else "no stage divergent"
        )
        phrase.append(f"{series.name}: {result}")
    return f"{curve.title}, on a log scale. {'; '.join(phrase)}."


def _rotated(stage: str, count: int) -> bool:
    """Whether a stage's name stands at an angle: a short one, or one of few, has room beside the others."""
    return len(stage) > 3 and count > 5


def _below(stages: Sequence[str]) -> int:
    """How much more height the longest name needs at its angle than is there."""
    longest = max((len(stage) for stage in stages if _rotated(stage, len(stages))), default=0)
    return max(0, math.ceil(14 + 4 + longest * _CHARACTER * math.sin(math.radians(_ANGLE))) - _BOTTOM)


def _draw_stages(svg: Svg, across: LinearScale, stages: Sequence[str]) -> None:
    step = max(1, math.ceil(len(stages) / _MOST_LABELS))
    last = len(stages) - 1
    for index, stage in enumerate(stages):
        if index % step and index != last:
            continue
        if _rotated(stage, len(stages)):
            svg.text(Point(across(index) + 4, _HEIGHT - _BOTTOM + 14), stage, "end", rotate=-_ANGLE)
        else:
            svg.text(Point(across(index), _HEIGHT - _BOTTOM + 16), stage, "middle")


def _draw_series(svg: Svg, series: Series, across: LinearScale, scale: LogScale) -> None:
    dash = "6 3" if series.tone == "candidate" else ""
    points: list[Point | None] = []
    for index, value in enumerate(series.values):
        height = None if value is None else _height(value, scale)
        points.append(None if height is None else Point(across(index), height))
    stretch: list[Point] = []
    for point in [*points, None]:
        if point is None:
            svg.polyline(stretch, series.tone, 2, dash)
            stretch = []
        else:
            stretch.append(point)
    inside = [
        point for point, beyond in zip(points, series.beyond, strict=True) if point is not None and not beyond
    ]
    outside = [
        point for point, beyond in zip(points, series.beyond, strict=True) if point is not None and beyond
    ]
    (svg.squares if series.tone == "candidate" else svg.dots)(inside, series.tone)
    svg.crosses(outside, "bad")


def _height(value: float, scale: LogScale) -> float:
    if not math.isfinite(value):
        return scale.end
    return scale(value) if value > 0 else scale.start


def _draw_legend(svg: Svg, series: Sequence[Series]) -> None:
    left = _WIDTH - _RIGHT + 12
    for index, item in enumerate(series):
        level = 18 + 16 * index
        svg.line(
            Point(left, level - 4),
            Point(left + 22, level - 4),
            item.tone,
            2,
            "6 3" if item.tone == "candidate" else "",
        )
        svg.text(Point(left + 28, level), item.name)
    if any(any(item.beyond) for item in series):
        level = 18 + 16 * len(series)
        svg.crosses([Point(left + 11, level - 4)], "bad")
        svg.text(Point(left + 28, level), "divergent")
