"""The internals of a fast tokenizer: the settings of its algorithm in full, its larger parts by their digests."""

from __future__ import annotations

import hashlib
import json
from typing import Any

__all__ = ["added_tokens", "adds_prefix_space", "internals", "pre_tokenizer"]

_ADDED = 2000
_PARTS = ("added_tokens", "normalizer", "pre_tokenizer", "post_processor")


def internals(backend: Any) -> dict[str, Any]:
    """The parts by name. Padding and truncation are set anew for each call, the decoder has no part in encoding, and the vocabulary
    has a digest of its own; that of a unigram model holds scores as well, and is a part here."""
    whole = json.loads(backend.to_str())
    found: dict[str, Any] = {name: _digest(whole[name]) for name in _PARTS if whole.get(name)}
    model: dict[str, Any] = whole.get("model") or {}
    for name in sorted(model):
        value = model[name]
        if name == "type" or (name == "vocab" and isinstance(value, dict)):
            continue
        plain = value is None or isinstance(value, (str, int, float, bool))
        found["model." + name] = value if plain else _digest(value)
    return found


def pre_tokenizer(backend: Any) -> dict[str, Any]:
    """The settings of what splits a text before the algorithm does, in full; empty where there is none."""
    part = backend.pre_tokenizer
    try:
        return {} if part is None else dict(json.loads(part.__getstate__()))
    except Exception:  # noqa: BLE001  # one written in Python has no state to show
        return {}


def added_tokens(tokenizer: Any) -> list[str]:
    """The tokens beside the vocabulary, by id; at most two thousand of them, the last ones."""
    try:
        added = sorted(tokenizer.get_added_vocab().items(), key=lambda item: item[1])
    except Exception:  # noqa: BLE001  # a tokenizer of a checkpoint's own code may not have it
        return []
    return [str(token) for token, _ in added][-_ADDED:]


def adds_prefix_space(settings: dict[str, Any]) -> bool | None:
    """Whether a byte-level pre-tokenizer of these settings puts a space before a text; None for other ones."""
    steps: list[dict[str, Any]] = [settings]
    for step in steps:
        steps.extend(step.get("pretokenizers") or [])
        if step.get("type") == "ByteLevel":
            return bool(step.get("add_prefix_space"))
    return None


def _digest(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, ensure_ascii=True)
    return "sha256:" + hashlib.sha256(text.encode("ascii")).hexdigest()
