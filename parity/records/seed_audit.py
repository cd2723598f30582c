"""The seed audit: the record of a population of runs, kept in the same schema file as a comparison's.

Written as `audit.json` with `kind` "seeds". Where a field is an estimate it is `{value, interval: {low, high}|null, ...}`;
shares are of examples, metrics in their own unit (accuracy and F1 as shares), distances in nats.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, NamedTuple

import msgspec

from parity.errors import RecordError
from parity.records.arm_statistics import (
    AgreementRecord,
    ArmRecord,
    ChurnRecord,
    MetricRecord,
    SplitRecord,
    StageSimilarity,
    TemperaturesRecord,
    VarianceRecord,
)
from parity.records.comparison_statistics import BaselineRecord
from parity.records.inputs import InputsRecord
from parity.records.metric_form import MetricForm
from parity.records.places import Record
from parity.records.provenance import Provenance
from parity.records.runs import ContestedRecord, IntegrityRecord, RunRecord

__all__ = [
    "MarginsRecord",
    "NeededRecord",
    "ReasonRecord",
    "SeedAudit",
    "SeedFinding",
    "Variance",
    "load_seed_audit",
    "seed_audit_bytes",
    "variance_of",
]

SeedVerdict = Literal["stable", "unstable", "equivalent", "different", "inconclusive"]


class MarginsRecord(Record, frozen=True, kw_only=True):
    """What was requested beforehand: the primary metric and its margin, the churn budget, alpha, the excess-churn budget.

    `metric_named`: the metric was named on the command line, and is not only the default one.
    """

    primary: str
    metric: float
    churn: float
    alpha: float
    excess: float | None = None
    metric_named: bool = False


class SeedFinding(Record, frozen=True, kw_only=True):
    """A fact that must be known before the figures are read."""

    kind: str
    sentence: str
    runs: list[str]
    severity: Literal["bars", "notice"] = "notice"


class ReasonRecord(Record, frozen=True, kw_only=True):
    """One check of the verdict: the value, its limit, and whether it holds (for a test: is shown)."""

    about: str
    value: float | None
    limit: float | None
    holds: bool


class NeededRecord(Record, frozen=True, kw_only=True, omit_defaults=True):
    """Runs (an arm) that would settle it; `runs` is null where no number is known to. `given` are the runs of the arm with the fewest
    that count, `counted` those that do; both are written only where no more runs are needed than were given.
    """

    runs: int | None
    kind: str
    given: int | None = None
    counted: int | None = None

    @property
    def lacking(self) -> int | None:
        """How many more must count, where no more are needed than were given; None else."""
        if self.runs is None or self.given is None or self.counted is None or self.runs > self.given:
            return None
        return self.runs - self.counted


class SeedAudit(Record, frozen=True, kw_only=True):
    """The record of one seed audit. The fields of one arm at its top (`metrics` to `calibration`) are of the first one.

    `metric_forms` says how each metric is written (records of earlier versions have none). `counted` says what an example is decided by:
    "classes", "choices", "words", "answers" or "tokens"; by "scores" and by "vectors" nothing is decided, so that there is neither churn
    nor agreement, and the metric alone is judged.
    """

    schema: Literal["parity.audit/2", "parity.audit/1"] = "parity.audit/2"
    kind: Literal["seeds"] = "seeds"
    verdict: SeedVerdict
    inside_margin: bool = False
    exit_code: int
    headline: str
    margins: MarginsRecord
    inputs: InputsRecord
    classes: list[str]
    runs: list[RunRecord]
    metrics: dict[str, MetricRecord]
    churn: ChurnRecord | None
    agreement: AgreementRecord | None
    variance: VarianceRecord | None
    cka: list[StageSimilarity]
    calibration: TemperaturesRecord | None
    arms: list[ArmRecord]
    baseline: BaselineRecord | None
    reasons: list[ReasonRecord]
    runs_needed: NeededRecord
    integrity: dict[str, IntegrityRecord]
    findings: list[SeedFinding]
    contested: list[ContestedRecord]
    recipe: dict[str, Any] | None
    provenance: Provenance
    command: str
    metric_forms: dict[str, MetricForm] = {}
    counted: str = "classes"


class Variance(NamedTuple):
    """The split of the variance over a grid: the names of its two seeds, of the logits, and of the primary metric."""

    first: str
    second: str
    logits: SplitRecord | None
    metric: SplitRecord | None


def variance_of(audit: SeedAudit) -> Variance | None:
    """The variance of an audit's first arm; None where its runs are not a full grid."""
    if audit.variance is None:
        return None
    found = audit.variance
    logits, metric = found.get("logits"), found.get(audit.margins.primary)
    return Variance(
        str(found.get("first", "")),
        str(found.get("second", "")),
        logits if isinstance(logits, SplitRecord) else None,
        metric if isinstance(metric, SplitRecord) else None,
    )


def seed_audit_bytes(audit: SeedAudit) -> bytes:
    """The record as it is written: indented JSON, in the order of its fields."""
    return msgspec.json.format(msgspec.json.encode(audit), indent=1) + b"\n"


def load_seed_audit(path: Path) -> SeedAudit:
    """Read a record again; raises RecordError with the reason when it is not one."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=SeedAudit)
    except OSError as error:
        raise RecordError(
            f"{path} cannot be read: {error.strerror}.",
            next_step="Name an audit.json that parity seeds wrote.",
        ) from error
    except (msgspec.ValidationError, msgspec.DecodeError) as error:
        raise RecordError(
            f"{path} is not the record of a seed audit: {error}.",
            next_step="Name an audit.json that parity seeds wrote, of this version of parity.",
        ) from error
