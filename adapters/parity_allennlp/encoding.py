"""One Instance seen as a row of tokens: the ids that AllenNLP's own indexers gave, with pieces and character spans.

Runs inside the foreign interpreter: standard library and AllenNLP's objects, Python 3.8.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportUnknownLambdaType=false
# AllenNLP is not installed where types are checked: its objects are Any here.

from __future__ import annotations

import importlib
import zlib
from typing import Any, Iterator, NamedTuple

_BOUNDARIES = ("@start@", "@end@")


class Piece(NamedTuple):
    """One token as the model gets it: id, text, its characters in the text or the pair (None: special), type id, and which word
    of the text it is a piece of, where words are split each by itself."""

    id: int
    text: str
    span: tuple[int, int] | None
    segment: int | None
    special: bool
    type_id: int
    word: int | None = None


class TextPart(NamedTuple):
    """A text field of an instance, its place in it, and which text it holds: 0 the text, 1 the pair, None both."""

    name: str
    field: Any
    segment: int | None


class TensorText:
    """The tokenizer of Transformers by which a reader makes the tensors of a text; in the place of an indexer, whose names it has."""

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer

    @classmethod
    def of(cls, reader: Any) -> TensorText | None:
        """That of a reader: its own, or the one that AllenNLP's tokenizer wraps; None where it has neither."""
        own: Any = getattr(reader, "_tokenizer", None)
        found = next(
            (one for one in (own, getattr(own, "tokenizer", None)) if hasattr(one, "all_special_ids")), None
        )
        return None if found is None else cls(found)

    def pieces(self, field: Any, text: str, pair: str | None) -> list[Piece]:
        """The tokens of a field; their characters are known where the tokenizer gives the same ids for the text alone."""
        tokenizer = self._tokenizer
        ids = [int(number) for number in field.input_ids.reshape(-1)]
        types = (
            [0] * len(ids)
            if field.token_type_ids is None
            else list(map(int, field.token_type_ids.reshape(-1)))
        )
        special = set(tokenizer.all_special_ids) - {tokenizer.unk_token_id}
        spans: list[Any] = [None] * len(ids)
        segments: list[Any] = [None if number in special else 0 for number in ids]
        if tokenizer.is_fast:
            again = tokenizer(text, pair, return_offsets_mapping=True)
            if list(again["input_ids"]) == ids:
                segments = list(again.sequence_ids(0))
                spans = list(again["offset_mapping"])
        texts = tokenizer.convert_ids_to_tokens(ids)
        return [
            Piece(number, piece, None if segment is None else span, segment, segment is None, kind)
            for number, piece, span, segment, kind in zip(ids, texts, spans, segments, types)
        ]


class Indexing(NamedTuple):
    """The indexer that a row's ids are taken from: `kind` is "matched", "mismatched", "single_id" or "other"."""

    name: str
    indexer: Any
    kind: str


def text_parts(instance: Any, paired_fields: dict[str, int]) -> list[TextPart]:
    """The instance's text fields (those in lists too), the text's before the pair's."""
    found = [part for name, field in instance.fields.items() for part in _text_fields(name, field)]
    if len(found) == 1:
        return [TextPart(found[0][0], found[0][1], None)]
    parts = [TextPart(name, field, paired_fields.get(name, 0)) for name, field in found]
    return sorted(parts, key=lambda part: part.segment or 0)


def _text_fields(name: str, field: Any) -> Iterator[tuple[str, Any]]:
    if hasattr(field, "_indexed_tokens"):
        yield name, field
    for inner in getattr(field, "field_list", []):
        yield from _text_fields(name, inner)


def tensor_fields(instance: Any) -> list[str]:
    """The names of the fields that hold the tensors of Transformers' tokenizers."""
    return [
        name
        for name, field in instance.fields.items()
        if hasattr(field, "input_ids") and hasattr(field, "padding_token_id")
    ]


def indexing(field: Any) -> Indexing:
    """The most informative indexer: a transformer's, else one id a token, else any."""
    classes: Any = importlib.import_module("allennlp.data.token_indexers")
    kinds = (
        ("matched", classes.PretrainedTransformerIndexer),
        ("mismatched", classes.PretrainedTransformerMismatchedIndexer),
        ("single_id", classes.SingleIdTokenIndexer),
        ("other", object),
    )
    indexers = field.token_indexers
    return next(
        Indexing(name, indexer, kind)
        for kind, wanted in kinds
        for name, indexer in indexers.items()
        if isinstance(indexer, wanted)
    )


def pieces(part: TextPart, boundary: int | None) -> list[Piece]:
    """The tokens of one (indexed) text field; `boundary` is how many of its tokens come before the pair's, if known."""
    how = indexing(part.field)
    indexed = part.field._indexed_tokens[how.name]
    if how.kind == "matched":
        return _matched(part, how.indexer, indexed, boundary)
    if how.kind == "mismatched":
        return _mismatched(part, how.indexer, indexed)
    return _words(part, how, indexed)


