"""Where a comparison's difference starts: the first of the four answers."""

from __future__ import annotations

from parity.records.audit import Audit
from parity.records.passes_shown import passes_shown
from parity.records.stage import StageRecord
from parity.stages import INPUT_STAGES, stage_title
from parity_reports.compare.own_errors import own_error_sentence
from parity_reports.pages import Answer
from parity_reports.text import wording

__all__ = ["answer_where", "excluded_stages", "limited_stages"]


def answer_where(audit: Audit) -> Answer:
    question, first = "Where does it start?", audit.first_divergence
    if first is None:
        limited = limited_stages(audit)
        unseen = sum(item.counts for item in audit.not_compared)
        if audit.verdict == "not_comparable":
            detail = (
                f"{wording.plural(unseen, 'part')} could not be compared."
                if unseen
                else "Nothing was compared."
            )
            return Answer(question, "Unknown", detail, "not-compared", "What could not be compared")
        if limited:
            start = limited[0]
            count = len({record.stage for record in limited})
            detail = f"{wording.limited(count)}. {_size(start)}"
            title = f"{stage_title(start.stage)}, within its limit"
            return Answer(question, wording.clip(title, 80), detail, "stages", "Stages")
        within = [record for record in audit.stages if record.status in ("equal", "within_noise")]
        seen = len({record.stage for record in within if not record.ignored})
        detail = f"{wording.plural(seen, 'stage')} compared, none above its noise floor."
        excluded = excluded_stages(audit)
        if excluded:
            detail += f" Excluded stages that differ: {wording.as_text(excluded)}."
        return Answer(question, "Nowhere that counts" if excluded else "Nowhere", detail, "stages", "Stages")
    record = _record(audit)
    sentences = [_place_sentence(audit), _size(record) if record else "", own_error_sentence(audit)]
    detail = " ".join(sentence for sentence in sentences if sentence)
    return Answer(question, wording.clip(stage_title(first.stage), 80), detail, "stages", "Stages")


def limited_stages(audit: Audit) -> list[StageRecord]:
    """The stages that rounding does not explain and that only a limit permits."""
    return [record for record in audit.stages if record.status == "within_limit" and not record.ignored]


def excluded_stages(audit: Audit) -> list[str]:
    """The stages that differ and do not count."""
    return list(
        dict.fromkeys(
            record.stage for record in audit.stages if record.ignored and record.status == "divergent"
        )
    )


def _record(audit: Audit) -> StageRecord | None:
    first = audit.first_divergence
    if first is None:
        return None
    return next(
        (item for item in audit.stages if (item.stage, item.pass_) == (first.stage, first.pass_)), None
    )


def _place_sentence(audit: Audit) -> str:
    first = audit.first_divergence
    assert first is not None
    sentence = passes_shown(audit).sentence(first.pass_)
    by = sentence[:1].upper() + sentence[1:]
    if first.stage in INPUT_STAGES:
        by = "In the model's inputs"
    places = [f"example {first.example}"] if first.example is not None else []
    places += [f"token {first.token}"] if first.token is not None else []
    where = f", first seen at {', '.join(places)}" if places else ""
    hidden = f". Not visible in {_precision(audit)}, visible in float64" if first.float64_only else ""
    return f"{by}{where}{hidden}."


def _precision(audit: Audit) -> str:
    """What the sides were run in."""
    return " and ".join(dict.fromkeys(side.dtype or "float32" for side in (audit.reference, audit.candidate)))


def _size(record: StageRecord) -> str:
    if record.noise_floor is None and record.rows:
        return f"{wording.differing(record.rows_beyond, record.rows, 'row')}."
    if (
        record.reason.startswith(("invisible", "rounding explains it in "))
        and record.float64_relative_l2 is not None
    ):
        return f"{wording.capital(wording.float64(record))}."
    return f"{wording.capital(wording.relative(record))}; largest {wording.measured('difference', record.max_abs, record.max_abs_floor)}."
