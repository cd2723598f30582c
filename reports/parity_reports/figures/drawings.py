"""The figures: runs as a strip, the churn matrix, estimates with their intervals, similarity and difference by stage.

Each is a record of numbers and names first, drawn by `draw`; where there is nothing to draw it is empty. Candidate and baseline
differ by shape as well as by colour: round and blue is the baseline's or the only arm's, square and orange the candidate's
against a baseline.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

from markupsafe import Markup

from parity_reports.figures.curve import Curve, draw_curve
from parity_reports.figures.svg import LinearScale, Point, Svg, round_ticks
from parity_reports.text import wording

__all__ = ["Drawing", "Interval", "Intervals", "Lane", "Line", "Lines", "Matrix", "Strip", "draw"]

_WIDTH = 880
_LEVELS = 7
_DEEPEST = 0.5  # of the fill's opacity: text on it keeps its contrast, in light and in dark


class Lane(NamedTuple):
    """The runs of one arm in one metric: their values, the mean with its interval, and these in words."""

    name: str
    tone: str
    values: tuple[float, ...]
    mean: float | None
    low: float | None
    high: float | None
    phrase: str


class Strip(NamedTuple):
    """One metric over runs on one scale; `tick` says a value on it."""

    title: str
    lanes: tuple[Lane, ...]
    tick: Callable[[float], str]


class Matrix(NamedTuple):
    """A share for each pair of runs."""

    title: str
    names: tuple[str, ...]
    shares: tuple[tuple[float | None, ...], ...]


class Interval(NamedTuple):
    """One estimate; an end that is None is unbounded. `phrase` stands at its right."""

    name: str
    value: float | None
    low: float | None
    high: float | None
    phrase: str
    bad: bool = False


class Intervals(NamedTuple):
    """Estimates under each other on one scale; `margin` is what may lie around 0."""

    title: str
    rows: tuple[Interval, ...]
    tick: Callable[[float], str]
    margin: float | None = None


class Line(NamedTuple):
    """A value by stage, None where it is undefined."""

    name: str
    tone: str
    values: tuple[float | None, ...]
    dash: str = ""


class Lines(NamedTuple):
    """Similarities by stage, at most 1."""

    title: str
    stages: tuple[str, ...]
    lines: tuple[Line, ...]


Drawing = Strip | Matrix | Intervals | Lines | Curve


def draw(drawing: Drawing) -> Markup:
    """The figure; empty where there is nothing to see."""
    match drawing:
        case Strip():
            return _strip(drawing)
        case Matrix():
            return _matrix(drawing)
        case Intervals():
            return _intervals(drawing)
        case Lines():
            return _lines(drawing)
        case Curve():
            return draw_curve(drawing)


def _strip(strip: Strip) -> Markup:
    numbers = [
        number
        for lane in strip.lanes
        for number in (*lane.values, lane.mean, lane.low, lane.high)
        if number is not None and math.isfinite(number)
    ]
    if not any(lane.values for lane in strip.lanes) or not numbers:
        return Markup("")
    row, top = 38, 22
    bottom = top + row * len(strip.lanes)
    across = _scale(min(numbers), max(numbers), 116, _WIDTH - 150)
    phrase = "; ".join(f"{lane.name}: {lane.phrase}" for lane in strip.lanes)
    svg = Svg(_WIDTH, bottom + 26, f"{strip.title} of each run. {phrase}.", "chart wide")
    svg.text(Point(4, 12), strip.title, bold=True)
    _axis(svg, across, top, bottom, strip.tick)
    for index, lane in enumerate(strip.lanes):
        level = top + row * index + row / 2
        svg.text(Point(104, level + 4), lane.name, "end")
        if lane.low is not None and lane.high is not None:
            corner = Point(across(lane.low), level - 9)
            svg.boxes([corner], across(lane.high) - across(lane.low), 18, lane.tone, 0.18)
        if lane.mean is not None:
            x = across(lane.mean)
            svg.line(Point(x, level - 12), Point(x, level + 12), lane.tone, 2)
        marks = [Point(across(value), level + 4 * (place % 3 - 1)) for place, value in enumerate(lane.values)]
        (svg.squares if lane.tone == "candidate" else svg.dots)(marks, lane.tone, 7)
        svg.text(Point(_WIDTH - 138, level + 4), lane.phrase)
    return svg.markup()


def _matrix(matrix: Matrix) -> Markup:
    count = len(matrix.names)
    shares = [
        share
        for row, values in enumerate(matrix.shares)
        for column, share in enumerate(values)
        if row != column and share is not None
    ]
    if count < 2 or not shares:
        return Markup("")
    cell = min(48.0, (_WIDTH - 160) / count)
    named = count <= 30
    left = 16 + 6 * max(map(len, matrix.names)) if named else 10
    top = 40
    least, most = min(shares), max(shares)
    label = f"{matrix.title}: {wording.share(least)} to {wording.share(most)} between {wording.plural(count, 'run')}."
    # As wide as its cells: a few runs make a small square, not one stretched over the page.
    width = math.ceil(left + cell * count + 20)
    svg = Svg(width, math.ceil(top + cell * count + 8), label, "chart")
    svg.text(Point(4, 12), matrix.title, bold=True)
    by_level: dict[int, list[Point]] = {}
    for row, values in enumerate(matrix.shares):
        for column, share in enumerate(values):
            if row != column and share is not None:
                level = _level(share, least, most)
                by_level.setdefault(level, []).append(Point(left + cell * column, top + cell * row))
    for level, corners in sorted(by_level.items()):
        svg.boxes(corners, cell - 1, cell - 1, "reference", round(_DEEPEST * (level + 1) / _LEVELS, 3))
    for index, name in enumerate(matrix.names if named else ()):
        svg.text(Point(left - 8, top + cell * (index + 0.5) + 4), name, "end")
        if cell >= 40 and max(len(other) for other in matrix.names) <= 7:
            svg.text(Point(left + cell * (index + 0.5), top - 6), name, "middle")
    for row, values in enumerate(matrix.shares if count <= 20 else ()):
        for column, share in enumerate(values):
            if row != column and share is not None:
                middle = Point(left + cell * (column + 0.5), top + cell * (row + 0.5) + 4)
                svg.text(middle, f"{100 * share:.1f}" if cell >= 36 else f"{100 * share:.0f}", "middle")
    return svg.markup()


def _intervals(chart: Intervals) -> Markup:
    points = [row.value for row in chart.rows if row.value is not None and math.isfinite(row.value)]
    if not points:
        return Markup("")
    ends = [end for row in chart.rows for end in (row.low, row.high) if end is not None]
    marks = [0.0] if chart.margin is None else [-chart.margin, 0.0, chart.margin]
    # An interval that reaches far beyond all estimates would press them together: it is cut, and the table has its end.
    reach = 4 * max(max(abs(point) for point in points), *(abs(mark) for mark in marks)) or 1.0
    low = max(-reach, min([*points, *ends, *marks]))
    high = min(reach, max([*points, *ends, *marks]))
    row, top = 30, 24
    bottom = top + row * len(chart.rows)
    across = _scale(low, high, 176, _WIDTH - 190)
    phrase = "; ".join(f"{item.name}: {item.phrase}" for item in chart.rows)
    svg = Svg(_WIDTH, bottom + 28, f"{chart.title}. {phrase}.", "chart wide")
    svg.text(Point(4, 12), chart.title, bold=True)
    if chart.margin is not None:
        corner = Point(across(-chart.margin), top)
        svg.boxes([corner], across(chart.margin) - corner.x, bottom - top, "noise", 0.2)
    _axis(svg, across, top, bottom, chart.tick)
    svg.line(Point(across(0), top), Point(across(0), bottom), "axis", 1.2)
    for index, item in enumerate(chart.rows):
        level = top + row * index + row / 2
        tone = "bad" if item.bad else "reference"
        svg.text(Point(164, level + 4), item.name[:26], "end")
        if item.value is None:
            svg.text(Point(_WIDTH - 178, level + 4), item.phrase)
            continue
        if item.low is not None or item.high is not None:
            start = min(max(item.low, low), high) if item.low is not None else low
            end = min(max(item.high, low), high) if item.high is not None else high
            svg.line(Point(across(start), level), Point(across(end), level), "axis", 2)
            for shown, whole in ((start, item.low), (end, item.high)):
                if shown == whole:
                    svg.line(Point(across(shown), level - 5), Point(across(shown), level + 5), "axis", 2)
        (svg.crosses if item.bad else svg.dots)(
            [Point(across(min(max(item.value, low), high)), level)], tone, 5 if item.bad else 9
        )
        svg.text(Point(_WIDTH - 178, level + 4), item.phrase)
    return svg.markup()


def _lines(chart: Lines) -> Markup:
    numbers = [value for line in chart.lines for value in line.values if value is not None]
    if len(chart.stages) < 2 or not numbers:
        return Markup("")
    height, left, right, top, bottom = 250, 56, 150, 26, 44
    low = min(0.0, *numbers) if min(numbers) < 0.5 else 0.5
    up = LinearScale(low, 1.0, height - bottom, top)
    across = LinearScale(0, len(chart.stages) - 1, left + 8, _WIDTH - right)
    phrase = "; ".join(
        f"{line.name} from {wording.number(min(known))} to {wording.number(max(known))}"
        for line in chart.lines
        if (known := [value for value in line.values if value is not None])
    )
    svg = Svg(_WIDTH, height, f"{chart.title} by stage. {phrase}.", "chart wide")
    svg.text(Point(4, 12), chart.title, bold=True)
    for tick in round_ticks(low, 1.0):
        svg.line(Point(left, up(tick)), Point(_WIDTH - right, up(tick)), "grid")
        svg.text(Point(left - 8, up(tick) + 4), f"{tick:g}", "end")
    step = max(1, math.ceil(len(chart.stages) / 28))
    for index, stage in enumerate(chart.stages):
        if index % step == 0 or index == len(chart.stages) - 1:
            svg.text(Point(across(index), height - bottom + 16), stage, "middle")
    for place, line in enumerate(chart.lines):
        points = [
            None if value is None else Point(across(index), up(min(max(value, low), 1.0)))
            for index, value in enumerate(line.values)
        ]
        for stretch in _stretches(points):
            svg.polyline(stretch, line.tone, 2, line.dash)
        marks = [point for point in points if point is not None]
        (svg.squares if line.tone == "candidate" else svg.dots)(marks, line.tone)
        level = 40 + 18 * place
        svg.line(Point(_WIDTH - 138, level - 4), Point(_WIDTH - 116, level - 4), line.tone, 2, line.dash)
        svg.text(Point(_WIDTH - 110, level), line.name)
    return svg.markup()


def _scale(low: float, high: float, start: float, end: float) -> LinearScale:
    room = (high - low) * 0.04 or abs(low) * 0.05 or 1.0
    return LinearScale(low - room, high + room, start, end)


def _axis(svg: Svg, across: LinearScale, top: float, bottom: float, tick: Callable[[float], str]) -> None:
    for value in round_ticks(across.low, across.high, 7):
        svg.line(Point(across(value), top), Point(across(value), bottom), "grid")
        svg.text(Point(across(value), bottom + 15), tick(value), "middle")


def _level(share: float, least: float, most: float) -> int:
    if most <= least:
        return 0
    return min(_LEVELS - 1, int((share - least) / (most - least) * _LEVELS))


def _stretches(points: Sequence[Point | None]) -> list[list[Point]]:
    """The points between gaps."""
    found: list[list[Point]] = [[]]
    for point in points:
        if point is None:
            found.append([])
        else:
            found[-1].append(point)
    return found
