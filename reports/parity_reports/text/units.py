"""How the numbers of a seed audit are said: accuracy and F1 in percent and points, NLL in nats, a probability of a test as p."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from parity.records.seed_audit import Bounds
from parity_reports.text import wording

__all__ = [
    "between",
    "change",
    "in_sentence",
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


class _Unit(NamedTuple):
    """What a metric's number is multiplied by, its decimals, and its unit as a place and as a distance."""

    scale: float
    digits: int
    place: str
    distance: str


_UNITS = {
    "accuracy": _Unit(100, 1, " %", " points"),
    "macro_f1": _Unit(100, 1, " %", " points"),
    "nll": _Unit(1, 3, " nats", " nats"),
    "brier": _Unit(1, 3, "", ""),
}
_PLAIN = _Unit(1, 4, "", "")
_NAMES = {"accuracy": "accuracy", "macro_f1": "macro F1", "nll": "NLL", "brier": "Brier score"}


def between(bounds: Bounds | None, said: Callable[[float | None], str]) -> str:
    """An interval of whatever is said so.

    >>> between(Bounds(low=0.25, high=None), similarity), between(None, similarity)
    ('0.250 to no bound', '–')
    """
    if bounds is None:
        return wording.NOTHING
    return f"{said(bounds.low)} to {'no bound' if bounds.high is None else said(bounds.high)}"


def metric_name(metric: str) -> str:
    """A metric at the head of a column or a sentence."""
    return f"{in_sentence(metric)[:1].upper()}{in_sentence(metric)[1:]}"


def in_sentence(metric: str) -> str:
    """A metric in words; one that is not parity's own is said as it is."""
    return _NAMES.get(metric, metric)


def value(metric: str, number: float | None) -> str:
    """Where a metric stands.

    >>> value("accuracy", 0.8301), value("nll", 0.75), value("brier", None)
    ('83.0 %', '0.750 nats', '–')
    """
    return _said(metric, number, "place")


def short(metric: str, number: float | None) -> str:
    """The same without its unit, for figures and columns that say it once."""
    return _said(metric, number, "")


def size(metric: str, number: float | None) -> str:
    """How far a metric moves.

    >>> size("accuracy", 0.026), size("accuracy", 0.01)
    ('2.6 points', '1.0 points')
    """
    return _said(metric, number, "distance")


def limit(metric: str, number: float | None) -> str:
    """How far a metric may move, as it was asked for: never rounded to what it is not.

    >>> limit("accuracy", 0.02), limit("accuracy", 0.0005), limit("nll", 0.02)
    ('2 points', '0.05 points', '0.02 nats')
    """
    if number is None:
        return wording.NOTHING
    unit = _UNITS.get(metric, _PLAIN)
    return f"{unit.scale * number:g}{unit.distance}"


def change(metric: str, number: float | None) -> str:
    """The same with its sign.

    >>> change("macro_f1", -0.0033), change("nll", 0.2)
    ('-0.33 points', '+0.2000 nats')
    """
    if number is None:
        return wording.NOTHING
    unit = _UNITS.get(metric, _PLAIN)
    return f"{unit.scale * number:+.{unit.digits + 1}f}{unit.distance}"


def interval(metric: str, bounds: Bounds | None, *, signed: bool = False) -> str:
    """Both ends; an open end is said.

    >>> interval("accuracy", Bounds(low=0.797, high=0.863)), interval("nll", Bounds(low=0.5, high=None))
    ('79.7 to 86.3', '0.500 or more')
    """
    if bounds is None:
        return wording.NOTHING
    unit = _UNITS.get(metric, _PLAIN)
    sign, digits = ("+", unit.digits + 1) if signed else ("", unit.digits)
    return _ends(bounds, lambda number: f"{unit.scale * number:{sign}.{digits}f}")


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


def _said(metric: str, number: float | None, kind: str) -> str:
    if number is None:
        return wording.NOTHING
    unit = _UNITS.get(metric, _PLAIN)
    after = {"place": unit.place, "distance": unit.distance}.get(kind, "")
    return f"{unit.scale * number:.{unit.digits}f}{after}"


def _ends(bounds: Bounds, said: Callable[[float], str]) -> str:
    if bounds.low is None:
        return "unbounded" if bounds.high is None else f"{said(bounds.high)} or less"
    if bounds.high is None:
        return f"{said(bounds.low)} or more"
    return f"{said(bounds.low)} to {said(bounds.high)}"
