"""What was compared: both subjects field by field, the differences first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from parity.records.audit import Audit
from parity.records.subject import SubjectRecord
from parity_reports.text import wording

__all__ = ["Compared", "Field", "build_compared"]

_DIGESTS = "internals"  # of the tokenizer's parts: nothing to read; those that differ are named by a finding

_MOST_NAMES = 20


@dataclass(frozen=True)
class Field:
    """One field on both sides; a dash where a side does not have it."""

    name: str
    reference: str
    candidate: str


@dataclass(frozen=True)
class Compared:
    """Fields that differ, fields that only one side has, fields that are the same, and what either side remarked."""

    differing: tuple[Field, ...]
    one_sided: tuple[Field, ...]
    same: tuple[Field, ...]
    remarks: tuple[tuple[str, str, str], ...]
    remarks_left_out: int
    inputs: tuple[tuple[str, str], ...]
    left_out: int


def build_compared(audit: Audit, most_fields: int, most_remarks: int) -> Compared:
    """What an audit compared, with at most so many fields and remarks."""
    sides = [list(_fields(subject)) for subject in (audit.reference, audit.candidate)]
    reference, candidate = ({name: text for name, text, _ in side} for side in sides)
    contents = [{name: content for name, _, content in side} for side in sides]
    names = list(dict.fromkeys([*reference, *candidate]))
    shown = names[:most_fields]
    remarks = list(_remarks(audit))
    fields = [
        Field(name, reference.get(name, wording.NOTHING), candidate.get(name, wording.NOTHING))
        for name in shown
    ]
    both = [field for field in fields if field.name in reference and field.name in candidate]
    # By their contents: a long text is shown cut off, and what is cut off may differ.
    same = {field.name for field in both if contents[0][field.name] == contents[1][field.name]}
    inputs = audit.inputs
    return Compared(
        differing=tuple(field for field in both if field.name not in same),
        one_sided=tuple(field for field in fields if field not in both),
        same=tuple(field for field in both if field.name in same),
        remarks=tuple(remarks[:most_remarks]),
        remarks_left_out=max(0, len(remarks) - most_remarks),
        inputs=(
            ("Source", inputs.source + (" (built in)" if inputs.built_in else "")),
            ("Examples", wording.count(inputs.count)),
            ("With a label", wording.count(inputs.labelled)),
            ("Text pairs", wording.count(inputs.pairs)),
            ("Digest", inputs.digest),
        ),
        left_out=len(names) - len(shown),
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
        yield name, wording.said(value) if name not in ("subject", "framework") else str(value), value
    yield "parameters", wording.count(subject.parameters), subject.parameters
    classes = wording.NOTHING if subject.labels is None else wording.said(subject.labels)
    yield "classes", classes, subject.labels
    yield "temperature", wording.said(subject.temperature), subject.temperature
    yield "scope", subject.scope, subject.scope
    for kind, table in (
        ("version", subject.versions),
        ("tokenizer", {name: value for name, value in subject.tokenizer.items() if name != _DIGESTS}),
        ("config", subject.config),
    ):
        for name, value in table.items():
            yield f"{kind}: {name}", wording.said(value), value


def _remarks(audit: Audit) -> Iterator[tuple[str, str, str]]:
    for side, subject in (("reference", audit.reference), ("candidate", audit.candidate)):
        if subject.newly_initialised:
            yield side, "Weights the file did not provide", _names(subject.newly_initialised)
        if subject.unused_weights:
            yield side, "Weights that nothing consumed", _names(subject.unused_weights)
        for note in subject.notes:
            yield side, "Note", wording.clip(note)
        for warning in subject.warnings:
            yield side, "Warning", wording.clip(warning)


def _names(names: list[str]) -> str:
    more = f" and {wording.count(len(names) - _MOST_NAMES)} more" if len(names) > _MOST_NAMES else ""
    return wording.clip(", ".join(names[:_MOST_NAMES]), 1200) + more
