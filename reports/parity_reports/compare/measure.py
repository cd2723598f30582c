"""A measure: one stage in one pass, in words."""

from __future__ import annotations

from dataclasses import dataclass

from parity.records.stage import StageRecord
from parity_reports.blocks import StageCell
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
    """One stage in one pass: its record, its cell in the table of stages, and every further number."""

    record: StageRecord
    cell: StageCell
    beyond_float64: bool
    float64_only: bool
    more: tuple[tuple[str, str], ...]


def measure_of(record: StageRecord) -> Measure:
    """The measure of a record."""
    float64_only = _float64_only(record)
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
    return Measure(record, _cell(record, float64_only), _beyond_float64(record), float64_only, more)


def _cell(record: StageRecord, float64_only: bool) -> StageCell:
    glyph, word, tone = _WORDS[record.status]
    if float64_only:
        word = "divergent in float64"
    if record.ignored:
        word, tone = f"{word}, does not count", "" if tone == "bad" else tone
    return StageCell(
        glyph=glyph,
        word=word,
        tone=tone,
        divergent=record.status == "divergent",
        reach=_reach(record),
        share_beyond=record.rows_beyond / record.rows if record.rows else None,
        relative=wording.number(record.relative_l2),
        floor="" if record.noise_floor is None else wording.number(record.noise_floor),
        limit="" if record.limit is None else wording.number(record.limit),
        times=wording.times(record.times_floor),
        largest=wording.number(record.max_abs.value),
        place=record.max_abs.at or "",
        float64=wording.number(record.float64_relative_l2),
        size=_size(record, float64_only),
        extreme=_extreme(record),
    )


def _size(record: StageRecord, float64_only: bool) -> str:
    """The relative difference as a phrase, in float64 where that is what counts; empty where there is none."""
    if not record.relative_l2:
        return ""
    in_float64 = float64_only or (record.status == "within_limit" and bool(record.reason))
    return wording.float64(record) if in_float64 else wording.relative(record)


def _extreme(record: StageRecord) -> str:
    """The largest difference with place and permission; how many rows differ where it is not a number."""
    if record.max_abs.value is None:
        return _reach(record)
    permitted = (
        f" (up to {wording.number(record.max_abs_floor, 0)} is noise)"
        if record.max_abs_floor is not None
        else ""
    )
    place = f" at {record.max_abs.at}" if record.max_abs.at else ""
    return f"{wording.number(record.max_abs.value)}{place}{permitted}"


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