def _matched(part: TextPart, indexer: Any, indexed: Any, boundary: int | None) -> list[Piece]:
    tokens = part.field.tokens
    tokenizer = indexer._tokenizer
    special_ids = set(tokenizer.all_special_ids) - {tokenizer.unk_token_id}
    before = len(tokens) if boundary is None else boundary
    unfolded = []
    second = False
    for place, token in enumerate(tokens):
        number = token.text_id if token.text_id is not None else tokenizer.convert_tokens_to_ids(token.text)
        special = _span(token) is None and number in special_ids
        second = second or place >= before
        segment = None if special else part.segment if part.segment is not None else int(second)
        text = tokenizer.convert_ids_to_tokens(number)
        unfolded.append(
            Piece(number, text, None if special else _span(token), segment, special, token.type_id or 0)
        )
    return _folded(indexer, unfolded, indexed["token_ids"], indexed["type_ids"])


def _mismatched(part: TextPart, indexer: Any, indexed: Any) -> list[Piece]:
    """Word by word, as the indexer tokenises: each word alone, so its pieces' characters are found within it."""
    wrapped = indexer._allennlp_tokenizer
    tokenizer = indexer._tokenizer
    start, end = (
        [Piece(token.text_id, token.text, None, None, True, token.type_id or 0) for token in tokens]
        for tokens in (wrapped.single_sequence_start_tokens, wrapped.single_sequence_end_tokens)
    )
    middle = []
    for place, word in enumerate(part.field.tokens):
        encoded = tokenizer.encode_plus(
            word.text,
            add_special_tokens=False,
            return_attention_mask=False,
            return_offsets_mapping=tokenizer.is_fast,
        )
        ids = encoded["input_ids"]
        inner = encoded.get("offset_mapping") or [(0, len(word.text))] * len(ids)
        for number, text, (first, last) in zip(ids, tokenizer.convert_ids_to_tokens(ids), inner):
            span = None if word.idx is None else (word.idx + first, word.idx + last)
            middle.append(
                Piece(
                    number,
                    text,
                    span,
                    part.segment or 0,
                    False,
                    wrapped.single_sequence_token_type_id or 0,
                    place,
                )
            )
    return _folded(
        indexer._matched_indexer, [*start, *middle, *end], indexed["token_ids"], indexed["type_ids"]
    )


def _folded(indexer: Any, unfolded: list[Piece], ids: list[int], types: list[int]) -> list[Piece]:
    """The same in segments where the indexer folds; checked against the ids that it gave, which decide."""
    found = unfolded
    if indexer._max_length is not None:
        first, last = indexer._num_added_start_tokens, indexer._num_added_end_tokens
        start, middle, end = (
            unfolded[:first],
            unfolded[first : len(unfolded) - last],
            unfolded[len(unfolded) - last :],
        )
        size = indexer._effective_max_length
        found = [
            piece for at in range(0, len(middle), size) for piece in (*start, *middle[at : at + size], *end)
        ]
    if [piece.id for piece in found] == list(ids):
        return [piece._replace(type_id=type_id) for piece, type_id in zip(found, types)]
    texts = indexer._tokenizer.convert_ids_to_tokens(list(ids))
    special_ids = set(indexer._tokenizer.all_special_ids) - {indexer._tokenizer.unk_token_id}
    return [
        Piece(number, text, None, None if number in special_ids else 0, number in special_ids, type_id)
        for number, text, type_id in zip(ids, texts, types)
    ]


def with_words(found: list[Piece], offsets: list[int]) -> list[Piece]:
    """The same pieces with the word of each, by the place of each word's first piece; the last piece is special."""
    numbers: list[int | None] = [None] * len(found)
    for number, (first, after) in enumerate(zip(offsets, [*offsets[1:], len(found) - 1])):
        numbers[first:after] = [number] * (after - first)
    return [piece._replace(word=number) for piece, number in zip(found, numbers)]


def _words(part: TextPart, how: Indexing, indexed: Any) -> list[Piece]:
    """Words with the one id each that the vocabulary has for them, or a checksum of what another indexer gives."""
    if how.kind == "single_id":
        ids = [int(number) for number in indexed["tokens"]]
    else:
        lists = next(
            (value for value in indexed.values() if len(value) == len(part.field.tokens)), part.field.tokens
        )
        ids = [zlib.crc32(repr(one).encode("utf-8", "surrogatepass")) & 0x7FFFFFFF for one in lists]
    found = []
    for number, token in zip(ids, part.field.tokens):
        special = token.text in _BOUNDARIES
        segment = None if special else part.segment or 0
        found.append(Piece(number, token.text, None if special else _span(token), segment, special, 0))
    return found


def located(found: list[Piece], texts: tuple[str, str | None]) -> list[Piece]:
    """The same pieces, with the characters of words, searched one after another where the tokenizer does not report them."""
    at = [0, 0]
    placed = []
    for piece in found:
        text = texts[piece.segment or 0]
        if piece.span is None and not piece.special and piece.text and text:
            start = text.find(piece.text, at[piece.segment or 0])
            if start >= 0:
                piece = piece._replace(span=(start, start + len(piece.text)))
        if piece.span is not None:
            at[piece.segment or 0] = piece.span[1]
        placed.append(piece)
    return placed


def _span(token: Any) -> tuple[int, int] | None:
    start = getattr(token, "idx", None)
    if start is None:
        return None
    end = getattr(token, "idx_end", None)
    return int(start), int(start + len(token.text) if end is None else end)
