"""Effect on predictions, said: how many decisions differ, how far probabilities move, and which side is right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from parity.records.decisions import Decisions, Flip, FlipRate
from parity_reports.text import wording

__all__ = [
    "FlipRow",
    "Measures",
    "Predictions",
    "bounded_rate",
    "build_predictions",
    "decision_noun",
    "decision_sentence",
    "flips_total",
    "has_copies",
    "rate_bounds",
]

_CLASS_ORDERS = {
    "permuted": "the same names in another order; compared by name",
    "by_index": "paired by index, since a side does not name its classes",
    "not_comparable": "could not be paired",
}


class Measures(NamedTuple):
    """A small table: its heads, and rows of text."""

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class FlipRow:
    """One decision that differs."""

    place: str
    text: str
    label: str
    reference: str
    candidate: str
    margins: str
    moved: str
    explained: str


@dataclass(frozen=True)
class Predictions:
    """What both would decide."""

    sentence: str
    facts: tuple[tuple[str, str], ...]
    temperatures: Measures
    metrics: Measures
    flips: tuple[FlipRow, ...]
    flips_left_out: int


def build_predictions(decisions: Decisions | None, most: int) -> Predictions:
    """The predictions of an audit, with at most `most` flips listed."""
    sentence = decision_sentence(decisions)
    if decisions is None:
        return Predictions(sentence, (), Measures((), ()), Measures((), ()), (), 0)
    implied = decisions.implied_temperature
    facts = [("Agree", f"{wording.count(decisions.agree)} of {wording.count(decisions.examples)}")]
    if implied.value is not None:
        r2 = "" if implied.r2 is None else f" (R² {implied.r2:.6g})"
        facts.append(("Implied temperature, candidate = reference at T", f"{implied.value:.3f}{r2}"))
    if decisions.ties:
        facts.append(("Ties, with a largest logit shared on a side", wording.count(decisions.ties)))
    if decisions.flips_explained:
        facts.append(("Flips that rounding alone can explain", wording.count(decisions.flips_explained)))
    if decisions.undefined:
        facts.append(("Undefined, a side has no number to decide by", wording.count(decisions.undefined)))
    if decisions.unknown_labels:
        facts.append(("Labels of the inputs that are no class", wording.count(decisions.unknown_labels)))
    if decisions.class_order != "same":
        facts.append(("Classes", _CLASS_ORDERS.get(decisions.class_order, decisions.class_order)))
    if decisions.multi_label:
        facts.append(("Multi-label", "each class is decided by itself, with a sigmoid"))
    flips = tuple(_flip(flip) for flip in decisions.flips[:most])
    return Predictions(
        sentence=sentence,
        facts=tuple(facts),
        temperatures=_temperatures(decisions),
        metrics=_metrics(decisions),
        flips=flips,
        flips_left_out=max(0, flips_total(decisions) - len(flips)),
    )


def _temperatures(decisions: Decisions) -> Measures:
    agreeing = any(item.agree for item in decisions.temperatures)
    heads = (
        "T",
        *(["agree"] if agreeing else []),
        "JS mean",
        "JS max",
        "TV mean",
        "TV max",
        "KL mean",
        "KL max",
        "largest change of a probability",
    )
    rows = tuple(
        (
            f"{item.temperature:g}",
            *([wording.count(item.agree)] if agreeing else []),
            *(wording.number(value) for value in (item.js_mean, item.js_max, item.tv_mean, item.tv_max)),
            *(wording.number(value) for value in (item.kl_mean, item.kl_max, item.max_abs_probability)),
        )
        for item in decisions.temperatures
    )
    return Measures(heads, rows)


def _metrics(decisions: Decisions) -> Measures:
    heads = ("metric", "reference", "candidate", "difference", "interval", "labelled")
    rows = tuple(
        (
            item.metric,
            f"{item.reference:.4f}",
            f"{item.candidate:.4f}",
            f"{item.difference:+.4f}",
            _interval(item.low, item.high, item.confidence),
            wording.count(item.labelled),
        )
        for item in decisions.metrics
    )
    return Measures(heads, rows)


def _interval(low: float | None, high: float | None, confidence: float) -> str:
    if low is None or high is None:
        return wording.NOTHING
    return f"{low:+.4f} to {high:+.4f} ({wording.share(confidence)})"


def _flip(flip: Flip) -> FlipRow:
    place = f"{flip.row}" + (f", token {flip.token}" if flip.token is not None else "")
    return FlipRow(
        place=place + (f" ({flip.id})" if flip.id else ""),
        text=wording.clip(flip.text),
        label=flip.label or wording.NOTHING,
        reference=wording.clip(flip.reference, 80),
        candidate=wording.clip(flip.candidate, 80),
        margins=f"{wording.number(flip.reference_margin)} and {wording.number(flip.candidate_margin)}",
        moved=wording.number(flip.max_abs_logit),
        explained="yes" if flip.explained_by_noise else "no",
    )


def flips_total(decisions: Decisions) -> int:
    """How many decisions differ, also where the record lists only the first of them."""
    return max(decisions.flips_total, len(decisions.flips), decisions.examples - decisions.agree)


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


def has_copies(decisions: Decisions | None) -> bool:
    """Whether rows are copies of one another, as far as their texts are known."""
    if decisions is None:
        return False
    rows = decisions.rows if decisions.unit == "token" else decisions.examples
    return decisions.distinct_flip_rate is not None and 0 < decisions.distinct < rows


def bounded_rate(decisions: Decisions) -> FlipRate | None:
    """The rate whose bounds hold where decisions are not independent: of distinct rows, or of rows; None where they are."""
    if has_copies(decisions):
        return decisions.distinct_flip_rate
    return decisions.row_flip_rate if decisions.unit == "token" else None


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
    if decisions.unit != "token" or rate is None or not decisions.rows:
        return ""
    return (
        f" In {decisions.rows_flipped} of {wording.plural(decisions.rows, 'row')} one differs: "
        f"{wording.share(rate.value)} ({rate_bounds(rate)})."
    )


def decision_noun(decisions: Decisions) -> str:
    """What one decision is called: a label, a set of labels, or the label of a token."""
    if decisions.unit == "token":
        return "token label"
    return "label set" if decisions.multi_label else "label"
