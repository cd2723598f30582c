"""The runs of a seed audit as they are written: each run, what its seeds did, and the examples that runs disagree on."""

from __future__ import annotations

from typing import Any, Literal

from parity.records.arm_statistics import LabelTemperatureRecord
from parity.records.places import Record

__all__ = [
    "CalibrationErrorRecord",
    "ContestedRecord",
    "FactorRecord",
    "FaultRecord",
    "IntegrityRecord",
    "RepeatsRecord",
    "RunCalibrationRecord",
    "RunRecord",
    "TrainingRecord",
]


class CalibrationErrorRecord(Record, frozen=True, kw_only=True):
    """ECE and the largest gap, beside the ECE of simulated calibrated models of the same size."""

    ece: float | None
    mce: float | None
    calibrated_mean: float | None
    calibrated_high: float | None
    p: float | None
    examples: int


class RunCalibrationRecord(Record, frozen=True, kw_only=True):
    """One run against the labels: calibration error, adaptive calibration error, NLL in nats, Brier score, fitted temperature."""

    error: CalibrationErrorRecord
    ace: float | None
    nll: float | None
    brier: float | None
    temperature: LabelTemperatureRecord


class TrainingRecord(Record, frozen=True, kw_only=True):
    """The training of a run: its losses as (step, loss), and digests of its recipe, its rows, its base model and what each seed made."""

    final_loss: float | None = None
    losses: list[tuple[int, float | None]] = []
    steps: int | None = None
    recipe_digest: str | None = None
    data_digest: str | None = None
    derived: dict[str, int] = {}
    initial_digest: str | None = None
    head_digest: str | None = None
    order_digests: list[str] = []
    dropout_digest: str | None = None
    environment: dict[str, Any] = {}
    base_digest: str | None = None
    base_revision: str | None = None


class RunRecord(Record, frozen=True, kw_only=True):
    """One run: what it is, the seeds it was made with, whether it counts, and its own figures.

    `standing`: "kept", or why it is not averaged in: "failed", "left_out" (a duplicate, one that stands in both arms, other
    data or classes, another order), "lost" (it could not be made or run; `reason` says why). `training` is of a run that was
    trained for this audit.
    """

    name: str
    spec: str
    arm: Literal["candidate", "baseline"]
    factors: dict[str, int]
    standing: Literal["kept", "failed", "left_out", "lost"]
    reason: str = ""
    weights_digest: str | None = None
    metrics: dict[str, float | None] = {}
    calibration: RunCalibrationRecord | None = None
    training: TrainingRecord | None = None


class FaultRecord(Record, frozen=True, kw_only=True):
    """A fault of the runs' integrity: the names of the runs and the seeds in question. `hidden`: a seed that changed nothing, in runs
    that others made differ.
    """

    kind: str
    runs: list[str] = []
    factors: list[str] = []
    detail: str = ""
    hidden: bool = False


class FactorRecord(Record, frozen=True, kw_only=True):
    """One seed: how many values it had, in how many pairs of runs it alone differed, and in how many of those it changed something."""

    name: str
    values: int
    alone: int
    changed: int


class RepeatsRecord(Record, frozen=True, kw_only=True):
    """Pairs of runs of the same seeds: how many are equal bit for bit, the largest difference of logits, and their churn."""

    pairs: int
    bitwise: int
    max_abs: float | None
    churn: float | None


class IntegrityRecord(Record, frozen=True, kw_only=True):
    """What was found about the runs of one arm before anything was averaged; `missing` runs were requested and do not count."""

    missing: int = 0
    faults: list[FaultRecord] = []
    factors: list[FactorRecord] = []
    repeats: RepeatsRecord | None = None


class ContestedRecord(Record, frozen=True, kw_only=True):
    """An example that runs decide differently; votes as (class, runs), most first, a null class is no decision."""

    row: int
    id: str | None
    text: str
    label: str | None
    entropy: float | None
    votes: list[tuple[str | None, int]]
