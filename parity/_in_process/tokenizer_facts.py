"""A Transformers tokenizer in plain data, whichever framework holds it: its vocabulary's digest, its normalizer, its limit."""

from __future__ import annotations

import hashlib
import json
from typing import Any, Mapping

__all__ = ["length_limit", "normalized", "normalizer_settings", "vocabulary_digest"]

_UNLIMITED = 10**9  # tokenizers without a limit say 1e30


def length_limit(tokenizer: Any) -> int | None:
    """The tokens that it was made for at most; None for a tokenizer without a limit."""
    longest = tokenizer.model_max_length
    return int(longest) if longest < _UNLIMITED else None


def vocabulary_digest(vocabulary: Mapping[str, int]) -> str:
    """One digest for a vocabulary: its pieces and their ids, by piece."""
    text = json.dumps(sorted(vocabulary.items()), ensure_ascii=True)
    return "sha256:" + hashlib.sha256(text.encode("ascii")).hexdigest()


def normalizer_settings(tokenizer: Any) -> dict[str, Any]:
    """What a fast tokenizer does to a text first; of a slow one only whether it lowers case, where it tells."""
    if not tokenizer.is_fast:
        return {"do_lower_case": tokenizer.do_lower_case} if hasattr(tokenizer, "do_lower_case") else {}
    normalizer = tokenizer.backend_tokenizer.normalizer
    state: dict[str, Any] = {} if normalizer is None else json.loads(normalizer.__getstate__())
    found: dict[str, Any] = {"normalizer": state}
    if "lowercase" in state:
        found["do_lower_case"] = state["lowercase"]
        found["strip_accents"] = state.get("strip_accents")
    return found


def normalized(tokenizer: Any, text: str | None) -> str | None:
    """The text after a fast tokenizer's normalizer; None where there is no text, or the tokenizer does not report it."""
    if text is None or not getattr(tokenizer, "is_fast", False):
        return None
    normalizer = tokenizer.backend_tokenizer.normalizer
    return text if normalizer is None else str(normalizer.normalize_str(text))
