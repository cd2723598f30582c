"""The audit: the record of a comparison, from which every report is rendered.

It is written as `audit.json` (schema `parity.audit/2`; version 1 had fewer fields, and is read as well); `parity/schema/audit.json` is its JSON Schema, made from these
records (parity/records/document.py). Names here are relied on by other programs: add to them, never rename. `pass` is a Python keyword, so the
attribute is `pass_` and the key in the file `pass`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import msgspec

from parity.errors import RecordError
from parity.records.decisions import Decisions
from parity.records.embeddings import Embeddings
from parity.records.exhibit import Exhibit
from parity.records.finding import Finding
from parity.records.generation import Generation
from parity.records.inputs import InputsRecord
from parity.records.language import Language
from parity.records.layers import LayerRecord, OriginRecord
from parity.records.lens import LensRecord
from parity.records.pairing import StagePairing
from parity.records.parameters import Parameters
from parity.records.passes import PassRecord
from parity.records.places import Record, Verdict
from parity.records.policy import PolicyRecord
from parity.records.provenance import Provenance
from parity.records.seed_scale import SeedScale
from parity.records.stage import FirstDivergence, Noise, NotCompared, StageRecord
from parity.records.subject import SubjectRecord, TasksRecord
from parity.records.targets import Targets
from parity.records.tokens import Tokens

__all__ = ["Audit", "audit_bytes", "load_audit"]


class Audit(Record, frozen=True, kw_only=True):
    """The record of one comparison; `seed_scale` where it was set beside a seed audit.

    `rows_needed` is how many rows would settle an inconclusive verdict, if they flip as often as these do (null where the
    verdict is another, or no number would). `passes` are those of the comparison, whether they ran or not. `exhibits` are what tasks and passes show, `embeddings` how the vectors of texts compare where both sides have some,
    `generation` the texts that were generated (null: none was requested).
    `targets` are those that two decoders were given, `language` is what language models predict.
    `layers` are the stages with the error that is their own beside the total (empty where nothing differs on the same inputs), `origins` the modules that
    have an error of their own, in forward order; `lens` is what each layer would have decided (empty where that was not found out). `parameters` is how
    the weights of both compare, `pairing` which stage is which (null in records of earlier versions).
    `tasks` (none in records of earlier versions) are those of both sides. `findings` stand in the order of what they explain.
    """

    schema: Literal["parity.audit/2", "parity.audit/1"] = "parity.audit/2"
    kind: Literal["compare"] = "compare"
    verdict: Verdict
    exit_code: int
    headline: str
    policy: PolicyRecord
    reference: SubjectRecord
    candidate: SubjectRecord
    inputs: InputsRecord
    first_divergence: FirstDivergence | None
    stages: list[StageRecord]
    tokens: Tokens
    decisions: Decisions | None
    findings: list[Finding]
    not_compared: list[NotCompared]
    noise: Noise
    provenance: Provenance
    command: str
    seed_scale: SeedScale | None = None
    rows_needed: int | None = None
    passes: list[PassRecord] = []
    exhibits: list[Exhibit] = []
    tasks: TasksRecord | None = None
    embeddings: Embeddings | None = None
    generation: Generation | None = None
    targets: Targets | None = None
    language: Language | None = None
    layers: list[LayerRecord] = []
    origins: list[OriginRecord] = []
    lens: list[LensRecord] = []
    parameters: Parameters | None = None
    pairing: StagePairing | None = None


def audit_bytes(audit: Audit) -> bytes:
    """The record as JSON, indented, in the order of its fields."""
    return msgspec.json.format(msgspec.json.encode(audit), indent=1) + b"\n"


def load_audit(path: Path) -> Audit:
    """Read a record again; raises RecordError with the reason when it is not one."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise RecordError(
            f"{path} cannot be read: {error.strerror}.", next_step="Name an audit.json that parity wrote."
        ) from error
    try:
        return msgspec.json.decode(data, type=Audit)
    except (msgspec.ValidationError, msgspec.DecodeError) as error:
        raise RecordError(
            f"{path} is not a parity.audit/2 record: {error}.",
            next_step="Name an audit.json that this version of parity wrote, or run the comparison again.",
        ) from error
