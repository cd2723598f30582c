"""Classes in another order: by their names, or by the order of columns in which the logits fit."""

from __future__ import annotations

from collections.abc import Iterator

from parity.align.labels import LabelAlignment
from parity.causes.case import Case, pair, side
from parity.causes.cause import Cause, Suspicion
from parity.causes.evidence import Evidence, Outputs
from parity.measure.relations import Relation

__all__ = ["LabelOrder"]

_PERMUTED = LabelAlignment("permuted", (1, 0), "The classes have the same names in another order.")
_SAME = LabelAlignment("same", (0, 1), "The classes have the same names in the same order.")
_COLUMNS = Relation("columns", None, 1e-8, 1.2, (1, 0))
_SHOWN = 6


class LabelOrder(Cause):
    NAME = "output.label_order"
    TITLE = "Classes in another order"
    REMEDY = "List the classes in the order of the head's rows."
    STAGE = "label"
    SPECIFICITY = 140
    CASES = (
        Case("names swapped, rows of the head not", pair(first="logits", outputs=Outputs(_PERMUTED))),
        Case("names and rows swapped alike", pair(outputs=Outputs(_PERMUTED))),
        Case(
            "rows of the head swapped, names not",
            pair(side(labels=["no", "yes"]), first="logits", outputs=Outputs(_SAME, _COLUMNS)),
        ),
    )
    BENIGN = (Case("one order", pair(first="logits", outputs=Outputs(_SAME, columns_fit=True))),)

    def suspect(self, evidence: Evidence) -> Iterator[Suspicion]:
        classes = evidence.outputs.classes
        if classes is not None and classes.kind in {"permuted", "by_index"}:
            fits = classes.kind == "by_index" and evidence.outputs.columns_fit
            divergent = evidence.first is not None and evidence.first.stage == "logits" and not fits
            yield Suspicion(
                classes.sentence,
                self.STAGE,
                {"mapping": classes.kind, "permutation": list(classes.permutation or ())},
                severity="divergent" if divergent else "notice",
                standing="suspected" if divergent else "observed",
            )
        relation = evidence.outputs.related(evidence.first)
        if relation is not None and relation.kind == "columns":
            yield _columns(evidence, relation)


def _columns(evidence: Evidence, relation: Relation) -> Suspicion:
    """Logits that are the same numbers in another order of the columns."""
    names = evidence.described.reference.labels or evidence.described.candidate.labels or []
    moved = [
        f"column {place} is the candidate's {column}{f' ({names[place]})' if place < len(names) else ''}"
        for place, column in enumerate(relation.order)
        if place != column
    ]
    more = f" and {len(moved) - _SHOWN} more" if len(moved) > _SHOWN else ""
    return Suspicion(
        f"The candidate's columns match the reference's in another order: {', '.join(moved[:_SHOWN])}{more} "
        f"(relative L2 {relation.left:.1e} in that order, {relation.apart:.1e} in their own).",
        "logits",
        {**relation.distances(), "permutation": list(relation.order)},
        severity="divergent",
    )
