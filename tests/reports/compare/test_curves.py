"""The curves of a comparison: what is permitted is named for what it is."""

from __future__ import annotations

from parity_reports.compare.curves import float64_curve
from parity_reports.compare.ladder import build_ladder
from parity_reports.figures.curve import draw_curve
from tests.audits import AUDITS


def test_what_a_limit_permits_in_float64_is_not_labelled_as_rounding() -> None:
    plain, limited = (
        draw_curve(float64_curve(build_ladder(AUDITS[name]))) for name in ("float64_only", "within_limit")
    )
    assert ">rounding<" in plain
    assert ">allowed<" in limited and ">rounding<" not in limited
