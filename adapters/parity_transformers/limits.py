"""What a model has room for: the rows of its tables, the positions, the longest input; what goes beyond is refused unrun.

A framework that is fed more raises an IndexError at best; some read what lies beside the table.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from parity._in_process.host import Host, Refusal

    from .loading import Loaded

__all__ = ["Limits"]


class Limits:
    """The limits of one loaded model; `room` is the longest input in tokens, None where nothing limits it."""

    def __init__(self, loaded: Loaded, host: Host) -> None:
        self._name = loaded.name
        self._host = host
        model = loaded.model
        self.vocabulary_rows = _vocabulary_rows(loaded, host)
        self._positions: int | None = host.tap.position_limit(model)
        self.room: int | None = self._positions or _said_room(model.config)
        self._tables: dict[str, int | None] = {
            "input_ids": self.vocabulary_rows,
            "token_type_ids": getattr(model.config, "type_vocab_size", None) or None,
            "position_ids": host.tap.position_rows(model),
        }
        self._special = int(loaded.tokenizer.num_special_tokens_to_add(pair=True))

    def check_length(self, asked: int | None) -> None:
        """Refuse a `max_length` that the positions, or the special tokens, leave no sense to."""
        if asked and self._positions and asked > self._positions:
            raise self._host.Refusal(
                "bad-option-value",
                f"max_length={asked} is beyond the {self._positions} positions of {self._name}.",
                f"Give at most {self._positions}.",
            )
        if asked and asked < self._special:  # tokenizers would then not cut at all
            raise self._host.Refusal(
                "bad-option-value",
                f"max_length={asked} has no room for the {self._special} special tokens of {self._name}.",
                f"Give at least {self._special + 1}.",
            )

    def check_rows(self, rows: list[dict[str, Any]], examples: list[dict[str, Any]]) -> None:
        """Refuse inputs of which the tokenizer leaves no token: there is nothing to run, and nothing to compare."""
        empty = [place for place, row in enumerate(rows) if not row["input_ids"]]
        if not empty:
            return
        first, more = examples[empty[0]], len(empty) - 1
        known = "" if first.get("id") is None else "id {!r}, ".format(first["id"])
        others = f", nor has {more} of those after it" if more else ""
        raise self._refused(
            "Input {} ({}text {!r}) has no token: the tokenizer of {} makes nothing of it{}.".format(
                first["row"], known, first["text"][:40], self._name, others
            ),
            "Leave it out of the inputs (they are counted from 0), or give it a text.",
        )

    def check_feeds(self, feeds: dict[str, Any]) -> None:
        """Refuse what the model's tables do not hold."""
        ids = feeds["input_ids"]
        rows, sizes = len(ids), {len(row) for row in ids}
        if not rows or sizes == {0}:
            raise self._refused(
                f"There is nothing to run: no token in {rows} rows.", "Give inputs that have a text."
            )
        for name, limit in self._tables.items():
            for row in feeds.get(name, ()):
                if min(row) >= 0 and (limit is None or max(row) < limit):
                    continue
                worst = min(row) if min(row) < 0 else max(row)
                where = "below 0" if limit is None else f"outside the {limit} rows of {self._name}'s table"
                raise self._refused(
                    f"{name} {worst} is {where}.",
                    "This is what a tokenizer of another model looks like." if name == "input_ids" else "",
                )
        if self._positions is not None and max(sizes) > self._positions:
            raise self._refused(
                f"A row of {max(sizes)} tokens is longer than the {self._positions} positions of {self._name}.",
                "Leave truncation on, or set max_length.",
            )

    def _refused(self, sentence: str, step: str) -> Refusal:
        return self._host.Refusal("inputs-do-not-fit", sentence, step)


def _vocabulary_rows(loaded: Loaded, host: Host) -> int:
    try:
        table: Any = loaded.model.get_input_embeddings()
        return int(table.weight.shape[0])
    except Exception as error:
        raise host.Refusal(
            "subject",
            f"{loaded.name} is not a text model that parity can run: {type(loaded.model).__name__} has no one table of token "
            "embeddings.",
            "Give a model that reads tokens of a text; a text encoder inside another model can be saved as a folder of its own.",
        ) from error


def _said_room(config: Any) -> int | None:
    """What the config says of the longest input; relative positions without a table (T5) have no limit."""
    if hasattr(config, "relative_attention_num_buckets"):
        return None
    said = getattr(config, "max_position_embeddings", None) or getattr(config, "n_positions", None)
    return int(said) if isinstance(said, int) and said > 0 else None
