"""The seed audit: the record of a population of runs, kept in the same schema file as a comparison's.

Written as `audit.json` with `kind` "seeds". Where a field is an estimate it is `{value, interval: {low, high}|null, ...}`;
shares are of examples, metrics in their own unit (accuracy and F1 as shares), distances in nats.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import msgspec

from parity.errors import RecordError
from parity.records.inputs import InputsRecord

__all__ = [
    "ArmRecord",
    "Bounds",
    "MarginsRecord",
    "RunRecord",
    "SeedAudit",
    "SeedFinding",
    "StageSimilarity",
    "load_seed_audit",
    "seed_audit_bytes",
]

SeedVerdict = Literal["stable", "unstable", "equivalent", "different", "inconclusive"]


class _Record(msgspec.Struct, frozen=True, kw_only=True):
    """What all records share."""


class Bounds(_Record, frozen=True, kw_only=True):
    """A lower and an upper bound; null is unbounded."""

    low: float | None
    high: float | None


class MarginsRecord(_Record, frozen=True, kw_only=True):
    """What was asked for beforehand: the primary metric and its margin, the churn budget, alpha, the excess-churn budget.

    `metric_named`: the metric was named on the command line, and is not only the default one.
    """

    primary: str
    metric: float
    churn: float
    alpha: float
    excess: float | None = None
    metric_named: bool = False


class RunRecord(_Record, frozen=True, kw_only=True):
    """One run: what it is, the seeds it was made with, whether it counts, and its own figures.

    `standing`: "kept", or why it is not averaged in: "failed", "left_out" (a duplicate, one that stands in both arms, other
    data or classes, another order), "lost" (it could not be made or asked; `reason` says why). `training` tells of a run
    that was trained for this: its losses, its environment, and digests of what each seed made.
    """

    name: str
    spec: str
    arm: Literal["candidate", "baseline"]
    factors: dict[str, int]
    standing: Literal["kept", "failed", "left_out", "lost"]
    reason: str = ""
    weights_digest: str | None = None
    metrics: dict[str, float | None] = {}
    calibration: dict[str, Any] | None = None
    training: dict[str, Any] | None = None


class StageSimilarity(_Record, frozen=True, kw_only=True):
    """One stage over the pairs of runs that share no seed: debiased CKA, cosine, relative L2; null where undefined, never 1.

    `cka_interval` is of the mean CKA of these runs, for new examples.
    """

    stage: str
    cka: float | None
    cka_least: float | None
    cosine: float | None
    cosine_least: float | None
    relative_l2: float | None
    relative_l2_most: float | None
    pairs: int
    undefined: int
    cka_interval: Bounds | None = None


class ArmRecord(_Record, frozen=True, kw_only=True):
    """The statistics over the kept runs of one arm; null where there are too few runs or no labels.

    `independent` of the runs share no seed that moved, and every interval for new runs rests on that: over a full grid of two seeds
    with the forms of a grid, else over such runs alone. `conditional_on` names the seeds that never moved: nothing is known of
    runs with others. metrics: by name, mean with t interval, SD with interval, the interval for a new run, seed effect and flip noise. churn:
    matrix, mean with the two-way jackknife interval, win/loss/neutral. agreement: raw, Fleiss' kappa, vote entropy in
    bits, contested examples. distances: mean JS, TV, KL at each temperature. variance: of row-centred logits and of the
    primary metric over a full grid of two seeds. temperature: the fitted T over runs. slices: the primary metric over runs in
    each slice.
    """

    arm: Literal["candidate", "baseline"]
    runs: int
    failed: dict[str, Any]
    metrics: dict[str, Any]
    churn: dict[str, Any] | None
    agreement: dict[str, Any] | None
    distances: list[dict[str, Any]]
    variance: dict[str, Any] | None
    cka: list[StageSimilarity]
    temperature: dict[str, Any] | None
    can_show: dict[str, Any] | None
    slices: list[dict[str, Any]] = []
    independent: int | None = None
    conditional_on: list[str] = []


class SeedFinding(_Record, frozen=True, kw_only=True):
    """Something that must be known before the figures are read."""

    kind: str
    sentence: str
    runs: list[str]
    severity: Literal["bars", "notice"] = "notice"


class SeedAudit(_Record, frozen=True, kw_only=True):
    """The record of one seed audit."""

    schema: Literal["parity.audit/1"] = "parity.audit/1"
    kind: Literal["seeds"] = "seeds"
    verdict: SeedVerdict
    inside_margin: bool = False
    exit_code: int
    headline: str
    margins: MarginsRecord
    inputs: InputsRecord
    classes: list[str]
    runs: list[RunRecord]
    metrics: dict[str, Any]
    churn: dict[str, Any] | None
    agreement: dict[str, Any] | None
    variance: dict[str, Any] | None
    cka: list[StageSimilarity]
    calibration: dict[str, Any] | None
    arms: list[ArmRecord]
    baseline: dict[str, Any] | None
    reasons: list[dict[str, Any]]
    runs_needed: dict[str, Any]
    integrity: dict[str, Any]
    findings: list[SeedFinding]
    contested: list[dict[str, Any]]
    recipe: dict[str, Any] | None
    provenance: dict[str, Any]
    command: str


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
