"""The characters of tokens, where a reader of AllenNLP moves or loses them.

Runs inside the foreign interpreter: AllenNLP's objects only, Python 3.8.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# AllenNLP is not installed where types are checked: its objects are Any here.

from __future__ import annotations

from typing import Any

__all__ = ["ends_in_context", "of_pieces"]


def ends_in_context(context: str, instance: Any) -> None:
    """Let tokens end where they do in the context: their reader, which splits it at white space, moves only where they begin."""
    span = instance.fields["context_span"]
    for token in instance.fields["question_with_context"].tokens[span.span_start : span.span_end + 1]:
        if token.idx is None or token.idx_end is None:
            continue
        start = token.idx
        while start > 0 and not context[start - 1].isspace():
            start -= 1
        # A word after white space is tokenized behind a word of one letter and a space.
        token.idx_end += start - (2 if start > 0 else 0)


def of_pieces(pieces: list[Any], words: list[Any], offsets: list[int]) -> None:
    """Give each piece of a word its characters in the text; those of the whole word where they do not add up."""
    for word, first, after in zip(words, offsets, [*offsets[1:], len(pieces) - 1]):
        if word.idx is None:
            continue
        inside = pieces[first:after]
        lengths = [len(piece.text[2:] if piece.text.startswith("##") else piece.text) for piece in inside]
        whole = sum(lengths) == len(word.text)
        start = word.idx
        for piece, length in zip(inside, lengths):
            piece.idx = start
            piece.idx_end = start + (length if whole else len(word.text))
            start += length if whole else 0
