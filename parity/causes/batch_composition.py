"""A side whose rows depend on their batch: alone they give other values than beside others."""

from __future__ import annotations

from collections.abc import Iterator

from parity.causes.case import Case, pair, repeat, texts_again
from parity.causes.cause import Cause, Suspicion
from parity.causes.evidence import Evidence
from parity.records.after import AfterResult
from parity.records.pair import Pair

__all__ = ["BatchComposition"]

_PAD_LEFT = (
    "Pad prompts on the left (?padding_side=left, or padding_side in tokenizer_config.json): a text that is continued after padding is "
    "another one."
)


class BatchComposition(Cause):
    NAME = "batch.composition"
    TITLE = "Rows depend on their batch"
    REMEDY = (
        "Run both sides with the same rows together, or one row at a time. Some architectures depend on padding by design; in others "
        "padding is attended to, or moves the positions."
    )
    STAGE = "embeddings"
    CASES = (
        Case(
            "one side alone, and both in the same batches",
            pair(after=AfterResult(repeats=[repeat("alone", alike=True)])),
        ),
        Case(
            "the two sides are run in other batches, and differ",
            pair(first="layer.0", after=AfterResult(repeats=[repeat("alone")])),
        ),
        Case("a prompt in a batch gives another text", pair(after=texts_again("batch", batch=8))),
        Case(
            "the two sides give other texts in their batches",
            pair(first="generated.batch", after=texts_again("batch", batch=8)),
        ),
    )
    BENIGN = (
        Case("rows alone are the same", pair(first="layer.0")),
        Case("prompts in a batch give the same texts", pair(after=texts_again("batch", differing=0))),
        Case("it keeps state", pair(after=AfterResult(repeats=[repeat("other_order"), repeat("alone")]))),
    )

    def suspect(self, evidence: Evidence) -> Iterator[Suspicion]:
        seen = evidence.after.repeats
        unlike = {one.side for one in seen if one.kind != "alone"}
        for one in seen:
            if one.kind != "alone" or one.side in unlike:
                continue
            explains = evidence.first is not None and not one.alike
            where = ", ".join(map(str, one.rows[:8])) + (", …" if len(one.rows) > 8 else "")
            shown = (
                "; both sides were run alike, so that the comparison does not show it" if one.alike else ""
            )
            yield Suspicion(
                f"In a batch of {one.batch} the {one.side} gives other values than for the same rows alone, in {len(one.rows)} of {one.of} "
                f"rows ({where}), from {one.stage} on (relative L2 {one.relative_l2:.1e}, up to {one.allowed:.1e} is noise){shown}.",
                one.stage,
                {"side": one.side, "relative_l2": one.relative_l2, "rows": list(one.rows)},
                severity="divergent" if explains else "notice",
                standing="suspected" if explains else "observed",
                could_hide=not explains,
            )
        yield from _of_texts(evidence)


def _of_texts(evidence: Evidence) -> Iterator[Suspicion]:
    """A side whose generated texts depend on their batch."""
    generation = evidence.after.generation
    for one in generation.again if generation is not None else ():
        if one.way != "batch" or not one.unexplained:
            continue
        explains = evidence.first is not None and evidence.first.stage in ("generated", "generated.batch")
        rows = [item.row for item in one.unexplained]
        where = ", ".join(map(str, rows[:8])) + (", …" if len(rows) > 8 else "")
        padded = evidence.described[Pair._fields.index(one.side)].tokenizer.get("padding_side")
        side = f", padded on the {padded}," if padded else ""
        yield Suspicion(
            f"In a batch of {one.batch}{side} the {one.side} generates other texts than for the same prompts alone, in {len(rows)} of "
            f"{one.rows} rows ({where}), and noise does not explain it.",
            "generated",
            {"side": one.side, "rows": rows, "batch": one.batch},
            severity="divergent" if explains else "notice",
            standing="suspected" if explains else "observed",
            remedy=_PAD_LEFT if padded == "right" else "",
            could_hide=not explains,
        )
