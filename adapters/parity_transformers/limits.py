"""The limits of a model: the rows of its tables, the positions, the longest input; inputs above them are refused before running.

A framework that gets more raises an IndexError at best; some read memory beside the table.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .text_half import part_that_reads, token_table

if TYPE_CHECKING:
    from parity._in_process.host import Host, Refusal

    from .loading import Loaded
    from .options import Options

__all__ = ["Limits", "why_alone"]


class Limits:
    """The limits of one loaded model; `room` is the longest input in tokens, None where nothing limits it."""

    def __init__(self, loaded: Loaded, host: Host) -> None:
        self._name = loaded.name
        self._host = host
        model = part_that_reads(loaded.model) if loaded.row.half else loaded.model
        self.vocabulary_rows = _vocabulary_rows(loaded, host)
        self._positions: int | None = host.tap.position_limit(model)
        self.room: int | None = self._positions or _said_room(model.config)
        self._tables: dict[str, int | None] = {
            "input_ids": self.vocabulary_rows,
            "token_type_ids": getattr(model.config, "type_vocab_size", None) or None,
            "position_ids": host.tap.position_rows(model),
        }
        self._special = int(loaded.tokenizer.num_special_tokens_to_add(pair=True))

    def check_length(self, requested: int | None) -> None:
        """Refuse a `max_length` that does not fit the positions or the special tokens."""
        if requested and self._positions and requested > self._positions:
            raise self._host.Refusal(
                "bad-option-value",
                f"max_length={requested} is more than the {self._positions} positions of {self._name}.",
                f"Give at most {self._positions}.",
            )
        if requested and requested < self._special:  # tokenizers would then not cut at all
            raise self._host.Refusal(
                "bad-option-value",
                f"max_length={requested} leaves no room for the {self._special} special tokens of {self._name}.",
                f"Give at least {self._special + 1}.",
            )

    def positioned(self, feeds: dict[str, Any], real: Any, options: Options) -> dict[str, Any]:
        """The feeds with positions counted from the mask, where that is requested and they have none.

        They begin where the model's table does, since some keep its first rows for padding; what is not attended to gets the second position.
        """
        if options.position_ids is None or "position_ids" in feeds:
            return feeds
        start = (self._tables["position_ids"] or 0) - self._positions if self._positions else 0
        found: list[list[int]] = []
        for row in feeds.get("attention_mask", real):
            count = 0
            line: list[int] = []
            for one in row:
                count += one
                line.append(start + (count - 1 if one else 1))
            found.append(line)
        return dict(feeds, position_ids=found)

    def check_rows(self, rows: list[dict[str, Any]], examples: list[dict[str, Any]]) -> None:
        """Refuse inputs for which the tokenizer produces no tokens: there is nothing to run or to compare."""
        empty = [place for place, row in enumerate(rows) if not row["input_ids"]]
        if not empty:
            return
        first, more = examples[empty[0]], len(empty) - 1
        known = "" if first.get("id") is None else "id {!r}, ".format(first["id"])
        others = f", nor for {more} later inputs" if more else ""
        raise self._refused(
            "Input {} ({}text {!r}) has no tokens: {}'s tokenizer produces none for it{}.".format(
                first["row"], known, first["text"][:40], self._name, others
            ),
            "Remove it from the inputs (counted from 0), or give it a text.",
        )

    def mark_long(self, rows: list[dict[str, Any]]) -> None:
        """Mark the rows that are longer than the positions: as the library runs them, without truncation, they cannot be run."""
        for row in rows:
            length = len(row["input_ids"])
            if self._positions is not None and length > self._positions:
                row["refused"] = f"{length} tokens, and {self._name} has {self._positions} positions"

    def check_feeds(self, feeds: dict[str, Any]) -> None:
        """Refuse ids that the model's tables do not have."""
        ids = feeds["input_ids"]
        rows, sizes = len(ids), {len(row) for row in ids}
        if not rows or sizes == {0}:
            raise self._refused(
                f"There is nothing to run: {rows} rows have no tokens.", "Give inputs that have a text."
            )
        for name, limit in self._tables.items():
            for row in feeds.get(name, ()):
                if min(row) >= 0 and (limit is None or max(row) < limit):
                    continue
                worst = min(row) if min(row) < 0 else max(row)
                where = "below 0" if limit is None else f"outside the {limit} rows of {self._name}'s table"
                raise self._refused(
                    f"{name} {worst} is {where}.",
                    "The tokenizer is probably that of another model." if name == "input_ids" else "",
                )
        if self._positions is not None and max(sizes) > self._positions:
            raise self._refused(
                f"A row of {max(sizes)} tokens is longer than the {self._positions} positions of {self._name}.",
                "Keep truncation on, or set max_length.",
            )

    def _refused(self, sentence: str, step: str) -> Refusal:
        return self._host.Refusal("inputs-do-not-fit", sentence, step)


def why_alone(loaded: Loaded) -> str | None:
    """Why rows cannot be run together; None where they can."""
    config, sequences = loaded.model.config, loaded.row.of_row
    if loaded.tokenizer.pad_token is None or (sequences and getattr(config, "pad_token_id", None) is None):
        return "There is no padding token, so rows are run one at a time."
    if sequences and getattr(config, "is_encoder_decoder", False):
        return (
            "A batch of this model must have the same number of end tokens in every row, "
            "so rows are run one at a time."
        )
    return None


def _vocabulary_rows(loaded: Loaded, host: Host) -> int:
    try:
        table: Any = token_table(loaded.model) if loaded.row.half else loaded.model.get_input_embeddings()
        return int(table.weight.shape[0])
    except Exception as error:
        raise host.Refusal(
            "subject",
            f"{loaded.name} is not a text model that parity can run: {type(loaded.model).__name__} has no one table of token "
            "embeddings.",
            "Give a model that reads tokens of a text; a text encoder inside another model can be saved as a folder of its own.",
        ) from error


def _said_room(config: Any) -> int | None:
    """The longest input by the config; relative positions without a table (T5) have no limit."""
    if hasattr(config, "relative_attention_num_buckets"):
        return None
    longest = getattr(config, "max_position_embeddings", None) or getattr(config, "n_positions", None)
    return int(longest) if isinstance(longest, int) and longest > 0 else None
