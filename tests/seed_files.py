"""Populations of runs as files of outputs, and audits of them by the command, in this process."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from parity.cli.app import parity as command
from parity.records.runs import RunRecord
from parity.records.seed_audit import SeedAudit, load_seed_audit

__all__ = ["Audited", "Files", "audited", "kinds", "run_of"]

Floats = npt.NDArray[np.float64]


class Files(NamedTuple):
    """What runs are made from: what they share [examples, classes], and the labels and ids of the examples."""

    folder: Path
    shared: Floats
    labels: tuple[str, ...]
    ids: tuple[str, ...]
    classes: tuple[str, ...]

    @classmethod
    def of(cls, folder: Path, examples: int = 200, classes: int = 3) -> Files:
        """A task that a model is right about nine times of ten."""
        rng = np.random.default_rng(7)
        names = tuple("abcdefgh"[:classes])
        right = rng.integers(classes, size=examples)
        shared = 0.5 * rng.standard_normal((examples, classes))
        told = np.where(rng.random(examples) < 0.9, right, (right + 1) % classes)
        shared[np.arange(examples), told] += 4.0
        folder.mkdir(parents=True, exist_ok=True)
        labels = tuple(names[int(index)] for index in right.tolist())
        return cls(folder, shared, labels, tuple(f"e{row}" for row in range(examples)), names)

    def logits(self, seed: int, noise: float = 0.05) -> Floats:
        """A run's logits: what is shared, and what its seed adds."""
        return self.shared + noise * np.random.default_rng(100 + seed).standard_normal(self.shared.shape)

    def write(
        self,
        name: str,
        logits: Floats,
        *,
        labels: Sequence[str] | None = (),
        ids: bool = False,
        classes: Sequence[str] | None = (),
        order: slice = slice(None),
    ) -> str:
        """Write a run, its rows in this order; returns the subject that it is. labels, classes: None for none, () for the right ones."""
        found: dict[str, Any] = {"logits": logits[order]}
        if classes is not None:
            found["classes"] = np.array(classes or self.classes)
        if labels is not None:
            found["labels"] = np.array(labels or self.labels)[order]
        if ids:
            found["ids"] = np.array(self.ids)[order]
        path = self.folder / f"{name}.npz"
        save: Any = np.savez
        save(path, **found)
        return f"outputs:{path}"

    def runs(self, count: int, noise: float = 0.05, *, first: int = 1, **options: Any) -> list[str]:
        """So many runs, written."""
        numbers = range(first, first + count)
        return [self.write(f"run-{k}", self.logits(k, noise), **options) for k in numbers]


class Audited(NamedTuple):
    """What the command came to."""

    code: int
    audit: SeedAudit
    said: str


def audited(out: Path, *arguments: str) -> Audited:
    """Run `parity seeds` with these arguments; a ParityError passes through."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        line = ["seeds", *arguments, "--out", str(out), "--jobs", "2"]
        code = command.main(line, prog_name="parity", standalone_mode=False)
    audit = load_seed_audit(out / "audit.json")
    assert code == audit.exit_code
    return Audited(code, audit, said.getvalue())


def kinds(audit: SeedAudit) -> list[str]:
    """The kinds of its findings."""
    return [finding.kind for finding in audit.findings]


def run_of(audit: SeedAudit, name: str) -> RunRecord:
    """One run's record."""
    return next(run for run in audit.runs if run.name == name)
