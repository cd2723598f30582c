"""Decisions in words: how many differ, of what, and the bounds of the rate, as they stand in the verdict and in every report."""

from __future__ import annotations

from parity.records.decisions import Decisions, FlipRate
from parity_reports.compare import older_records
from parity_reports.text import wording

__all__ = ["bounded_rate", "decision_noun", "decision_sentence", "flips_total", "has_copies"]


_OF_ROWS = (
    "token",
    "word",
    "next_token",
)  # units of which a row has several, so that they are not independent


def decision_sentence(decisions: Decisions | None) -> str:
    """How many decisions differ, with the bounds of the rate: the same numbers as in the verdict."""
    if decisions is None:
        return "There are no decisions to compare."
    if decisions.examples == 0:
        return "No decision was compared."
    flips = flips_total(decisions)
    noun = decision_noun(decisions)
    counted = (
        wording.differing(flips, decisions.examples, noun)
        if flips
        else f"None of {wording.plural(decisions.examples, noun)} differs"
    )
    # The tokens of a row are not independent, nor are copies of one text: what bounds the rate is a rate of (distinct) rows.
    bounds = f" ({rate_bounds(decisions.flip_rate)})" if bounded_rate(decisions) is None else ""
    return f"{counted}: {wording.share(decisions.flip_rate.value)}{bounds}.{_by_row(decisions)}"


def decision_noun(decisions: Decisions) -> str:
    """What one decision is called: a label, a set of labels, the label of a token, or the next token."""
    if decisions.unit == "next_token":
        return decisions.noun
    if decisions.unit in _OF_ROWS:
        return f"{decisions.unit} {'label' if decisions.unit == 'token' else decisions.noun}"
    return older_records.noun(decisions)


def flips_total(decisions: Decisions) -> int:
    """How many decisions differ, also where the record lists only the first of them."""
    return max(decisions.flips_total, len(decisions.flips), decisions.examples - decisions.agree)


def has_copies(decisions: Decisions | None) -> bool:
    """Whether rows are copies of one another, as far as their texts are known."""
    if decisions is None:
        return False
    rows = decisions.rows if decisions.unit in _OF_ROWS else decisions.examples
    return decisions.distinct_flip_rate is not None and 0 < decisions.distinct < rows


def bounded_rate(decisions: Decisions) -> FlipRate | None:
    """The rate whose bounds hold where decisions are not independent: of distinct rows, or of rows; None where they are."""
    if has_copies(decisions):
        return decisions.distinct_flip_rate
    return decisions.row_flip_rate if decisions.unit in _OF_ROWS else None


def rate_bounds(rate: FlipRate) -> str:
    """The bounds of a rate, and of which kind they are.

    >>> rate_bounds(FlipRate(value=0.0, low=0.0, high=0.0368, confidence=0.95, bounds="one-sided"))
    'at most 3.68 %, a one-sided bound at 95 %'
    """
    low, high, confidence = (wording.share(value) for value in (rate.low, rate.high, rate.confidence))
    if rate.bounds == "two-sided":
        return f"{confidence} interval {low} to {high}"
    if not rate.low:
        return f"at most {high}, a one-sided bound at {confidence}"
    return f"at most {high} and at least {low}, each a one-sided bound at {confidence}"


def _by_row(decisions: Decisions) -> str:
    """How many rows, or distinct rows, hold a decision that differs, where decisions are not independent."""
    if has_copies(decisions) and (rate := decisions.distinct_flip_rate) is not None:
        return (
            f" In {decisions.distinct_flipped} of {wording.plural(decisions.distinct, 'distinct row')} one differs: "
            f"{wording.share(rate.value)} ({rate_bounds(rate)})."
        )
    rate = decisions.row_flip_rate
    if decisions.unit not in _OF_ROWS or rate is None or not decisions.rows:
        return ""
    return (
        f" In {decisions.rows_flipped} of {wording.plural(decisions.rows, 'row')} one differs: "
        f"{wording.share(rate.value)} ({rate_bounds(rate)})."
    )
