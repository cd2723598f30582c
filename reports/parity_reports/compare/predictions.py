"""Effect on predictions: how many decisions differ, how far probabilities move, and which side is right."""

from __future__ import annotations

from collections.abc import Iterator

from parity.records.decisions import Decisions, Flip, Headroom
from parity_reports.blocks import Block, Column, Facts, More, Row, Table
from parity_reports.compare import older_records
from parity_reports.compare.decision_words import decision_sentence, flips_total
from parity_reports.pages import Section
from parity_reports.text import wording

__all__ = ["build_predictions", "summarise_predictions"]

_CLASS_ORDERS = {
    "permuted": "the same names in another order; compared by name",
    "by_index": "paired by index, because one side does not name its classes",
    "not_comparable": "could not be paired",
}
_TEMPERATURES = (
    "Distances between the two distributions: Jensen-Shannon and Kullback-Leibler in nats, total variation as a share. "
    "A temperature never changes the label; it changes what a threshold decides."
)
_MARGINS = (
    "Margin: the gap between a side’s two largest logits (reference and candidate). A flip within the noise is one that rounding "
    "alone can explain."
)
_MORE = "more that differ"


def build_predictions(decisions: Decisions | None, most: int) -> Section:
    """The section, with at most so many flips listed."""
    blocks = () if decisions is None else tuple(_blocks(decisions, most))
    return Section(
        "predictions", "Effect on predictions", "Predictions", decision_sentence(decisions), blocks
    )


def summarise_predictions(decisions: Decisions | None, most: int) -> Section:
    """The same in short: no headings, and of each flip its text and what both sides decide."""
    blocks = () if decisions is None else tuple(_brief_blocks(decisions, most))
    return Section("predictions", "Decisions", "Decisions", decision_sentence(decisions), blocks)


def _blocks(decisions: Decisions, most: int) -> Iterator[Block]:
    yield Facts("Predictions in short", _facts(decisions))
    if decisions.temperatures:
        yield _temperatures(decisions, "Probabilities at each temperature", _TEMPERATURES)
    if decisions.metrics:
        yield _metrics(decisions, "Against the labels")
    total, flips = flips_total(decisions), decisions.flips[:most]
    if not flips:
        yield from _more(total)
        return
    yield Table(
        "Decisions that differ",
        (
            Column("Row"),
            Column("Text", "prose"),
            Column("Label"),
            Column("Reference"),
            Column("Candidate"),
            Column("Margins", "number"),
            Column("Largest logit change", "number"),
            Column("Within noise?"),
        ),
        tuple(Row(_flip(flip)) for flip in flips),
        heading="Decisions that differ",
        note=_MARGINS,
        left_out=total - len(flips),
        more=_MORE,
    )


def _brief_blocks(decisions: Decisions, most: int) -> Iterator[Block]:
    yield Facts("Predictions in short", _facts(decisions))
    if decisions.temperatures:
        yield _temperatures(decisions)
    if decisions.metrics:
        yield _metrics(decisions)
    total, flips = flips_total(decisions), decisions.flips[:most]
    if not flips:
        yield from _more(total)
        return
    yield Table(
        "Decisions that differ",
        tuple(Column(name, "data") for name in ("Row", "Text", "Reference", "Candidate")),
        tuple(
            Row((place, wording.clip(text, 100), reference, candidate))
            for place, text, _, reference, candidate, *_ in map(_flip, flips)
        ),
        left_out=total - len(flips),
        more=_MORE,
    )


def _more(count: int) -> Iterator[Block]:
    if count:
        yield More(count, _MORE)


def _facts(decisions: Decisions) -> tuple[tuple[str, str], ...]:
    implied = decisions.implied_temperature
    facts = [("Agree", f"{wording.count(decisions.agree)} of {wording.count(decisions.examples)}")]
    if implied.value is not None:
        r2 = "" if implied.r2 is None else f" (R² {implied.r2:.6g})"
        facts.append(("Implied temperature, candidate = reference at T", f"{implied.value:.3f}{r2}"))
    if decisions.ties:
        facts.append(("Ties: two classes share the largest logit on one side", wording.count(decisions.ties)))
    if decisions.flips_explained:
        facts.append(("Flips that rounding alone can explain", wording.count(decisions.flips_explained)))
    if decisions.headroom is not None:
        facts.append(
            ("Of those that agree, would flip if the difference were larger", _would_flip(decisions.headroom))
        )
    if decisions.undefined:
        facts.append(("Undefined: the values of one side are not finite", wording.count(decisions.undefined)))
    if decisions.unknown_labels:
        facts.append(("Labels of the inputs that are not classes", wording.count(decisions.unknown_labels)))
    if decisions.class_order != "same":
        facts.append(("Classes", _CLASS_ORDERS.get(decisions.class_order, decisions.class_order)))
    if how := older_records.decided_by(decisions):
        facts.append(("How it is decided", how))
    return tuple(facts)


def _would_flip(room: Headroom) -> str:
    if room.first_at is None:
        return "none, however large"
    counts = "; ".join(f"{one.times:g} times: {wording.count(one.flips)}" for one in room.would_flip)
    return f"{counts}; the first at {wording.times(room.first_at)} times (row {room.first_row})"


def _temperatures(decisions: Decisions, heading: str = "", note: str = "") -> Table:
    agreeing = any(item.agree for item in decisions.temperatures)
    heads = (
        "T",
        *(["agree"] if agreeing else []),
        "JS mean",
        "JS max",
        "TV mean",
        "TV max",
        "KL mean",
        "KL max",
        "largest change of a probability",
    )
    rows = tuple(
        Row(
            (
                f"{item.temperature:g}",
                *([wording.count(item.agree)] if agreeing else []),
                *(wording.number(value) for value in (item.js_mean, item.js_max, item.tv_mean, item.tv_max)),
                *(wording.number(value) for value in (item.kl_mean, item.kl_max, item.max_abs_probability)),
            )
        )
        for item in decisions.temperatures
    )
    columns = tuple(Column(head) for head in heads)
    return Table("Temperatures", columns, rows, heading=heading, note=note)


def _metrics(decisions: Decisions, heading: str = "") -> Table:
    heads = ("metric", "reference", "candidate", "difference", "interval", "labelled")
    rows = tuple(
        Row(
            (
                item.metric,
                f"{item.reference:.4f}",
                f"{item.candidate:.4f}",
                f"{item.difference:+.4f}",
                _interval(item.low, item.high, item.confidence),
                wording.count(item.labelled),
            )
        )
        for item in decisions.metrics
    )
    return Table("Metrics", tuple(Column(head) for head in heads), rows, heading=heading)


def _interval(low: float | None, high: float | None, confidence: float) -> str:
    if low is None or high is None:
        return wording.NOTHING
    return f"{low:+.4f} to {high:+.4f} ({wording.share(confidence)})"


def _flip(flip: Flip) -> tuple[str, ...]:
    """One decision that differs, as the cells of a row."""
    place = f"{flip.row}" + (
        f", token {flip.token}" if flip.token is not None else f", word {flip.word}" if flip.word else ""
    )
    return (
        place + (f" ({flip.id})" if flip.id else ""),
        wording.clip(flip.text),
        flip.label or wording.NOTHING,
        wording.clip(flip.reference, 80),
        wording.clip(flip.candidate, 80),
        f"{wording.number(flip.reference_margin)} and {wording.number(flip.candidate_margin)}",
        wording.number(flip.max_abs_logit),
        "yes" if flip.explained_by_noise else "no",
    )
