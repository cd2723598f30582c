"""How the numbers of a seed audit are written: a metric's in the form that the record gives, a probability of a test as p."""

from __future__ import annotations

from collections.abc import Callable

from parity.records.arm_statistics import Bounds
from parity.records.metric_form import MetricForm
from parity.records.seed_audit import SeedAudit
from parity_reports.text import wording

__all__ = [
    "between",
    "change",
    "form_of",
    "interval",
    "limit",
    "metric_name",
    "p_value",
    "share_interval",
    "short",
    "similarity",
    "size",
    "value",
]


def between(bounds: Bounds | None, phrase: Callable[[float | None], str]) -> str:
    """An interval, each end written by `phrase`.

    >>> between(Bounds(low=0.25, high=None), similarity), between(None, similarity)
    ('0.250 to no bound', '–')
    """
    if bounds is None:
        return wording.NOTHING
    return f"{phrase(bounds.low)} to {'no bound' if bounds.high is None else phrase(bounds.high)}"


def form_of(audit: SeedAudit, metric: str | None = None) -> MetricForm:
    """How a metric of an audit is written (None: the one that decides); as it is, where an old record does not know."""
    name = metric or audit.margins.primary
    return audit.metric_forms.get(name) or MetricForm(title=name, better="higher")


def metric_name(form: MetricForm) -> str:
    """A metric at the head of a column or a sentence."""
    return f"{form.title[:1].upper()}{form.title[1:]}"


def value(form: MetricForm, number: float | None) -> str:
    """Where a metric stands."""
    return _written(form, number, "place")


def short(form: MetricForm, number: float | None) -> str:
    """The same without its unit, for figures and columns that say it once."""
    return _written(form, number, "")


def size(form: MetricForm, number: float | None) -> str:
    """How far a metric moves."""
    return _written(form, number, "distance")


def limit(form: MetricForm, number: float | None) -> str:
    """How far a metric may move, as it was requested: never rounded to what it is not."""
    if number is None:
        return wording.NOTHING
    return f"{form.scale * number:g}{_after(form.step)}"


def change(form: MetricForm, number: float | None) -> str:
    """The same with its sign."""
    if number is None:
        return wording.NOTHING
    return f"{form.scale * number:+.{form.digits + 1}f}{_after(form.step)}"


def interval(form: MetricForm, bounds: Bounds | None, *, signed: bool = False) -> str:
    """Both ends; an open end is named."""
    if bounds is None:
        return wording.NOTHING
    sign, digits = ("+", form.digits + 1) if signed else ("", form.digits)
    return _ends(bounds, lambda number: f"{form.scale * number:{sign}.{digits}f}")


def share_interval(bounds: Bounds | None) -> str:
    """The interval of a share.

    >>> share_interval(Bounds(low=0.0, high=0.031))
    '0 % to 3.1 %'
    """
    return wording.NOTHING if bounds is None else _ends(bounds, wording.share)


def similarity(number: float | None) -> str:
    """A number between -1 and 1, such as CKA, a cosine, kappa or ECE.

    >>> similarity(-0.011), similarity(None)
    ('-0.011', '–')
    """
    return wording.NOTHING if number is None else f"{number:.3f}"


def p_value(number: float | None) -> str:
    """A probability of a test.

    >>> p_value(0.0107), p_value(0.00001), p_value(1.0), p_value(None)
    ('0.011', 'under 0.0001', '1', '–')
    """
    if number is None:
        return wording.NOTHING
    return "under 0.0001" if number < 1e-4 else f"{number:.2g}"


def _written(form: MetricForm, number: float | None, kind: str) -> str:
    if number is None:
        return wording.NOTHING
    after = {"place": form.unit, "distance": form.step}.get(kind, "")
    return f"{form.scale * number:.{form.digits}f}{_after(after)}"


def _after(unit: str) -> str:
    return f" {unit}" if unit else ""


def _ends(bounds: Bounds, phrase: Callable[[float], str]) -> str:
    if bounds.low is None:
        return "unbounded" if bounds.high is None else f"{phrase(bounds.high)} or less"
    if bounds.high is None:
        return f"{phrase(bounds.low)} or more"
    return f"{phrase(bounds.low)} to {phrase(bounds.high)}"
