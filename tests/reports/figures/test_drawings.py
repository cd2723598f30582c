"""The figures of a seed report: XML whatever the numbers, and marks where they belong."""

from __future__ import annotations

import math
import re
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parity_reports.figures.drawings import (
    Drawing,
    Interval,
    Intervals,
    Lane,
    Line,
    Lines,
    Matrix,
    Strip,
    draw,
)
from parity_reports.figures.svg import round_ticks

numbers = st.floats(-1e6, 1e6)
perhaps = st.one_of(st.none(), numbers)
names = st.text(st.characters(codec=None), max_size=12)
lanes = st.builds(
    Lane,
    names,
    st.sampled_from(["reference", "candidate"]),
    st.lists(numbers, max_size=6).map(tuple),
    perhaps,
    perhaps,
    perhaps,
    names,
)
drawings = st.one_of(
    st.builds(Strip, names, st.lists(lanes, max_size=3).map(tuple), st.just(str)),
    st.builds(
        Intervals,
        names,
        st.lists(st.builds(Interval, names, perhaps, perhaps, perhaps, names, st.booleans()), max_size=5).map(
            tuple
        ),
        st.just(str),
        st.one_of(st.none(), st.floats(1e-6, 1e3)),
    ),
    st.integers(0, 30).flatmap(
        lambda size: st.builds(
            Matrix,
            names,
            st.lists(names, min_size=size, max_size=size).map(tuple),
            st.just(tuple(tuple(0.01 * abs(a - b) for b in range(size)) for a in range(size))),
        )
    ),
    st.integers(0, 30).flatmap(
        lambda size: st.builds(
            Lines,
            names,
            st.lists(names, min_size=size, max_size=size).map(tuple),
            st.lists(
                st.builds(
                    Line,
                    names,
                    st.just("reference"),
                    st.lists(st.one_of(st.none(), st.floats(-1, 1)), min_size=size, max_size=size).map(tuple),
                    st.sampled_from(["", "6 3"]),
                ),
                max_size=3,
            ).map(tuple),
        )
    ),
)


@settings(max_examples=200, deadline=None)
@given(drawings)
def test_any_numbers_give_a_figure_or_none(drawing: Drawing) -> None:
    figure = draw(drawing)
    if figure:
        root = ElementTree.fromstring(str(figure))
        coordinates = [
            float(number)
            for path in root.iter("path")
            for number in re.findall(r"-?\d+(?:\.\d+)?", path.attrib["d"])
        ]
        assert all(math.isfinite(number) and -1200 <= number <= 1200 for number in coordinates)


@given(st.floats(-1e6, 1e6), st.floats(1e-6, 1e6), st.integers(2, 9))
def test_ticks_lie_in_the_domain_and_are_few(low: float, width: float, most: int) -> None:
    high = low + width
    room = 1e-6 * (abs(low) + width)
    ticks = round_ticks(low, high, most)
    assert all(low - room <= tick <= high + room for tick in ticks)
    assert len(ticks) <= most
    assert sorted(ticks) == ticks


@pytest.mark.parametrize(
    "drawing", [Strip("x", (), str), Matrix("x", ("a",), ((0.0,),)), Intervals("x", (), str)]
)
def test_nothing_to_draw_is_no_figure(drawing: Drawing) -> None:
    assert "" == draw(drawing)


def test_a_matrix_of_many_runs_drops_its_numbers_and_keeps_its_cells() -> None:
    shares = tuple(tuple(0.1 + 0.01 * (a != b) * (a % 7) for b in range(40)) for a in range(40))
    figure = str(draw(Matrix("Churn", tuple(f"r{place}" for place in range(40)), shares)))
    assert 1 == figure.count("<text")
    assert 40 * 39 == sum(path.count("M") for path in re.findall(r' d="([^"]+)"', figure))


def test_an_interval_without_an_end_is_drawn_to_the_edge_without_a_bar() -> None:
    closed = str(draw(Intervals("x", (Interval("a", 1.0, 0.5, 1.5, "1"),), str)))
    opened = str(draw(Intervals("x", (Interval("a", 1.0, 0.5, None, "1"),), str)))
    assert closed.count('class="s-axis"') == opened.count('class="s-axis"') + 1
