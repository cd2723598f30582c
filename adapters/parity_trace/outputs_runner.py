"""The runner for a file of outputs of any system.

Rows are found by their ids where the file has ids, else (or where the user says so) by their order; never by both
in one file. There are no tokens, and no stage before the logits.
"""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .outputs_file import read_outputs
from .outputs_raw import Unreadable
from .outputs_selected import Selection

if TYPE_CHECKING:
    from parity._in_process.host import Host

PROTOCOL = 2
_LOGITS, _EMBEDDING = ("logits", ["row", "class"]), ("embedding", ["row", "hidden"])


class Session:
    """One file of outputs, read completely."""

    def __init__(self, path: str, options: dict[str, str], host: Host) -> None:
        try:
            self._outputs = read_outputs(path, options)
        except Unreadable as error:
            slug = "subject" if Path(path).is_file() else "subject-not-found"
            raise host.Refusal(slug, error.sentence, error.next_step) from None
        self._host = host
        self._path = path
        self._temperature = float(options.get("temperature", "1"))
        self._forced = "values" in options
        self._multi_label = options.get("activation") == "sigmoid"
        if self._temperature != 1 and self._outputs.logits.shape[1] == 1 and not self._multi_label:
            raise host.Refusal(
                "bad-option-value",
                f"temperature={options['temperature']} has no effect on {path}: one column of logits makes no decision.",
                "Omit temperature, or state that the column is a class by itself: activation=sigmoid.",
            )
        self._by_id = self._rows_by_id(options.get("match"))
        self._taken: dict[int, int] = {}

    def describe(self) -> dict[str, Any]:
        """The description of the file: its outputs alone."""
        outputs = self._outputs
        if outputs.selection is not None:
            return self._described_selection(outputs.selection)
        rows, classes = outputs.logits.shape
        kind, stage = ("embeddings", _EMBEDDING) if outputs.embeds else ("logits", _LOGITS)
        notes = [f"Only the {kind} [{rows}, {classes}] of {Path(self._path).name} can be compared."]
        values = outputs.values
        if values.kind != "logits":
            notes.append(self._values_note(values))
        elif values.like_sigmoid and classes > 1:
            notes.append(
                "Every value lies in [0, 1] and the rows do not sum to one: these may be probabilities, a sigmoid for each "
                "class (?activation=sigmoid). They are treated as logits."
            )
        if outputs.column not in ("logits", "line") and not outputs.embeds:
            notes.append(f"The scores were found in {outputs.column!r}.")
        if outputs.ids is not None and self._by_id is None:
            notes.append("Its rows are taken in the order of the inputs, as requested; its ids are ignored.")
        return {
            "framework": "outputs",
            "versions": {"python": platform.python_version(), "numpy": np.__version__},
            "model_class": "",
            "task": "embeddings" if outputs.embeds else "sequence_classification",
            "dtype": outputs.stored,
            "device": "",
            "labels": outputs.classes,
            "multi_label": self._multi_label,
            "temperature": self._temperature,
            "weights_digest": None,
            "stages": [{"name": stage[0], "axes": list(stage[1]), "module": ""}],
            "scope": "outputs",
            "values": values.kind,
            "rounded": values.step,
            "decimals": values.decimals,
            "can": {"accepts_feed": False, "float64": False, "pairs": "optional", "tokens": False},
            "notes": notes,
            "recorded": self._recorded(),
        }

    def _recorded(self) -> dict[str, Any]:
        digest = hashlib.sha256(Path(self._path).read_bytes()).hexdigest()
        matched = "order" if self._by_id is None else "id"
        return {"count": len(self._outputs.logits), "matched_by": matched, "digest": f"sha256:{digest}"}

    def _described_selection(self, selection: Selection) -> dict[str, Any]:
        """The same of a file that holds what was selected, or generated."""
        tasks = {"next": "causal_lm", "answer": "question_answering"}
        what = self._outputs.column
        return {
            "framework": "outputs",
            "versions": {"python": platform.python_version(), "numpy": np.__version__},
            "task": tasks[selection.selects["per"]] if selection.selects is not None else "causal_lm",
            "stages": [],
            "scope": "outputs",
            "selects": selection.selects,
            "can": {
                "pairs": "optional",
                "tokens": False,
                "generate": selection.generated is not None,
                "texts_only": selection.generated is not None,
            },
            "notes": [f"Only the {what} of {Path(self._path).name} can be compared, and no layers."],
            "recorded": self._recorded(),
        }

    def tokenize(self, examples: Sequence[dict[str, Any]]) -> dict[str, Any]:
        """Find the rows of these examples; there are no tokens to return."""
        kept = [self._place(example["row"], example) for example in examples]
        return {"rows": [None] * len(examples), "kept": kept}

    def forward(
        self,
        rows: Sequence[int] | None,
        inputs: dict[str, Any] | None,
        stages: Sequence[str] | None,
        precision: str | None,
        write: Any,
    ) -> dict[str, Any]:
        """The logits of these rows."""
        if rows is None or inputs is not None or precision is not None:
            raise self._host.Refusal(
                "inputs-do-not-fit", f"{self._path} cannot be run on other inputs or in other precision."
            )
        selection = self._outputs.selection
        if selection is not None:
            return (
                {} if selection.selected is None else {"selected": [selection.selected[row] for row in rows]}
            )
        name, axes = _EMBEDDING if self._outputs.embeds else _LOGITS
        if stages is None or name in stages:
            write(name, self._outputs.logits[list(rows)], axes)
        return {}

    def generate(self, rows: Sequence[int], asked: dict[str, Any], write: Any) -> dict[str, Any]:
        """The generated texts of these rows."""
        selection = self._outputs.selection
        texts = None if selection is None else selection.generated
        if texts is None or asked["tokens"] is not None or asked["precision"] is not None:
            raise self._host.Refusal("inputs-do-not-fit", f"{self._path} holds no more than texts.")
        found: list[dict[str, Any]] = [{"ids": [], "pieces": [], "text": texts[row] or ""} for row in rows]
        for one, row in zip(found, rows):
            if texts[row] is None:
                one["reason"] = "the file has no text for it"
        return {"rows": found, "float64": None}

    def _values_note(self, values: Any) -> str:
        kind = values.kind.replace("_", "-")
        how = ", in percent" if values.percent else ""
        if values.decimals is not None:
            how += f", rounded to {values.decimals} decimals"
        elif values.step:
            how += ", in float16"
        if self._forced:
            why = "as ?values states"
        elif self._multi_label:
            why = "all lie in [0, 1]"
        else:
            why = (
                "every row sums to one"
                if values.kind == "probabilities"
                else "the exponentials of every row sum to one"
            )
        return f"Its values are {kind} and not logits ({why}){how}: their logarithms are compared (?values=logits uses them as logits)."

    def close(self) -> None:
        """Nothing is held."""

    def _rows_by_id(self, match: str | None) -> dict[str, int] | None:
        if match == "id" and self._outputs.ids is None:
            raise self._host.Refusal(
                "subject", f"{self._path} has no ids.", "Give every row an id, or omit ?match=id."
            )
        if match == "order" or self._outputs.ids is None:
            return None
        places: dict[str, int] = {}
        for place, name in enumerate(self._outputs.ids):
            if name is None or name in places:
                what = "has no id" if name is None else f"has the id {name!r} of row {places[name] + 1}"
                raise self._host.Refusal(
                    "subject",
                    f"{self._path}: row {place + 1} {what}.",
                    "Give every row a unique id, or find rows by their order: ?match=order.",
                )
            places[name] = place
        return places

    def _place(self, row: int, example: dict[str, Any]) -> int:
        place = row if self._by_id is None else self._place_of(row, example.get("id"), self._by_id)
        count = len(self._outputs.logits)
        if place >= count:
            raise self._misfit(f"holds {count:,} rows, and there are at least {row + 1:,} inputs")
        for part, texts in (("text", self._outputs.texts), ("pair", self._outputs.pairs)):
            if texts is not None and texts[place] != example[part]:
                raise self._misfit(f"has another {part} in row {place + 1} than input {row}")
        return place

    def _place_of(self, row: int, name: str | None, by_id: dict[str, int]) -> int:
        if name is None:
            raise self._misfit(
                f"finds its rows by their ids, and input {row} has none",
                "Name the ids' column with --id-column; or state that the rows are in the order of the inputs: ?match=order.",
            )
        if name not in by_id:
            raise self._misfit(f"holds no row with the id {name!r}, which input {row} has")
        place = by_id[name]
        # A row of outputs answers one input; the second would be compared with the output of another.
        earlier = self._taken.setdefault(place, row)
        if earlier != row:
            raise self._misfit(
                f"finds its rows by their ids, and input {row} has the id {name!r} of input {earlier}",
                "Give every input a unique id.",
            )
        return place

    def _misfit(self, what: str, step: str = "") -> Any:
        return self._host.Refusal(
            "inputs-do-not-fit",
            f"{self._path} {what}.",
            step
            or "Give --inputs the examples these outputs were computed for, in their order or with ids on both sides.",
        )


def open(request: dict[str, Any], host: Host) -> Session:
    """Read the file that the request names."""
    return Session(request["locator"], request["options"], host)
