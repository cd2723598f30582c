"""One side of a comparison as it described itself."""

from __future__ import annotations

from typing import Any, Literal

from parity.records.places import Record

__all__ = ["ChosenRecord", "OverriddenRecord", "SubjectRecord", "TasksRecord"]


class ChosenRecord(Record, frozen=True, kw_only=True):
    """A setting that a call without arguments leaves to the library: its value here, the library's, and who chose the one here."""

    setting: str
    value: str
    library: str
    by: Literal["option", "library", "parity"]


class OverriddenRecord(Record, frozen=True, kw_only=True):
    """A setting that the user put in place of that in the files: the option, the value in the files, and the one here."""

    setting: str
    before: str
    value: str


class SubjectRecord(Record, frozen=True, kw_only=True):
    """One side as it described itself. `spec` is the subject as written, `generation` its settings of generation (none: it does not).

    `commit` and `tokenizer_commit` are those of the hub (None: not known, as of a folder); digests are of the loaded weights and of the
    tokenizer's files. `weights_bytes` is what the weights take, packed as they are (None: not known); `served` how it is run other than as it was loaded.
    """

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
    overridden: list[OverriddenRecord] = []
    commit: str | None = None
    tokenizer_commit: str | None = None
    tokenizer_digest: str | None = None
    weights_bytes: int | None = None
    served: dict[str, str] = {}


class TasksRecord(Record, frozen=True, kw_only=True):
    """The task of either side, and what it was found by: what config.json names, `?task=`, or what the runner says."""

    reference: str
    candidate: str
    chosen_by: str
