"""What passes share that generate texts again in a way that must not change them: which rows, the record, and what is shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from parity.align.plan import Plan
from parity.inputs.batches import sample_rows
from parity.passes.after import AfterContext, AfterSettings
from parity.passes.own import OWN
from parity.passes.text_runs import Texts
from parity.records.exhibit import Cell, Exhibit, ExhibitColumn
from parity.records.generation import FirstDifference, TextsAgain
from parity.records.pair import Pair
from parity.records.places import Place, Status
from parity.records.stage import StageRecord
from parity.session.session import Session

__all__ = [
    "NOT_REQUESTED",
    "TextPass",
    "again",
    "again_exhibit",
    "difference_in_words",
    "sampled",
    "text_stage",
]

NOT_REQUESTED = "generation was not requested (--generate N)"
_ROWS = 8
_SHOWN = 16
_EXPLAINED: Mapping[bool | None, str] = {True: "noise", False: "", None: "not known"}
_SIDES: Pair[Literal["reference", "candidate"]] = Pair("reference", "candidate")


class TextPass:
    """When a pass that generates again runs: where generation was requested and both sides generate."""

    def possible(self, sides: Pair[Session], plan: Plan, settings: AfterSettings) -> str:
        """A side that cannot generate is reported by the pass that compares the texts."""
        if not settings.generate:
            return NOT_REQUESTED
        able = all(side.described.can.generate and side.described.recorded is None for side in sides)
        tokens = not any(side.described.can.texts_only for side in sides)
        return "" if able and tokens else "not both sides generate texts and show their tokens"


def sampled(context: AfterContext, most: int = _ROWS) -> list[int]:
    """Some of the sampled rows, evenly drawn."""
    return [context.rows[place] for place in sample_rows(len(context.rows), most)]


def again(
    way: Literal["cache", "batch", "streamed"], number: int, texts: Texts, **facts: int | bool
) -> TextsAgain:
    """The record of one side's (0, 1) texts beside the same generated again; rows that failed are its reason."""
    reason = next((f"row {row}: {why.partition(': ')[2]}" for row, why in texts.failed.items()), "")
    return TextsAgain(
        way=way,
        side=_SIDES[number],
        rows=len(texts.rows),
        equal=len(texts.rows) - len(texts.differences),
        first_differences=texts.differences,
        use_cache=bool(facts["use_cache"]) if "use_cache" in facts else None,
        batch=facts.get("batch", 1),
        reason=reason,
    )


def difference_in_words(item: FirstDifference) -> str:
    """A difference as a part of a sentence: its row, the token, and what stands there on the one hand and on the other."""
    if item.position is None:
        return f"row {item.row}, {item.reference!r} and {item.candidate!r}"
    shown = ("the end" if one is None else repr(one) for one in (item.reference, item.candidate))
    return f"row {item.row}, token {item.position}: {' and '.join(shown)}"


def again_exhibit(of: str, title: str, note: str, seen: Sequence[TextsAgain]) -> tuple[Exhibit, ...]:
    """A table of the first differences of both sides; nothing where all texts are equal."""
    rows: list[list[Cell]] = []
    for one in seen:
        for item in one.first_differences:
            known = _EXPLAINED[item.explained_by_noise]
            at = "the same tokens" if item.position is None else f"token {item.position}"
            cells: list[Cell] = [one.side, item.row, at, item.margin, known]
            rows.append([*cells, item.reference or "", item.candidate or ""])
    if not rows:
        return ()
    return (
        Exhibit(
            title=title,
            kind="table",
            columns=[
                ExhibitColumn(name="side"),
                ExhibitColumn(name="row", kind="number"),
                ExhibitColumn(name="first difference"),
                ExhibitColumn(name="margin", kind="number"),
                ExhibitColumn(name="explained by"),
                ExhibitColumn(name="as it generates", kind="data"),
                ExhibitColumn(name="again", kind="data"),
            ],
            rows=rows[:_SHOWN],
            of=of,
            note=note,
            left_out=max(0, len(rows) - _SHOWN),
        ),
    )


def text_stage(
    stage: str, rows: int, compared: int, differences: Sequence[FirstDifference], what: str
) -> StageRecord:
    """The stage of texts that both sides made in one way; `what` begins the reason where some differ by more than noise explains."""
    beyond = [item for item in differences if not item.explained_by_noise]
    status: Status = "divergent" if beyond else "within_noise" if differences else "equal"
    return StageRecord(
        stage=stage,
        pass_=OWN.name,
        status=status,
        relative_l2=None,
        max_abs=Place(value=None, at=None),
        noise_floor=None,
        times_floor=None,
        float64_relative_l2=None,
        compared=compared,
        rows=rows,
        rows_beyond=len(beyond),
        first_beyond=[[item.row] for item in beyond[:8]],
        reason=f"{what} ({difference_in_words(beyond[0])})" if beyond else "",
    )
