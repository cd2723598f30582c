"""What was compared: both subjects field by field, the differences first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from parity.records.audit import Audit
from parity.records.subject import SubjectRecord
from parity_reports.blocks import Block, Column, Facts, More, Prose, Row, Table
from parity_reports.pages import Section
from parity_reports.text import wording

__all__ = ["Compared", "Field", "build_compared", "compared_fields", "summarise_compared"]

_DIGESTS = "internals"  # of the tokenizer's parts: nothing to read; those that differ are named by a finding

_MOST_NAMES = 20
_MOST_IN_SUMMARY = 15


@dataclass(frozen=True)
class Field:
    """One field on both sides; a dash where a side does not have it."""

    name: str
    reference: str
    candidate: str


@dataclass(frozen=True)
class Compared:
    """Fields that differ, fields that only one side has, fields that are the same, and how many more there are."""

    differing: tuple[Field, ...]
    one_sided: tuple[Field, ...]
    same: tuple[Field, ...]
    left_out: int


def build_compared(audit: Audit, most_fields: int, most_remarks: int) -> Section:
    """The section, with at most so many fields and remarks."""
    return Section(
        "compared",
        "What was compared",
        "What was compared",
        "",
        tuple(_blocks(audit, compared_fields(audit, most_fields), most_remarks)),
    )


def summarise_compared(audit: Audit, most_fields: int) -> Section | None:
    """The fields that differ, but for the subjects' own names; None where none does."""
    fields = [field for field in compared_fields(audit, most_fields).differing if field.name != "subject"]
    if not fields:
        return None
    shown = [
        Field(*(wording.clip(text, 120) for text in (field.name, field.reference, field.candidate)))
        for field in fields[:_MOST_IN_SUMMARY]
    ]
    table = _table("Fields that differ", shown)
    left_out = len(fields) - len(shown)
    blocks: tuple[Block, ...] = (
        table,
        *(
            [Prose(f"{wording.count(left_out)} more fields differ; they are in the record.")]
            if left_out
            else []
        ),
    )
    return Section("compared", "What differs between the two", "What differs", "", blocks)


def compared_fields(audit: Audit, most: int) -> Compared:
    """Both subjects field by field, with at most so many fields."""
    sides = [list(_fields(subject)) for subject in (audit.reference, audit.candidate)]
    reference, candidate = ({name: text for name, text, _ in side} for side in sides)
    contents = [{name: content for name, _, content in side} for side in sides]
    names = list(dict.fromkeys([*reference, *candidate]))
    shown = names[:most]
    fields = [
        Field(name, reference.get(name, wording.NOTHING), candidate.get(name, wording.NOTHING))
        for name in shown
    ]
    both = [field for field in fields if field.name in reference and field.name in candidate]
    # By their contents: a long text is shown cut off, and what is cut off may differ.
    same = {field.name for field in both if contents[0][field.name] == contents[1][field.name]}
    return Compared(
        differing=tuple(field for field in both if field.name not in same),
        one_sided=tuple(field for field in fields if field not in both),
        same=tuple(field for field in both if field.name in same),
        left_out=len(names) - len(shown),
    )


def _blocks(audit: Audit, found: Compared, most_remarks: int) -> Iterator[Block]:
    if found.differing:
        yield _table("Fields that differ", found.differing, heading="What differs")
    else:
        yield Prose("All fields that both sides have are the same.")
    remarks = list(_remarks(audit))
    if remarks:
        yield Table(
            "Remarks",
            (Column("Side"), Column("What"), Column("Which")),
            tuple(map(Row, remarks[:most_remarks])),
            heading="Notes and warnings",
            left_out=max(0, len(remarks) - most_remarks),
        )
    yield Facts("Inputs", _inputs(audit), heading="Inputs")
    if found.one_sided:
        heading = f"{len(found.one_sided)} fields that only one side has"
        yield _table("Fields on one side", found.one_sided, heading=heading, collapsed=True)
    if found.same:
        yield Facts(
            "Fields that are the same",
            tuple((field.name, field.reference) for field in found.same),
            heading=f"{len(found.same)} fields that are the same",
            collapsed=True,
            code="values",
        )
    if found.left_out:
        yield More(found.left_out, "more fields")
    rows = tuple((name, wording.as_text(value)) for name, value in audit.provenance.facts().items())
    if rows:
        yield Facts("Provenance", rows, heading="Provenance of this audit", collapsed=True)


def _table(label: str, fields: Sequence[Field], *, heading: str = "", collapsed: bool = False) -> Table:
    columns = (
        Column("Field", "data"),
        Column("Reference", "code", "ref"),
        Column("Candidate", "code", "cand"),
    )
    rows = tuple(Row((field.name, field.reference, field.candidate)) for field in fields)
    return Table(label, columns, rows, heading=heading, collapsed=collapsed, look="fields")


def _inputs(audit: Audit) -> tuple[tuple[str, str], ...]:
    inputs = audit.inputs
    return (
        ("Source", inputs.source + (" (built in)" if inputs.built_in else "")),
        ("Examples", wording.count(inputs.count)),
        ("With a label", wording.count(inputs.labelled)),
        ("Text pairs", wording.count(inputs.pairs)),
        *(
            (("Inputs with choices", f"{wording.count(inputs.choices)}, each choice a row"),)
            if inputs.choices
            else ()
        ),
        ("Digest", inputs.digest),
    )


def _fields(subject: SubjectRecord) -> Iterator[tuple[str, str, Any]]:
    """Each field's name, what it is in words, and what it is."""
    for name, value in (
        ("subject", subject.spec),
        ("framework", subject.framework),
        ("weights digest", subject.weights_digest),
        ("model class", subject.model_class),
        ("task", subject.task),
        ("dtype", subject.dtype),
        ("device", subject.device),
    ):
        yield name, wording.as_text(value) if name not in ("subject", "framework") else str(value), value
    yield "parameters", wording.count(subject.parameters), subject.parameters
    classes = wording.NOTHING if subject.labels is None else wording.as_text(subject.labels)
    yield "classes", classes, subject.labels
    yield "temperature", wording.as_text(subject.temperature), subject.temperature
    yield "scope", subject.scope, subject.scope
    for kind, table in (
        ("version", subject.versions),
        ("tokenizer", {name: value for name, value in subject.tokenizer.items() if name != _DIGESTS}),
        ("config", subject.config),
    ):
        for name, value in table.items():
            yield f"{kind}: {name}", wording.as_text(value), value


def _remarks(audit: Audit) -> Iterator[tuple[str, str, str]]:
    for side, subject in (("reference", audit.reference), ("candidate", audit.candidate)):
        if subject.newly_initialised:
            yield side, "Weights missing from the file", _names(subject.newly_initialised)
        if subject.unused_weights:
            yield side, "Weights that are not used", _names(subject.unused_weights)
        for note in subject.notes:
            yield side, "Note", wording.clip(note)
        for warning in subject.warnings:
            yield side, "Warning", wording.clip(warning)


def _names(names: list[str]) -> str:
    more = f" and {wording.count(len(names) - _MOST_NAMES)} more" if len(names) > _MOST_NAMES else ""
    return wording.clip(", ".join(names[:_MOST_NAMES]), 1200) + more
