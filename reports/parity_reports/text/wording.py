"""How numbers and names are written: with value, place and permission, in the same words in every report."""

from __future__ import annotations

import json
import math
from typing import Any

from parity.records.places import Place
from parity.records.stage import StageRecord

__all__ = [
    "NOTHING",
    "as_text",
    "capital",
    "clip",
    "count",
    "differing",
    "float64",
    "limited",
    "measured",
    "number",
    "plural",
    "relative",
    "share",
    "times",
]

NOTHING = "–"
"""What is shown where a number is missing."""


def number(value: float | None, digits: int = 1) -> str:
    """A size: `3.1e-02`, or three digits from 0.1 on.

    >>> number(0.0312), number(0.5), number(0.0), number(None), number(float("nan"))
    ('3.1e-02', '0.5', '0', '–', 'NaN')
    """
    if value is None:
        return NOTHING
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
    if value == 0:
        return "0"
    return f"{value:.3g}" if 0.1 <= abs(value) < 1e4 else f"{value:.{digits}e}"


def count(value: int) -> str:
    """A count with its thousands: `10,000`."""
    return f"{value:,}"


def plural(value: int, noun: str) -> str:
    """A count with its noun.

    >>> plural(1, "example"), plural(1200, "example")
    ('1 example', '1,200 examples')
    """
    return f"{count(value)} {noun}" if value == 1 else f"{count(value)} {noun}s"


def differing(value: int, whole: int, noun: str) -> str:
    """How many of how many differ.

    >>> differing(1, 120, "row"), differing(41, 120, "row")
    ('1 of 120 rows differs', '41 of 120 rows differ')
    """
    return f"{count(value)} of {plural(whole, noun)} differ{'s' if value == 1 else ''}"


def share(value: float | None) -> str:
    """A share as a percentage.

    >>> share(0.0155), share(0.0), share(1.0)
    ('1.55 %', '0 %', '100 %')
    """
    if value is None or not math.isfinite(value):
        return number(value)
    return f"{100 * value:.3g} %"


def times(value: float | None) -> str:
    """How many times the noise floor.

    >>> times(0.62), times(4103.2), times(None), times(3.2e9)
    ('0.6', '4,103', '–', '3.2e+09')
    """
    if value is None or not math.isfinite(value):
        return number(value)
    if 0 < value < 0.05:
        return "under 0.1"
    return f"{value:.1f}" if value < 10 else f"{value:,.0f}" if value < 1e6 else f"{value:.1e}"


def measured(stage: str, largest: Place, floor: float | None) -> str:
    """The largest difference with value, place and permission.

    >>> measured("logits", Place(value=0.031, at="[row 4, class 2]"), 4e-6)
    'logits 3.1e-02 at [row 4, class 2] (up to 4e-06 is noise)'
    """
    if largest.value is None and largest.at is None:
        return f"{stage}: not measured"
    value = "not finite" if largest.value is None else number(largest.value)
    place = f" at {largest.at}" if largest.at else ""
    permission = f" (up to {number(floor, 0)} is noise)" if floor is not None else ""
    return f"{stage} {value}{place}{permission}"


def relative(record: StageRecord) -> str:
    """The relative L2 of a stage against its floor, and its limit where one was set.

    `relative L2 2.1e-05, 70 times its noise floor of 3.0e-07, within the limit of 1.0e-03 that was set`
    """
    if record.relative_l2 is None:
        return "relative L2 not measured"
    sentence = f"relative L2 {number(record.relative_l2)}"
    if record.noise_floor is not None and record.times_floor is not None:
        sentence += f", {times(record.times_floor)} times its noise floor of {number(record.noise_floor)}"
    if record.limit is not None:
        within = record.relative_l2 <= record.limit
        sentence += f", {'within' if within else 'over'} the limit of {number(record.limit)} that was set"
    return sentence


def float64(record: StageRecord) -> str:
    """The relative L2 of a stage with both sides in float64: `relative L2 in float64 2.0e-06 (up to 1e-12 is rounding)`."""
    word = "is rounding" if record.limit is None else "is allowed"
    permitted = (
        "" if record.float64_allowed is None else f" (up to {number(record.float64_allowed, 0)} {word})"
    )
    return f"relative L2 in float64 {number(record.float64_relative_l2)}{permitted}"


def limited(count_: int) -> str:
    """How many stages only a limit permits.

    >>> limited(1), limited(3)
    ('1 stage is over its noise floor, within the limit that was set', '3 stages are over their noise floor, within the limits that were set')
    """
    if count_ == 1:
        return "1 stage is over its noise floor, within the limit that was set"
    return f"{plural(count_, 'stage')} are over their noise floor, within the limits that were set"


def capital(text: str) -> str:
    """A phrase as the beginning of a sentence: its first letter is a capital.

    >>> capital("relative L2"), capital("")
    ('Relative L2', '')
    """
    return text[:1].upper() + text[1:]


def clip(text: str, limit: int = 400) -> str:
    """The text, or its beginning and how much more there is.

    >>> clip("abcdef", 4)
    'abcd … (2 more characters)'
    """
    return text if len(text) <= limit else f"{text[:limit]} … ({count(len(text) - limit)} more characters)"


def as_text(value: Any) -> str:
    """Any value of a record as one line of text, clipped.

    >>> as_text([1, 2]), as_text({"a": None}), as_text(True), as_text(""), as_text(1e-12), as_text(0.9998)
    ('1, 2', '{"a": null}', 'yes', '–', '1.0e-12', '0.9998')
    """
    if value is None or value == "":
        return NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return f"{value:.6g}" if 1e-4 <= abs(value) < 1e6 else number(value)
    if isinstance(value, str):
        return clip(value)
    if isinstance(value, list | tuple) and all(isinstance(item, str | int | float | None) for item in value):  # pyright: ignore[reportUnknownVariableType]
        return clip(", ".join(as_text(item) for item in value)) if value else "none"  # pyright: ignore[reportUnknownVariableType]
    # By content: a trace gives an object's keys back in another order than the model did.
    return clip(json.dumps(value, ensure_ascii=False, default=str, sort_keys=True))
