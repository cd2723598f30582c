"""The training rows as the Trainer reads them, and the actual order."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from parity._in_process.host import Host

__all__ = ["TrainingRows", "Watcher", "read"]


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
    """Rows encoded by a tokenizer, each with its number; what `torch.utils.data.DataLoader` calls a data set."""

    def __init__(
        self, rows: list[dict[str, Any]], labels: list[str], tokenizer: Any, limit: int | None
    ) -> None:
        pairs = [row.get("pair") for row in rows]
        encoded = tokenizer(
            [row["text"] for row in rows],
            pairs if all(pair is not None for pair in pairs) else None,
            truncation=limit is not None,
            max_length=limit,
            padding=False,
        )
        names = [name for name in tokenizer.model_input_names if name in encoded]
        self._rows = [
            dict({name: encoded[name][k] for name in names}, labels=labels.index(row["label"]), row=k)
            for k, row in enumerate(rows)
        ]

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, number: int) -> dict[str, Any]:
        return self._rows[number]


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
        batch["labels"] = torch.tensor([row["labels"] for row in rows])
        return batch

    def digests(self, rows: int, trained_on: int) -> list[str]:
        """One digest an epoch of `rows`, of the first `trained_on` rows seen: a loader reads ahead."""
        seen = self.seen[:trained_on]
        return [_digest(seen[start : start + rows]) for start in range(0, len(seen), rows)]


def _digest(numbers: list[int]) -> str:
    return "sha256:" + hashlib.sha256(",".join(map(str, numbers)).encode("ascii")).hexdigest()
