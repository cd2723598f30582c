"""By what two normalised texts differ: case, accents, Unicode form, white space, or something else."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

__all__ = ["mask_piece", "null_piece", "text_change", "unknown_piece", "unlike_algorithms"]

_SPACES = re.compile(r"[\s\u200b\ufeff]+")


def text_change(reference: str, candidate: str) -> str | None:
    """The mildest rule that makes the two equal; None when they are equal already.

    >>> text_change("Grüße", "grüße"), text_change("café", "cafe"), text_change("a  b", "a b"), text_change("a", "b")
    ('lowercase', 'accents', 'whitespace', 'other')
    """
    if reference == candidate:
        return None
    if reference.lower() == candidate.lower():
        return "lowercase"
    if unicodedata.normalize("NFKC", reference) == unicodedata.normalize("NFKC", candidate):
        return "unicode"
    if _SPACES.sub(" ", reference).strip() == _SPACES.sub(" ", candidate).strip():
        return "whitespace"
    if _bare(reference) == _bare(candidate):
        return "accents"
    # Lower-casing BERT strips accents as well unless configured otherwise: both at once are still the case rule.
    if _bare(reference.lower()) == _bare(candidate.lower()):
        return "lowercase"
    return "other"


def unlike_algorithms(reference: Mapping[str, Any], candidate: Mapping[str, Any]) -> str:
    """Why the normalised texts of two tokenizers, as they describe themselves, cannot be compared; empty when they can.

    Each algorithm normalises a text in its own way before it splits it: a WordPiece tokenizer lower-cases, a byte-level one
    does nothing. Where the algorithms differ, the pieces differ for that reason and not because of the text.

    >>> unlike_algorithms({"algorithm": "WordPiece"}, {"algorithm": "BPE"})
    'the reference splits text by WordPiece and the candidate by BPE, each after its own normalisation'
    """
    ours, theirs = reference.get("algorithm"), candidate.get("algorithm")
    if not ours or not theirs or ours == theirs:
        return ""
    return (
        f"the reference splits text by {ours} and the candidate by {theirs}, each after its own normalisation"
    )


def unknown_piece(tokenizer: Mapping[str, Any]) -> str:
    """What a tokenizer, as it describes itself, writes for a word that it does not know; empty where it does not report that.

    >>> unknown_piece({"special_tokens": {"unk_token": "[UNK]"}}), unknown_piece({})
    ('[UNK]', '')
    """
    special: Mapping[str, Any] = tokenizer.get("special_tokens") or {}
    return str(special.get("unk_token") or "")


def mask_piece(tokenizer: Mapping[str, Any]) -> str:
    """What stands for a token that is to be predicted, as a tokenizer describes itself; empty where it has none.

    >>> mask_piece({"special_tokens": {"mask_token": "[MASK]"}}), mask_piece({})
    ('[MASK]', '')
    """
    special: Mapping[str, Any] = tokenizer.get("special_tokens") or {}
    return str(special.get("mask_token") or "")


def null_piece(tokenizer: Mapping[str, Any]) -> str:
    """What stands for a whole row, as a tokenizer describes itself, and so for no answer; empty where it has none.

    >>> null_piece({"special_tokens": {"cls_token": "[CLS]"}}), null_piece({})
    ('[CLS]', '')
    """
    special: Mapping[str, Any] = tokenizer.get("special_tokens") or {}
    return str(special.get("cls_token") or special.get("bos_token") or "")


def _bare(text: str) -> str:
    decomposed = unicodedata.normalize("NFD", text)
    return "".join(character for character in decomposed if unicodedata.category(character) != "Mn")
