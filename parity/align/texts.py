"""By what two normalised texts differ: case, accents, Unicode form, white space, or something else."""

from __future__ import annotations

import re
import unicodedata

__all__ = ["text_change"]

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
    # Lower-casing BERT strips accents as well unless told otherwise: both at once are still the case rule.
    if _bare(reference.lower()) == _bare(candidate.lower()):
        return "lowercase"
    return "other"


def _bare(text: str) -> str:
    decomposed = unicodedata.normalize("NFD", text)
    return "".join(character for character in decomposed if unicodedata.category(character) != "Mn")
