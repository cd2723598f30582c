"""Which stages have an error of their own, and which only inherit one: a sentence for the first screen, lines for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from parity.records.audit import Audit
from parity.records.layers import LayerRecord, OriginRecord
from parity.stages import stage_title
from parity_reports.text import wording

__all__ = ["own_error_lines", "own_error_sentence"]

_NAMED = 8


def own_error_sentence(audit: Audit) -> str:
    """The stages with an error of their own, and that the others inherit; empty where nothing was measured."""
    layers = audit.layers
    if not layers:
        return ""
    if all(one.isolated_relative_l2 is None for one in layers):
        return f"Which stage has an error of its own is not known: {layers[0].reason}."
    own = {one.stage for one in layers if one.own}
    beside = [one.module.candidate for one in audit.origins if not own & set(one.stages)]
    named = [*_runs(layers, "an error of its own"), *beside]
    inherited, unknown = _runs(layers, "inherited"), _runs(layers, "not known")
    parts = [
        f"An error of its own: {_few(named)}" if named else "No stage was found to have an error of its own"
    ]
    if inherited:
        single = len(inherited) == 1 and " to " not in inherited[0]
        parts.append(f"{_few(inherited)} only {'inherits' if single else 'inherit'}")
    if unknown:
        parts.append(f"not known of {_few(unknown)}")
    return f"{'; '.join(parts)}.{_modules(audit)}"


def _modules(audit: Audit) -> str:
    """The modules inside layers, by their paths in the candidate."""
    inside = [one.module.candidate for one in audit.origins if one.paired_by]
    return f" It is that of {_few(inside)}." if inside else ""


def own_error_lines(audit: Audit) -> tuple[str, ...]:
    """A line for each run of stages of one kind, own error and total side by side; then one for each module that has an error of its own."""
    inside = any(one.paired_by or one.reason for one in audit.origins)
    return (*_lines(audit.layers), *(_module_lines(audit.origins) if inside else ()))


def _module_lines(origins: Sequence[OriginRecord]) -> Iterator[str]:
    for one in origins[:_NAMED]:
        own, total = (
            "not known" if size is None else wording.number(size)
            for size in (one.isolated_relative_l2, one.total_relative_l2)
        )
        where = ", ".join(one.stages[:_NAMED])
        remark = f" ({one.reason})" if one.reason else ""
        yield f"{one.module.candidate or 'the model'} in {where}: isolated {own}, total {total}{remark}"
    if len(origins) > _NAMED:
        yield f"and {len(origins) - _NAMED} more modules"


def _lines(layers: Sequence[LayerRecord]) -> Iterator[str]:
    if not any(one.isolated_relative_l2 is not None for one in layers):
        return
    for (kind, reason), group in groupby(layers, lambda one: (_kind(one), one.reason)):
        run = list(group)
        name = run[0].stage if len(run) == 1 else f"{run[0].stage} to {run[-1].stage}"
        most = "up to " if len(run) > 1 else ""
        own = max((one.isolated_relative_l2 or 0.0 for one in run), default=0.0)
        total = max((one.total_relative_l2 or 0.0 for one in run), default=0.0)
        isolated = "not known" if kind == "not known" else f"{most}{wording.number(own)}"
        remark = f" ({reason})" if reason else ""
        yield f"{name}: isolated {isolated}, total {most}{wording.number(total)}: {kind}{remark}"


def _kind(one: LayerRecord) -> str:
    if one.isolated_relative_l2 is None:
        return "not known"
    if one.own:
        return "an error of its own"
    return "inherited" if _differs(one) else "no error"


def _differs(one: LayerRecord) -> bool:
    return one.total_relative_l2 is not None and one.total_relative_l2 > (one.allowed or 0.0)


def _runs(layers: Sequence[LayerRecord], kind: str) -> list[str]:
    """The stages of a kind, those that follow one another as a run."""
    found: list[str] = []
    for seen, group in groupby(layers, _kind):
        run = list(group)
        if seen == kind:
            ends = [_titled(one.stage) for one in (run[0], run[-1])]
            found.append(ends[0] if len(run) == 1 else " to ".join(ends))
    return found


def _titled(stage: str) -> str:
    title = stage_title(stage)
    return title[:1].lower() + title[1:]


def _few(names: Sequence[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join([*names[:_NAMED], *([f"{more} more"] if more > 0 else [])])
