"""The record of a pre-flight: one subject as it describes itself, written as JSON by `parity inspect --json`."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

__all__ = ["Inspection", "PartNotRun"]

_PAIRS = {"no": "reads single texts", "optional": "reads texts or pairs", "required": "reads pairs"}


class PartNotRun(msgspec.Struct, frozen=True, kw_only=True):
    """A part of the subject's files that is not run, and why; what it holds: the names of its tensors, its settings."""

    part: str
    reason: str
    tensors: list[str] = []
    settings: dict[str, Any] = {}

    def __str__(self) -> str:
        names = ", ".join(self.tensors)
        settings = ", ".join(f"{name}={value}" for name, value in self.settings.items())
        held = "; ".join(text for text in (names, settings) if text)
        return f"{self.part}: {self.reason}" + (f" ({held})" if held else "")


class Inspection(msgspec.Struct, frozen=True, kw_only=True):
    """One subject, opened: what it is, which stages it has, and what can be requested of it. `print` shows one fact a line.

    `parameters` counts numbers in `tensors` tensors. `accepts_feed`: whether it runs given ids; `float64`: whether it runs in
    float64. `newly_initialised` are tensors that no file holds, `unused_weights` those that nothing reads; `excluded` stages that
    are not compared, with the tensors in no file that they need.

        found = parity.inspect("hf:fixtures/port")
        assert isinstance(found, parity.Inspection) and found.float64
    """

    schema: Literal["parity.inspection/1"] = "parity.inspection/1"
    subject: str
    interpreter: str
    framework: str
    versions: dict[str, str]
    model_class: str
    task: str
    parameters: int
    tensors: int
    dtype: str
    device: str
    weights_digest: str | None
    classes: list[str] | None
    tokenizer: dict[str, Any]
    stages: list[str]
    accepts_feed: bool
    float64: bool
    pairs: Literal["no", "optional", "required"]
    newly_initialised: list[str] = []
    unused_weights: list[str] = []
    not_run: list[PartNotRun] = []
    excluded: dict[str, list[str]] = {}
    notes: list[str] = []
    warnings: list[str] = []

    def __str__(self) -> str:
        return "\n".join(f"{name:12} {value}" for name, value in self._facts())

    def to_json(self) -> str:
        """The record as indented JSON, in the order of its fields."""
        return msgspec.json.format(msgspec.json.encode(self), indent=1).decode() + "\n"

    def _facts(self) -> list[tuple[str, str]]:
        facts = [
            ("subject", self.subject),
            ("interpreter", self.interpreter),
            ("framework", self.framework),
            ("versions", ", ".join(f"{name} {number}" for name, number in self.versions.items())),
            ("model", f"{self.model_class} ({self.task})"),
            ("parameters", f"{self.parameters:,} in {self.tensors} tensors, {self.dtype} on {self.device}"),
            ("weights", self.weights_digest or "none"),
            ("classes", ", ".join(self.classes or ()) or "none"),
            ("tokenizer", ", ".join(f"{name}={value}" for name, value in self.tokenizer.items())),
            ("stages", " → ".join(self.stages)),
            ("can", ", ".join(self._abilities())),
        ]
        for title, names in (("not in file", self.newly_initialised), ("unused", self.unused_weights)):
            if names:
                facts.append((title, ", ".join(names)))
        facts += [("not run", str(part)) for part in self.not_run]
        facts += [
            (
                "excluded",
                f"{stage}: computed with what is in no file ({', '.join(names)}), and needed by no other stage",
            )
            for stage, names in self.excluded.items()
        ]
        facts += [("note", note) for note in self.notes]
        return facts + [("warning", warning) for warning in self.warnings]

    def _abilities(self) -> list[str]:
        able = ["run given ids"] if self.accepts_feed else []
        able += ["run in float64"] if self.float64 else []
        return [*able, _PAIRS[self.pairs]]
