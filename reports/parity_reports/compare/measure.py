"""A measure: one stage in one pass, in words."""

from __future__ import annotations

from dataclasses import dataclass

from parity.records.stage import StageRecord
from parity_reports.text import wording

__all__ = ["Measure", "measure_of"]

_WORDS = {
    "equal": ("=", "equal", "ok"),
    "within_noise": ("✓", "within noise", "ok"),
    "within_limit": ("≈", "within its limit", "ok"),
    "divergent": ("✕", "divergent", "bad"),
    "not_comparable": ("?", "not comparable", "warn"),
}


@dataclass(frozen=True)
class Measure:
    """One stage in one pass, in words."""

    status: str
    glyph: str
    word: str
    tone: str
    relative: str
    floor: str
    allowed: str
    limit: str
    times: str
    largest: str
    place: str
    largest_floor: str
    float64: str
    float64_allowed: str
    reach: str
    share_beyond: float | None
    reason: str
    more: tuple[tuple[str, str], ...]
    beyond_float64: bool
    float64_only: bool
    record: StageRecord


def measure_of(record: StageRecord) -> Measure:
    """The measure of a record."""
    glyph, word, tone = _WORDS[record.status]
    float64_only = _float64_only(record)
    if float64_only:
        word = "divergent in float64"
    if record.ignored:
        word, tone = f"{word}, does not count", "" if tone == "bad" else tone
    more = (
        ("mean abs", wording.number(record.mean_abs)),
        ("RMSE", wording.number(record.rmse)),
        ("cosine distance", wording.number(record.cosine_distance)),
        ("SQNR", wording.NOTHING if record.sqnr_db is None else f"{record.sqnr_db:.1f} dB"),
        ("centred relative L2", wording.number(record.centred_relative_l2)),
        ("norm ratio", wording.NOTHING if record.norm_ratio is None else f"{record.norm_ratio:.6g}"),
        (
            "not finite",
            f"{wording.count(record.non_finite_reference)} and {wording.count(record.non_finite_candidate)}",
        ),
        ("rows beyond", f"{wording.count(record.rows_beyond)} of {wording.count(record.rows)}"),
        (
            "positions beyond",
            f"{wording.count(record.positions_beyond)} of {wording.count(record.positions)}",
        ),
        ("values compared", wording.count(record.compared)),
    )
    return Measure(
        status=record.status,
        glyph=glyph,
        word=word,
        tone=tone,
        relative=wording.number(record.relative_l2),
        floor=wording.number(record.noise_floor),
        allowed=wording.number(record.allowed),
        limit=wording.number(record.limit),
        times=wording.times(record.times_floor),
        largest=wording.number(record.max_abs.value),
        place=record.max_abs.at or "",
        largest_floor=wording.number(record.max_abs_floor, 0),
        float64=wording.number(record.float64_relative_l2),
        float64_allowed=wording.number(record.float64_allowed),
        reach=_reach(record),
        share_beyond=record.rows_beyond / record.rows if record.rows else None,
        reason=record.reason,
        more=more,
        beyond_float64=_beyond_float64(record),
        float64_only=float64_only,
        record=record,
    )


def _beyond_float64(record: StageRecord) -> bool:
    measured, allowed = record.float64_relative_l2, record.float64_allowed
    return (
        record.status == "divergent" and measured is not None and allowed is not None and measured > allowed
    )


def _float64_only(record: StageRecord) -> bool:
    """Whether float32 is within what is allowed and float64 is not."""
    within = (
        record.relative_l2 is not None and record.allowed is not None and record.relative_l2 <= record.allowed
    )
    return within and _beyond_float64(record) and "float32" in record.reason


def _reach(record: StageRecord) -> str:
    if not record.rows_beyond:
        return ""
    everyone = record.rows_beyond == record.rows
    return (
        f"all {wording.count(record.rows)} rows"
        if everyone
        else f"{wording.count(record.rows_beyond)} of {wording.count(record.rows)} rows"
    )
