"""The training rows as the Trainer reads them, and the actual order."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from . import words

if TYPE_CHECKING:
    from parity._in_process.host import Host

__all__ = ["TrainingRows", "Watcher", "read"]

_NOT_TRAINED = -100  # the label that torch's cross-entropy leaves out


def read(path: str, digest: str, host: Host) -> list[dict[str, Any]]:
    """The rows of a file whose bytes have this digest."""
    with open(path, "rb") as file:
        content = file.read()
    if "sha256:" + hashlib.sha256(content).hexdigest() != digest:
        raise host.Refusal(
            "recipe", f"{path} does not hold the recipe's rows any more.", "Remove the file and run again."
        )
    return [json.loads(line) for line in content.decode("utf-8").split("\n") if line]


class TrainingRows:
    """Rows encoded by a tokenizer, each with its number; what `torch.utils.data.DataLoader` calls a data set.

    A row of words has a label for each token: that of its word at the word's first piece, and none (-100) elsewhere.
    """

    def __init__(
        self, rows: list[dict[str, Any]], labels: list[str], tokenizer: Any, limit: int | None, host: Host
    ) -> None:
        of_words = any("words" in row for row in rows)
        cut = {"truncation": limit is not None, "max_length": limit, "padding": False}
        if of_words:
            encoded = _of_words(rows, tokenizer, cut, host)
        else:
            pairs = [row.get("pair") for row in rows]
            whole = all(pair is not None for pair in pairs)
            encoded = tokenizer([row["text"] for row in rows], pairs if whole else None, **cut)
        names = [name for name in tokenizer.model_input_names if name in encoded]
        numbers = {label: number for number, label in enumerate(labels)}
        self._rows = [
            dict(
                {name: encoded[name][k] for name in names},
                labels=_of_first_pieces(tokenizer, encoded, k, row, numbers)
                if of_words
                else numbers[row["label"]],
                row=k,
            )
            for k, row in enumerate(rows)
        ]

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, number: int) -> dict[str, Any]:
        return self._rows[number]


def _of_words(rows: list[dict[str, Any]], tokenizer: Any, cut: dict[str, Any], host: Host) -> Any:
    try:
        return tokenizer([row["words"] for row in rows], is_split_into_words=True, **cut)
    except (AssertionError, ValueError) as error:
        raise words.cannot_split("the base model", error, host) from error


def _of_first_pieces(
    tokenizer: Any, encoded: Any, k: int, row: dict[str, Any], numbers: dict[str, int]
) -> list[int]:
    """[tokens] the label of the word whose first piece a token is, -100 for every other token."""
    ids = encoded["input_ids"][k]
    special = tokenizer.get_special_tokens_mask(ids, already_has_special_tokens=True)
    of_tokens = words.numbers(tokenizer, encoded, k, row["words"], special) or [None] * len(ids)
    found: list[int] = []
    seen: set[int | None] = set()
    for number in of_tokens:
        first = number is not None and number not in seen
        found.append(numbers[row["tags"][number]] if first and number is not None else _NOT_TRAINED)
        seen.add(number)
    return found


class Watcher:
    """Makes batches, and records their rows: the actual order, not the requested one."""

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        self.seen: list[int] = []

    def __call__(self, rows: list[dict[str, Any]]) -> Any:
        import torch

        self.seen.extend(row["row"] for row in rows)
        feeds = [{name: ids for name, ids in row.items() if name not in ("row", "labels")} for row in rows]
        batch = self._tokenizer.pad(feeds, padding=True, return_tensors="pt")
        labels = [row["labels"] for row in rows]
        if isinstance(labels[0], list):
            width, right = batch["input_ids"].shape[1], self._tokenizer.padding_side == "right"
            labels = [_beside(one, [_NOT_TRAINED] * (width - len(one)), right) for one in labels]
        batch["labels"] = torch.tensor(labels)
        return batch

    def digests(self, rows: int, trained_on: int) -> list[str]:
        """One digest an epoch of `rows`, of the first `trained_on` rows seen: a loader reads ahead."""
        seen = self.seen[:trained_on]
        return [_digest(seen[start : start + rows]) for start in range(0, len(seen), rows)]


def _beside(labels: list[int], padding: list[int], right: bool) -> list[int]:
    return labels + padding if right else padding + labels


def _digest(numbers: list[int]) -> str:
    return "sha256:" + hashlib.sha256(",".join(map(str, numbers)).encode("ascii")).hexdigest()
