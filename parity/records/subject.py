"""One side of a comparison as it described itself."""

from __future__ import annotations

from typing import Any, Literal

from parity.records.places import Record

__all__ = ["ChosenRecord", "SubjectRecord", "TasksRecord"]


class ChosenRecord(Record, frozen=True, kw_only=True):
    """A setting that a call without arguments leaves to the library: its value here, the library's, and who chose the one here."""

    setting: str
    value: str
    library: str
    by: Literal["option", "library", "parity"]


class SubjectRecord(Record, frozen=True, kw_only=True):
    """One side as it described itself. `spec` is the subject as written, `generation` its settings of generation (none: it does not)."""

    spec: str
    framework: str
    versions: dict[str, str]
    weights_digest: str | None
    model_class: str = ""
    task: str = ""
    dtype: str = ""
    device: str = ""
    labels: list[str] | None = None
    temperature: float = 1.0
    scope: Literal["full", "part", "outputs"] = "full"
    parameters: int = 0
    newly_initialised: list[str] = []
    unused_weights: list[str] = []
    config: dict[str, Any] = {}
    tokenizer: dict[str, Any] = {}
    notes: list[str] = []
    warnings: list[str] = []
    generation: dict[str, Any] = {}
    chosen: list[ChosenRecord] = []


class TasksRecord(Record, frozen=True, kw_only=True):
    """The task of either side, and what it was found by: what config.json names, `?task=`, or what the runner says."""

    reference: str
    candidate: str
    chosen_by: str
