"""Tiny models of every task, trained for a moment on rows that can be learnt, and files of rows that they were not trained on.

Runs of one task differ in the seed of their weights, and in that of the order of their rows.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# torch and transformers are typed in part only.

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Any

from tests.models import VOCABULARY, tiny, write_tokenizer

__all__ = ["KINDS", "rows_of", "trained", "write_rows"]

_NOUNS = ("film", "movie", "plot", "acting", "story")
_WORTH = ("awful", "bad", "dull", "fine", "good", "great", "lovely")
_NAMES = ("the", "a", "this", "that")
_RARE = (
    "an",
    "of",
    "and",
    "to",
    "in",
    "i",
    "you",
    "we",
    "they",
    "like",
    "hate",
    "love",
    "one",
    "two",
    "three",
    "with",
    "for",
    "on",
    "at",
    "as",
)
KINDS = {
    "lm": ("gpt2", "AutoModelForCausalLM"),
    "mlm": ("bert", "AutoModelForMaskedLM"),
    "choice": ("bert", "AutoModelForMultipleChoice"),
    "nsp": ("bert", "AutoModelForNextSentencePrediction"),
    "score": ("bert", "AutoModelForSequenceClassification"),
    "embed": ("bert", "AutoModel"),
}
Row = dict[str, Any]


def _sentences() -> list[str]:
    return [f"{name} {noun} is very {worth}" for name, noun, worth in product(_NAMES, _NOUNS, _WORTH)]


def rows_of(kind: str, *, held_out: bool = True) -> list[Row]:
    """The rows of a task: every third one is held out of training."""
    texts = _sentences()
    found: list[Row] = []
    for number, text in enumerate(texts):
        worth = text.rsplit(" ", 1)[1]
        if kind in ("lm", "mlm"):
            found.append({"text": text})
        elif kind == "score":
            found.append({"text": text, "label": float(_WORTH.index(worth))})
        elif kind == "nsp":
            other = "never" if number % 2 else "always"
            found.append({"text": text, "text_pair": f"it was {other} {worth}", "label": number % 2})
        elif kind == "choice":
            right = number % 3
            choices = [f"it is {'not' if place != right else 'always'} {worth}" for place in range(3)]
            found.append({"question": text, "choices": choices, "label": right})
    if kind == "pairs":
        words = [(one, other) for one in _RARE for other in _RARE[:4]]
        found = [
            {
                "sentence1": f"{one} {one} film",
                "sentence2": f"{one if n % 3 else other} {other} film",
                "score": 1 + n % 3,
            }
            for n, (one, other) in enumerate(words)
        ]
        return found
    if kind == "texts":
        return [
            {"text": f"{word} {word} {worth}", "label": word} for word in _RARE for worth in ("good", "bad")
        ]
    return [row for number, row in enumerate(found) if (number % 3 == 0) == held_out]


def write_rows(path: Path, rows: Sequence[Row]) -> Path:
    """The rows as a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def trained(kind: str, folder: Path, seed: int, steps: int = 60) -> Path:
    """A model of that kind in a folder."""
    import torch
    import transformers

    family, auto = KINDS[kind]
    fields: dict[str, Any] = {"vocab_size": len(VOCABULARY)}
    if kind == "score":
        fields |= {"num_labels": 1, "problem_type": "regression"}
    model = tiny(family, auto, seed=seed, **fields)
    write_tokenizer(folder)
    tokenizer: Any = transformers.AutoTokenizer.from_pretrained(folder)
    if kind != "embed":
        rows = rows_of(kind, held_out=False)
        draw = torch.Generator().manual_seed(seed)
        optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
        for _ in range(steps):
            some = [rows[int(place)] for place in torch.randint(len(rows), (16,), generator=draw)]
            loss = model(**_batch(kind, tokenizer, some, draw)).loss
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
    model.save_pretrained(folder)
    return folder


def _batch(kind: str, tokenizer: Any, rows: Sequence[Row], draw: Any) -> dict[str, Any]:
    import torch

    if kind == "choice":
        texts = [row["question"] for row in rows for _ in row["choices"]]
        pairs = [choice for row in rows for choice in row["choices"]]
        found = dict(tokenizer(texts, pairs, padding=True, return_tensors="pt"))
        shaped = {name: value.reshape(len(rows), 3, -1) for name, value in found.items()}
        return shaped | {"labels": torch.tensor([row["label"] for row in rows])}
    seconds = [row["text_pair"] for row in rows] if kind == "nsp" else None
    found = dict(tokenizer([row["text"] for row in rows], seconds, padding=True, return_tensors="pt"))
    if kind == "score":
        return found | {"labels": torch.tensor([row["label"] for row in rows])}
    if kind == "nsp":
        return found | {"labels": torch.tensor([row["label"] for row in rows])}
    ids = found["input_ids"]
    labels = ids.masked_fill(found["attention_mask"] == 0, -100)
    if kind == "lm":
        return found | {"labels": labels}
    masked = torch.rand(ids.shape, generator=draw) < 0.3
    masked[:, 0] = False
    found["input_ids"] = ids.masked_fill(masked, tokenizer.mask_token_id)
    return found | {"labels": labels.masked_fill(~masked, -100)}
