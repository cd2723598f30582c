"""How the encodings compare: counts by kind of difference, and a few rows aligned piece by piece."""

from __future__ import annotations

from collections.abc import Iterator

from parity.records.audit import Audit
from parity.records.tokens import TokenExample
from parity_reports.blocks import AlignedPiece, Alignment, Block, Column, Facts, Row, Table
from parity_reports.pages import Section
from parity_reports.text import wording

__all__ = ["build_tokens", "summarise_tokens"]

_KINDS = {
    "text": "the normalised text differs",
    "pieces": "different pieces",
    "ids": "different ids for the same pieces",
    "special": "special tokens differ",
    "special_tokens": "special tokens differ",
    "truncation": "truncated at another length",
    "token_type_ids": "token type ids differ",
    "type_ids": "token type ids differ",
    "padding_side": "padded on the other side",
    "mask": "the attention mask differs",
    "attention_mask": "the attention mask differs",
    "position_ids": "position ids differ",
}
_MARKS = {
    "equal": "",
    "replace": "≠ differs",
    "delete": "− only in the reference",
    "insert": "+ only in the candidate",
}
_CONTEXT = 2
_MOST_PIECES = 60


def build_tokens(audit: Audit, most: int) -> Section:
    """The section, with at most so many rows aligned."""
    return Section("tokens", "Tokens", "Tokens", _sentence(audit), tuple(_blocks(audit, most)))


def summarise_tokens(audit: Audit) -> Section:
    """How many rows differ, and in what."""
    counted = tuple((kind, wording.count(number)) for kind, number in audit.tokens.differences.items())
    facts = (Facts("Kinds of difference", counted, code="names"),) if counted else ()
    return Section("tokens", "Tokens", "Tokens", _sentence(audit), facts)


def _blocks(audit: Audit, most: int) -> Iterator[Block]:
    tokens = audit.tokens
    if tokens.differences:
        yield Table(
            "Kinds of difference",
            (Column("Kind"), Column("What it is"), Column("Rows")),
            tuple(
                Row((kind, _KINDS.get(kind, ""), wording.count(number)))
                for kind, number in tokens.differences.items()
            ),
        )
    if tokens.padding_side:
        yield Facts("Padding side", tuple(tokens.padding_side.items()), heading="Padding side")
    yield from map(_row, tokens.examples[:most])


def _sentence(audit: Audit) -> str:
    tokens = audit.tokens
    differing = tokens.rows - tokens.rows_equal
    if tokens.rows == 0:
        sentence = "No tokens were compared."
    elif differing == 0:
        sentence = (
            f"All {wording.plural(tokens.rows, 'row')} have the same tokens and ids."
            if tokens.rows > 1
            else "The one row has the same tokens and ids."
        )
    else:
        sentence = f"{wording.differing(differing, tokens.rows, 'row')}."
    if tokens.pairs_aligned:
        sentence += f" {wording.plural(tokens.pairs_aligned, 'token')} could still be paired and compared."
    return sentence


def _row(example: TokenExample) -> Alignment:
    script = [step for step in example.script if len(step) == 3 and step[0] in _MARKS]
    shown = _near_differences([step[0] != "equal" for step in script])
    steps: list[AlignedPiece] = []
    skipped = left_out = 0
    for index, (operation, reference, candidate) in enumerate(script):
        if not shown[index]:
            skipped += 1
            continue
        if len(steps) >= _MOST_PIECES:
            left_out += 1
            continue
        if skipped:
            steps.append(_run(skipped))
            skipped = 0
        steps.append(_step(example, operation, reference, candidate))
    if skipped:
        steps.append(_run(skipped))
    row, pair = wording.count(example.row), wording.clip(example.pair or "")
    return Alignment(
        label=f"Alignment of row {row}",
        heading=f"Row {row}: {', '.join(example.kinds)}",
        texts=(wording.clip(example.text), *([pair] if pair else [])),
        steps=tuple(steps),
        left_out=left_out,
    )


def _run(length: int) -> AlignedPiece:
    return AlignedPiece(f"{wording.count(length)} equal", False, "…", "", "…", "", equal_run=length)


def _step(example: TokenExample, operation: str, reference: object, candidate: object) -> AlignedPiece:
    left, left_note = _piece(example.reference_pieces, example.reference_ids, reference)
    right, right_note = _piece(example.candidate_pieces, example.candidate_ids, candidate)
    return AlignedPiece(_MARKS[operation], operation != "equal", left, left_note, right, right_note)


def _piece(pieces: list[str], ids: list[int], index: object) -> tuple[str, str]:
    """A piece, and its place and id; both empty where this side has none."""
    if not isinstance(index, int) or not 0 <= index < len(pieces):
        return "", ""
    identity = f", id {ids[index]}" if index < len(ids) else ""
    return wording.clip(pieces[index], 80), f"at {index}{identity}"


def _near_differences(differs: list[bool]) -> list[bool]:
    return [any(differs[max(0, index - _CONTEXT) : index + _CONTEXT + 1]) for index in range(len(differs))]
