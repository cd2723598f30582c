"""The end of a comparison: the passes after the sweep, one by one, while both sides are still open. No pass is named here."""

from __future__ import annotations

from typing import NamedTuple

from parity.errors import InputsDoNotFit, ParityError, RunnerRaised
from parity.passes import after_passes
from parity.passes.after import AfterContext, AfterPass
from parity.records.after import AfterResult, joined
from parity.records.passes import PassRecord
from parity.records.stage import NotCompared

__all__ = ["After", "run_after"]


class After(NamedTuple):
    """What these passes have, together, and the passes as the record keeps them."""

    result: AfterResult = AfterResult()
    passes: tuple[PassRecord, ...] = ()


def run_after(context: AfterContext, ended: str) -> After:
    """Run every pass after the sweep that can be run; `ended` says how the process of a side ended, empty while both run."""
    results: list[AfterResult] = []
    records: list[PassRecord] = []
    for one in after_passes():
        reason = one.possible(context.sides, context.plan, context.settings)
        result = AfterResult(reason=reason)
        if not reason:
            result, ended = (
                (_not_run(one, ended), ended)
                if ended
                else _run(one, context._replace(so_far=joined(results)))
            )
        results.append(result)
        records.append(_record(one, result))
    return After(joined(results), tuple(records))


def _run(one: AfterPass, context: AfterContext) -> tuple[AfterResult, str]:
    """What a pass has, and how the process of a side ended in it, if one did."""
    try:
        return one.run(context), ""
    except ParityError as error:
        reason = error.sentence.rstrip(".")
        ended = "" if isinstance(error, RunnerRaised | InputsDoNotFit) else reason
    except Exception as error:  # noqa: BLE001  # a pass of another package may raise whatever it likes
        reason, ended = f"{type(error).__name__}: {error}".rstrip("."), ""
    return _not_run(one, f"the pass {one.title} failed: {reason}"), ended


def _not_run(one: AfterPass, reason: str) -> AfterResult:
    return AfterResult(reason=reason, not_compared=(NotCompared(stage=one.stage, reason=reason),))


def _record(one: AfterPass, result: AfterResult) -> PassRecord:
    return PassRecord(
        name=one.name,
        title=one.title,
        sentence=one.sentence,
        note=one.note,
        phase=one.phase,
        feed=one.feed,
        rows=result.rows,
        reason=result.reason,
    )
