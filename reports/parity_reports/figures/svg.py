"""A small SVG drawing, written as text: presentation attributes only, so that it survives `style-src 'none'`.

Every mark has a class as well, by which the report's stylesheet re-colours it (dark, print). Text is `currentColor`. A
chart is an image with a label that states what it shows.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from markupsafe import Markup, escape

from parity_reports.text.visible import visible

__all__ = ["COLOURS", "LinearScale", "LogScale", "Point", "Svg", "coordinate", "round_ticks"]

COLOURS = {
    "reference": "#0072B2",
    "candidate": "#B35900",
    "noise": "#8A8F98",
    "grid": "#D4D7DD",
    "axis": "#6B7280",
    "bad": "#A3123A",
}


class Point(NamedTuple):
    """A place on the drawing, in its units."""

    x: float
    y: float


class LinearScale(NamedTuple):
    """From a domain to a range; one point of domain goes to the middle."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        if self.high == self.low:
            return (self.start + self.end) / 2
        return self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)


class LogScale(NamedTuple):
    """The same over decimal exponents; `low` and `high` are whole exponents."""

    low: int
    high: int
    start: float
    end: float

    def __call__(self, value: float) -> float:
        return self.at(min(max(math.log10(value), self.low), self.high))

    def at(self, exponent: float) -> float:
        """Where a decimal exponent stands."""
        return LinearScale(self.low, self.high, self.start, self.end)(exponent)

    def ticks(self, most: int = 6) -> list[int]:
        """Whole exponents in the domain, at most `most`.

        >>> LogScale(-9, 0, 0, 1).ticks()
        [-9, -7, -5, -3, -1]
        """
        step = max(1, math.ceil((self.high - self.low + 1) / most))
        return list(range(self.low, self.high + 1, step))


def round_ticks(low: float, high: float, most: int = 6) -> list[float]:
    """Round numbers (1, 2 or 5 times a power of ten apart) in a domain, at most `most` of them.

    >>> round_ticks(-20, 10), round_ticks(3, 3)
    ([-20.0, -10.0, 0.0, 10.0], [3])
    """
    width = high - low
    if not (math.isfinite(low) and math.isfinite(high)) or width <= 0:
        return [low] if math.isfinite(low) else []
    power = math.floor(math.log10(width / most))
    for step in (factor * 10.0**exponent for exponent in range(power, power + 3) for factor in (1, 2, 5)):
        first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
        if 0 <= last - first < most:
            digits = max(0, -math.floor(math.log10(step)) + 1)
            return [round(index * step, digits) for index in range(first, last + 1)]
    return []


def coordinate(value: float) -> str:
    """A coordinate with at most one decimal.

    >>> coordinate(3.0), coordinate(3.14), coordinate(-0.01)
    ('3', '3.1', '0')
    """
    text = f"{value:.1f}".removesuffix(".0")
    return "0" if text == "-0" else text


class Svg:
    """A drawing of `width` by `height`; `label` is what is read aloud instead of it."""

    def __init__(self, width: int, height: int, label: str, kind: str = "chart") -> None:
        phrase = escape(visible(label))
        head = (
            f'<svg class="{kind}" viewBox="0 0 {width} {height}" width="{width}" '
            f'height="{height}" role="img" aria-label="{phrase}" font-family="system-ui,sans-serif" font-size="11">'
        )
        self._parts = [head]

    def _path(self, data: str, tone: str, paint: str, **attributes: str | float) -> None:
        more = "".join(f' {name.replace("_", "-")}="{value}"' for name, value in attributes.items())
        kind, fill = ("f", COLOURS[tone]) if paint == "fill" else ("s", "none")
        stroke = "" if paint == "fill" else f' stroke="{COLOURS[tone]}"'
        self._parts.append(f'<path class="{kind}-{tone}" d="{data}" fill="{fill}"{stroke}{more}/>')

    def line(self, start: Point, end: Point, tone: str, width: float = 1, dash: str = "") -> None:
        """A straight line, dashed by `dash`."""
        self.polyline([start, end], tone, width, dash)

    def polyline(self, points: Sequence[Point], tone: str, width: float = 2, dash: str = "") -> None:
        """A line through points."""
        if len(points) < 2:
            return
        data = "M" + "L".join(f"{coordinate(point.x)} {coordinate(point.y)}" for point in points)
        dashed: dict[str, str | float] = {"stroke_dasharray": dash} if dash else {}
        self._path(data, tone, "stroke", stroke_width=width, stroke_linejoin="round", **dashed)

    def area(self, top: Sequence[Point], bottom: float, tone: str, opacity: float = 0.25) -> None:
        """What lies between points and a level."""
        if not top:
            return
        data = "M" + "L".join(f"{coordinate(point.x)} {coordinate(point.y)}" for point in top)
        data += f"V{coordinate(bottom)}H{coordinate(top[0].x)}Z"
        self._path(data, tone, "fill", fill_opacity=opacity)

    def dots(self, points: Sequence[Point], tone: str, size: float = 6) -> None:
        """Round marks, one path for all."""
        if points:
            data = "".join(f"M{coordinate(point.x)} {coordinate(point.y)}h0" for point in points)
            self._path(data, tone, "stroke", stroke_width=size, stroke_linecap="round")

    def squares(self, points: Sequence[Point], tone: str, size: float = 6) -> None:
        """Square marks."""
        if points:
            data = "".join(
                f"M{coordinate(point.x - size / 2)} {coordinate(point.y - size / 2)}h{size}v{size}h-{size}z"
                for point in points
            )
            self._path(data, tone, "fill")

    def crosses(self, points: Sequence[Point], tone: str, size: float = 4) -> None:
        """Crosses: what is divergent differs by shape as well as by colour."""
        if points:
            data = "".join(
                f"M{coordinate(point.x - size)} {coordinate(point.y - size)}l{2 * size} {2 * size}"
                f"M{coordinate(point.x - size)} {coordinate(point.y + size)}l{2 * size} {-2 * size}"
                for point in points
            )
            self._path(data, tone, "stroke", stroke_width=1.8)

    def boxes(
        self, corners: Sequence[Point], width: float, height: float, tone: str, opacity: float = 1
    ) -> None:
        """Filled boxes of one size, one path for all."""
        if corners:
            data = "".join(
                f"M{coordinate(corner.x)} {coordinate(corner.y)}h{coordinate(width)}v{coordinate(height)}h-{coordinate(width)}z"
                for corner in corners
            )
            self._path(data, tone, "fill", fill_opacity=opacity)

    def box(self, corner: Point, width: float, height: float, tone: str) -> None:
        """A filled box."""
        self._path(
            f"M{coordinate(corner.x)} {coordinate(corner.y)}h{coordinate(width)}v{coordinate(height)}h-{coordinate(width)}z",
            tone,
            "fill",
        )

    def text(
        self, at: Point, text: str, anchor: str = "start", *, bold: bool = False, rotate: int = 0
    ) -> None:
        """Text, escaped, hidden characters shown."""
        weight = ' font-weight="600"' if bold else ""
        turn = f' transform="rotate({rotate} {coordinate(at.x)} {coordinate(at.y)})"' if rotate else ""
        self._parts.append(
            f'<text x="{coordinate(at.x)}" y="{coordinate(at.y)}" text-anchor="{anchor}" fill="currentColor"{weight}{turn}>'
            f"{escape(visible(text))}</text>"
        )

    def markup(self) -> Markup:
        """The drawing as text that a template may place as it is."""
        return Markup("".join([*self._parts, "</svg>"]))
