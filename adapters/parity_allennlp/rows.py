"""Examples as rows: an Instance by the archive's own reader and indexers, and its tokens.

Runs inside the foreign interpreter: AllenNLP's objects only, Python 3.8.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownLambdaType=false
# AllenNLP is not installed where types are checked: its objects are Any here.

from __future__ import annotations

import contextlib
import importlib
from typing import TYPE_CHECKING, Any, Generator, NamedTuple

from . import encoding, reading

if TYPE_CHECKING:
    from parity._in_process.host import Host


class Row(NamedTuple):
    """One example as AllenNLP holds it, and as tokens."""

    instance: Any
    pieces: list[Any]


class Reader:
    """The archive's way from text to rows: its reading, its reader, and the indexer that the ids are taken from."""

    def __init__(self, host: Host, model: Any, reader: Any, chosen: Any) -> None:
        self._refusal = host.Refusal
        self._normalized = host.tokenizer_facts.normalized
        self._model = model
        self._reader = reader
        self.reading = chosen
        self._host = host
        self._told: list[Any] | None = None
        self._tensors = encoding.TensorText.of(reader)
        self.parts = encoding.text_parts(self.probe().instance, reading.PAIRED_FIELDS)
        self.indexing = encoding.indexing(self.parts[0].field) if self.parts else self._of_tensors()

    def is_one_text(self, name: str) -> bool:
        """Whether rows are one text field of this name, whose ids are those of a transformer; not a list of sentences."""
        if [part.name for part in self.parts] != [name] or self.indexing is None:
            return False
        whole = hasattr(self.probe().instance.fields[name], "_indexed_tokens")
        return whole and self.indexing.kind in ("matched", "mismatched")

    def is_tensors(self, name: str) -> bool:
        """Whether rows are one field of this name that holds the tensors of Transformers' tokenizers."""
        return encoding.tensor_fields(self.probe().instance) == [name]

    def _of_tensors(self) -> encoding.Indexing | None:
        """The tokenizer of such rows, where their reader has one."""
        fields = encoding.tensor_fields(self.probe().instance)
        if len(fields) != 1 or self._tensors is None:
            return None
        return encoding.Indexing(fields[0], self._tensors, "matched")

    def probe(self) -> Row:
        """A row of a few plain words, such as every model can be run on."""
        return self.row(0, *self.reading.probe)

    def row(self, number: int, text: str, pair: str | None) -> Row:
        """One example; Refusal with its number for one that this archive cannot read."""
        if pair is None and self.reading.pairs == "required":
            raise self._refusal(
                "inputs-do-not-fit",
                f"Row {number} has one text; {self.reading.name} reads pairs.",
                "Give inputs with a text and a pair.",
            )
        if pair is not None and self.reading.pairs == "no":
            raise self._refusal(
                "inputs-do-not-fit",
                f"Row {number} has a text and a pair; {self.reading.name} reads one text.",
                "Give inputs of single texts.",
            )
        try:
            if self._told is None:
                instance = self.reading.make(text, pair)
            else:
                instance = (self.reading.of_words or self._reader.text_to_instance)(self._told)
            self._reader.apply_token_indexers(instance)
            instance.index_fields(self._model.vocab)
        except Exception as error:  # a reader may raise anything at a text it cannot read
            raise self._refusal(
                "inputs-do-not-fit",
                f"Row {number} cannot be read by {self.reading.name}: {type(error).__name__}: {error}.",
                "Exclude that row.",
            ) from error
        parts = encoding.text_parts(instance, reading.PAIRED_FIELDS)
        boundary = self._boundary(text, pair) if len(parts) == 1 and pair is not None else None
        found = [piece for part in parts for piece in encoding.pieces(part, boundary)]
        if parts and not (found and all(part.field.tokens for part in parts)):
            raise self._refusal(
                "inputs-do-not-fit",
                f"Row {number}, {text[:40]!r}, has no words for {type(self._model).__name__}, and AllenNLP cannot "
                "run without one.",
                "Exclude that row: AllenNLP's own predictor fails on it too.",
            )
        tensors = encoding.tensor_fields(instance)
        if not parts and len(tensors) == 1 and self._tensors is not None:
            return Row(instance, self._tensors.pieces(instance.fields[tensors[0]], text, pair))
        facts: Any = getattr(instance.fields.get("metadata"), "metadata", None)
        offsets = facts.get("offsets") if isinstance(facts, dict) else None
        found = found if offsets is None else encoding.with_words(found, offsets)
        return Row(instance, encoding.located(found, (text, pair)))

    @contextlib.contextmanager
    def given_words(self, example: dict[str, Any]) -> Generator[None, None, None]:
        """Temporarily read the words of an example as they are, where it has any; a reader of texts reads them as one text, and says so."""
        words = example.get("words")
        if words is not None and not reading.takes_words(self._reader):
            self._host.warn(
                f"{type(self._reader).__name__} reads texts: rows that are lists of words were read as one text each."
            )
            words = None
        if words is not None:
            token = importlib.import_module("allennlp.data.tokenizers").Token
            spans = example.get("spans") or [(None, None)] * len(words)
            self._told = [token(text=word, idx=start) for word, (start, _) in zip(words, spans)]
        try:
            yield
        finally:
            self._told = None

    def takes_blank(self) -> bool:
        """Whether an empty text can be read and run: not by a reader that splits into words."""
        try:
            self.row(0, "", None if self.reading.pairs != "required" else "")
        except self._refusal:
            return False
        return True

    def batch(self, rows: list[Row]) -> dict[str, Any]:
        """The rows as tensors, padded as AllenNLP pads them."""
        batch = importlib.import_module("allennlp.data").Batch([row.instance for row in rows])
        batch.index_instances(self._model.vocab)
        tensors: dict[str, Any] = batch.as_tensor_dict()
        return tensors

    def encoded(self, row: Row, text: str, pair: str | None) -> dict[str, Any] | None:
        """A row's tokens in plain data; None where the archive's reader does not show them."""
        if self.indexing is None:
            return None
        pieces = row.pieces
        transformer = self.indexing.kind in ("matched", "mismatched")
        wrapped = self.indexing.indexer._tokenizer if transformer else None
        return {
            "input_ids": [piece.id for piece in pieces],
            "pieces": [piece.text for piece in pieces],
            "offsets": [None if piece.span is None else list(piece.span) for piece in pieces],
            "segments": [piece.segment for piece in pieces],
            "special": [int(piece.special) for piece in pieces],
            "token_type_ids": [piece.type_id for piece in pieces] if transformer else None,
            "normalized": self._normalized(wrapped, text),
            "normalized_pair": self._normalized(wrapped, pair),
            "untruncated": self._untruncated(row, text, pair),
            "words": [piece.word for piece in pieces]
            if any(piece.word is not None for piece in pieces)
            else None,
            "refused": self.reading.refuses(row.instance),
        }

    def _boundary(self, text: str, pair: str | None) -> int | None:
        """How many tokens come before the pair's, in a field that holds both."""
        tokenizer: Any = getattr(self._reader, "_tokenizer", None)
        if pair is None or not hasattr(tokenizer, "sequence_pair_start_tokens"):
            return None
        around = len(tokenizer.sequence_pair_start_tokens) + len(tokenizer.sequence_pair_mid_tokens)
        tokens = len(tokenizer.tokenize(text))
        return int(around + min(tokens, getattr(self._reader, "max_query_length", tokens)))

    def _untruncated(self, row: Row, text: str, pair: str | None) -> int:
        with reading.without_truncation(self._reader) as limited:
            return len(self.row(0, text, pair).pieces) if limited else len(row.pieces)
