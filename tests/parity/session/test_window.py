"""A window is tokenized on both sides, aligned row by row, and released on both."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import pytest

from parity.errors import RunnerRaised
from parity.inputs.example import Example
from parity.records.pair import Pair
from parity.session.session import OpenRequest, open_sessions
from parity.session.window import open_window
from parity.subjects.adapter import Adapter
from parity.subjects.subject import Subject

ECHO = Adapter("echo", Path(__file__).parents[2] / "runners" / "echo.py")


def test_two_windows_of_any_rows_are_open_at_once_and_one_is_released() -> None:
    with ExitStack() as stack:
        opening = [OpenRequest(Subject("echo", name), ECHO) for name in "ab"]
        sides = Pair(*open_sessions(opening, stack))
        sample = open_window(sides, [Example(2, "ab"), Example(900, "abc")])
        sweep = open_window(sides, [Example(0, "x"), Example(1, "yz")])
        assert ([2, 3], [True, True]) == (
            sample.lengths(),
            [aligned is not None and aligned.equal for aligned in sample.alignments],
        )
        for side, number in zip(sides, sample.numbers, strict=True):
            batch = side.runner.forward([900], window=number).wait()
            assert [[97, 98, 99]] == batch.stages["input_ids"].values.tolist()
        sample.forget(sides)
        for side, gone, kept in zip(sides, sample.numbers, sweep.numbers, strict=True):
            assert (1, 2) == side.runner.forward([1], window=kept).wait().stages["input_ids"].values.shape
            with pytest.raises(RunnerRaised, match="does not hold row 900"):
                side.runner.forward([900], window=gone).wait()
