"""The figures: XML whatever the numbers."""

from __future__ import annotations

import math
import re
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parity_reports.figures.curve import Curve, Series, draw_curve, share_bar
from parity_reports.figures.svg import LinearScale, LogScale

sizes = st.one_of(st.none(), st.floats(allow_nan=True, allow_infinity=True))


@given(
    st.integers(0, 60).flatmap(
        lambda length: st.tuples(
            st.lists(st.text(st.characters(codec=None), max_size=12), min_size=length, max_size=length),
            st.lists(sizes, min_size=length, max_size=length),
            st.lists(sizes, min_size=length, max_size=length),
            st.lists(st.booleans(), min_size=length, max_size=length),
        )
    )
)
def test_any_numbers_give_a_figure_or_none(
    data: tuple[list[str], list[float | None], list[float | None], list[bool]],
) -> None:
    stages, values, permitted, beyond = data
    series = Series("own ids", "reference", tuple(values), tuple(beyond))
    figure = draw_curve(Curve("size", tuple(stages), (series,), tuple(permitted), "allowed"))
    if figure:
        root = ElementTree.fromstring(str(figure))
        coordinates = [
            float(number)
            for path in root.iter("path")
            for number in re.findall(r"-?\d+(?:\.\d+)?", path.attrib["d"])
        ]
        assert all(math.isfinite(number) and -1000 <= number <= 1000 for number in coordinates)


@given(st.floats(1e-300, 1e300), st.floats(1e-300, 1e300), st.integers(1, 10))
def test_ticks_lie_in_the_domain_and_are_few(one: float, other: float, most: int) -> None:
    low, high = math.floor(math.log10(min(one, other))), math.ceil(math.log10(max(one, other)))
    ticks = LogScale(low, high, 0, 100).ticks(most)
    assert all(low <= tick <= high for tick in ticks)
    assert len(ticks) <= most


def test_a_domain_of_one_point_stands_in_the_middle() -> None:
    assert 50 == LinearScale(3, 3, 0, 100)(3)


@pytest.mark.parametrize("share", [None, 0.0, math.nan, -1.0])
def test_no_share_is_no_bar(share: float | None) -> None:
    assert "" == share_bar(share)


def test_a_bar_says_its_share() -> None:
    assert "34.2 %" == ElementTree.fromstring(str(share_bar(0.342))).get("aria-label")


@pytest.mark.parametrize("last", ["embedding", "probabilities", "encoder.layer.11.attention"])
def test_the_longest_name_of_a_stage_has_room_at_its_angle(last: str) -> None:
    stages = (*(f"layer.{number}" for number in range(5)), last)
    series = Series("own ids", "reference", (1e-6,) * 6, (False,) * 6)
    root = ElementTree.fromstring(str(draw_curve(Curve("size", stages, (series,), (1e-5,) * 6, "allowed"))))
    (text,) = (one for one in root.iter("text") if one.text == last)
    # Its end stands at (x, y), and it comes from below, at 35 degrees; 5.6 of 11 is how wide a letter is on average.
    lowest = float(text.attrib["y"]) + 5.6 * len(last) * math.sin(math.radians(35))
    assert lowest + 3 <= float(root.attrib["height"])
