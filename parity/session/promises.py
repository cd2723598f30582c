"""What an adapter promises about its values and its tokens, compared with what it returned: each breach is a sentence.

These are what a comparison must take on trust: that logits are not probabilities, that float64
was computed in float64, that offsets lie where the pieces stand in the text, which tokens are special, where padding is,
and which of two texts a token comes from. `parity.session.conformance` runs them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from parity.align.tasks import task_of
from parity.border.description import Description
from parity.border.runner import Batch
from parity.inputs.example import Encoding, Example

__all__ = ["blank_tokens", "float64", "logits", "offsets", "padding_side", "pairs", "special_tokens"]

_PROBABLE = 1e-3  # from one, of a row that sums to it
_FEW = 6  # so few values show nothing
_COMPUTED = re.compile(r"(layer\.\d+|pooled|logits|output\..+)$")
_MARKERS = re.compile(
    r"^(##|\u2581|\u0120|@@)|(</w>|@@)$"
)  # of pieces: BERT's, SentencePiece's, GPT-2's, BPE's
_WORD = re.compile(r"[A-Za-z0-9]+$")
_SPECIAL = re.compile(
    r"(\[(CLS|SEP|PAD|BOS|EOS)\]|</?(s|bos|eos|cls|sep|pad)>|<\|[a-z_]+\|>)$", re.IGNORECASE
)
_MISPLACED = 0.25  # of a row's tokens: a normaliser may change a few words


def logits(described: Description, batch: Batch) -> Iterator[str]:
    """Raw scores are promised: a softmax over probabilities, or a temperature on them, is something else."""
    stage, task = batch.stages.get("logits"), task_of(described)
    if stage is None or stage.axes[-1:] != ("class",) or task.activation is None:
        return
    values = np.asarray(stage.values, dtype=np.float64).reshape(-1, stage.values.shape[-1])
    values = values[np.isfinite(values).all(axis=1)]
    if not values.size or values.min() < 0 or values.max() > 1:
        return
    if not task.activation.per_row:
        if values.size >= _FEW:
            yield "stage logits seems to hold probabilities: every value lies between 0 and 1 (write the input of the sigmoid)"
    elif values.shape[1] > 1 and bool((np.abs(values.sum(axis=1) - 1) < _PROBABLE).all()):
        yield "stage logits holds probabilities: every row sums to one (write the input of the softmax)"


def float64(described: Description, double: Batch) -> Iterator[str]:
    """A pass in float64 measures rounding: one that was computed in float32 makes a correct port divergent."""
    if described.dtype == "float64" or (double.float64 or "pure") != "pure":
        return  # what is mixed, or could not be watched, is reported as such
    for name, stage in double.stages.items():
        if not np.issubdtype(stage.values.dtype, np.floating):
            continue
        if stage.values.dtype != np.float64 or stage.source != "float64":
            yield f"stage {name} of a float64 pass is {stage.source}"
            continue
        if not _COMPUTED.match(name):
            continue  # a table's rows are float32 numbers in any precision
        seen = stage.values[np.isfinite(stage.values)]
        with np.errstate(over="ignore"):
            shown = seen[seen.astype(np.float16).astype(np.float64) != seen]
            if shown.size >= _FEW and bool((shown.astype(np.float32).astype(np.float64) == shown).all()):
                yield (
                    f"stage {name} of a float64 pass holds only float32 numbers: it was computed in float32, "
                    'and that is not reported (float64: "mixed: …", or can.float64 false)'
                )


def offsets(examples: Sequence[Example], encodings: Sequence[Encoding | None]) -> Iterator[str]:
    """A span is the place of the piece in its text, by which the tokens of two sides are aligned."""
    for example, encoding in zip(examples, encodings, strict=True):
        if encoding is None:
            continue
        compared, misplaced, first = 0, 0, ""
        for piece, span, segment in zip(encoding.pieces, encoding.offsets, encoding.segments, strict=True):
            text = example.pair if segment == 1 else example.text
            if span is None or text is None:
                continue
            start, end = span
            if not 0 <= start <= end <= len(text):
                yield (
                    f"row {example.row}: the token {piece!r} lies at characters {start} to {end} of a text of {len(text)}"
                )
                break
            plain = _MARKERS.sub("", piece)
            if not _WORD.match(plain):
                continue
            compared += 1
            if _folded(text[start:end]) != _folded(plain):
                misplaced += 1
                first = (
                    first
                    or f"{piece!r} is reported at {start} to {end}, where the text is {text[start:end]!r}"
                )
        if misplaced > _MISPLACED * compared:
            yield f"row {example.row}: {misplaced} of {compared} tokens are not at their offsets: {first}"


def special_tokens(
    described: Description, examples: Sequence[Example], encodings: Sequence[Encoding | None]
) -> Iterator[str]:
    """Tokens that a tokenizer adds around a text are special and belong to no text; otherwise they are aligned with words."""
    special: Any = described.tokenizer.get("special_tokens")
    known: set[str] = {str(token) for token in special.values()} if hasattr(special, "values") else set()
    for example, encoding in zip(examples, encodings, strict=True):
        if encoding is None:
            continue
        texts = f"{example.text} {example.pair or ''}"
        for place, piece in enumerate(encoding.pieces):
            if encoding.special[place]:
                continue
            nowhere = encoding.segments[place] is None
            around = (piece in known or _SPECIAL.match(piece)) and piece not in texts
            inside = encoding.offsets[place] is not None and encoding.offsets[place] != (0, 0)
            if nowhere or (around and not inside):
                why = "comes from neither text" if nowhere else "is in no text"
                yield f"row {example.row}: token {place}, {piece!r}, {why} and is not reported as special"
                break


def blank_tokens(encoding: Encoding | None) -> Iterator[str]:
    """Every token of an empty text is special."""
    if encoding is None:
        return
    for piece, special in zip(encoding.pieces, encoding.special, strict=True):
        if not special and _MARKERS.sub("", piece).strip():
            yield f"an empty text has the token {piece!r}, which is not reported as special"
            return


def padding_side(described: Description, batch: Batch) -> Iterator[str]:
    """The reported side is the side of the padding."""
    side, real = described.tokenizer.get("padding_side"), batch.stages.get("real")
    if side not in {"left", "right"} or real is None or real.values.ndim != 2:
        return
    for row, mask in enumerate(real.values.astype(bool)):
        if mask.all() or not mask.any():
            continue
        edges = {"left": not mask[0], "right": not mask[-1]}
        if not edges[str(side)]:
            other = "left" if side == "right" else "right"
            yield f"it announces padding on the {side}, and row {row} is padded on the {other}"
            return


def pairs(
    described: Description, batch: Batch, examples: Sequence[Example], encodings: Sequence[Encoding | None]
) -> Iterator[str]:
    """For a pair each token's text is reported, and the model is fed this where it takes it."""
    fed = batch.stages.get("token_type_ids")
    real = batch.stages.get("real")
    takes = _takes_types(described, encodings, fed is not None)
    for number, (example, encoding) in enumerate(zip(examples, encodings, strict=True)):
        if encoding is None:
            continue
        types = encoding.token_type_ids
        if types is not None and fed is not None and real is not None:
            given = fed.values[number][real.values[number].astype(bool)].tolist()
            if given != list(types):
                yield f"row {example.row} has the types {list(types)} and is fed {given}"
        if not example.pair or not example.pair.strip() or not example.text.strip():
            continue
        for segment, which in ((0, "first"), (1, "second")):
            if segment not in encoding.segments:
                yield f"row {example.row} is a pair, and no token is reported to come from its {which} text (segment {segment})"
        if not takes:
            continue
        if types is None or fed is None:
            lack = "it has none" if types is None else "it is fed none"
            yield f"row {example.row} is a pair, the model takes token_type_ids, and {lack}"
        elif len(set(_of_texts(types, encoding))) < 2:
            yield f"row {example.row} is a pair, and both of its texts have the same token_type_ids"


def _of_texts(types: Sequence[int], encoding: Encoding) -> Iterator[int]:
    return (kind for kind, segment in zip(types, encoding.segments, strict=True) if segment is not None)


def _takes_types(described: Description, encodings: Sequence[Encoding | None], fed: bool) -> bool:
    """Whether the model distinguishes two texts by types: it has two or more, and its tokenizer (or any row) gives them."""
    kinds, names = described.config.get("type_vocab_size"), described.tokenizer.get("model_input_names")
    if isinstance(kinds, int) and kinds < 2:
        return False
    if isinstance(names, (list, tuple)):
        return "token_type_ids" in names and isinstance(kinds, int)
    return fed or any(one is not None and one.token_type_ids is not None for one in encodings)


def _folded(text: str) -> str:
    parts = unicodedata.normalize("NFKD", text.strip().casefold())
    return "".join(character for character in parts if not unicodedata.combining(character))
