"""Pairs with one thing changed, given to `parity compare`: copies of a model, two ways of `fooling:`, two files of logits; and what the audit says."""

from __future__ import annotations

import importlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from parity.records.audit import Audit
from parity.records.seed_audit import SeedAudit, load_seed_audit
from tests.real.asking import compare, parity

__all__ = [
    "NOISE",
    "TEXTS",
    "Array",
    "Weights",
    "change",
    "changed",
    "first_stage",
    "fooled",
    "normal",
    "not_compared",
    "of_logits",
    "seeds",
    "statuses",
    "write_texts",
]

Array = NDArray[Any]
Weights = dict[str, Any]
NOISE = {"equal", "within_noise"}
TEXTS = [
    "the film is good",
    "I hate this dull story and the acting",
    "never boring, always lovely",
    "two awful plots in one movie",
    "it was fine",
    "we like bad movies?",
]


def write_texts(path: Path, texts: list[str]) -> str:
    path.write_text("\n".join(texts) + "\n", encoding="utf-8")
    return str(path)


def change(folder: Path, edit: Callable[[Weights], Any] | None = None, **config: Any) -> None:
    """Edit a model's weights in place, and its config's fields."""
    if edit is not None:
        # Imported here: the tests that need no model shall not wait for torch. Its types are partly unknown.
        safetensors: Any = importlib.import_module("safetensors.torch")
        weights = safetensors.load_file(folder / "model.safetensors")
        edit(weights)
        safetensors.save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    path = folder / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text(encoding="utf-8")), **config}), encoding="utf-8")


def changed(original: Path, to: Path, edit: Callable[[Weights], Any] | None = None, **config: Any) -> str:
    """A copy of a model with one thing changed, as a subject."""
    shutil.copytree(original, to)
    change(to, edit, **config)
    return f"hf:{to}"


def fooled(reference: str, candidate: str, texts: str, out: Path, *arguments: str) -> Audit:
    return compare(f"fooling:{reference}", f"fooling:{candidate}", out, "--inputs", texts, *arguments)


def of_logits(reference: Array, candidate: Array, folder: Path, *arguments: str) -> Audit:
    """Compare two files of logits."""
    folder.mkdir(exist_ok=True)
    np.savez(folder / "reference.npz", logits=reference)
    np.savez(folder / "candidate.npz", logits=candidate)
    places = [f"outputs:{folder / name}.npz" for name in ("reference", "candidate")]
    return compare(places[0], places[1], folder / "audit", *arguments)


def seeds(out: Path, *arguments: str) -> SeedAudit:
    """Audit runs that are there already."""
    run = parity("seeds", *arguments, "--out", str(out))
    assert run.code in {0, 1}, run.complained
    audit = load_seed_audit(out / "audit.json")
    assert run.code == audit.exit_code
    return audit


def first_stage(audit: Audit) -> str | None:
    return None if audit.first_divergence is None else audit.first_divergence.stage


def statuses(audit: Audit, *stages: str) -> set[str]:
    return {record.status for record in audit.stages if record.stage in stages}


def not_compared(audit: Audit) -> set[str]:
    return {item.stage for item in audit.not_compared if item.counts}


def normal(*shape: int, seed: int = 0, scale: float = 1.0) -> NDArray[np.float32]:
    return (np.random.default_rng(seed).normal(size=shape) * scale).astype(np.float32)
