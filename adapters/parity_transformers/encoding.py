"""A Transformers tokenizer's own path from text to ids, reported in full, and its own padding.

What the tokenizer does not produce (an attention mask, token types) is not added here: its absence is a finding. Token
types that the model does not take are omitted: they are not part of its inputs.
"""

from __future__ import annotations

import contextlib
import inspect
from typing import TYPE_CHECKING, Any, Callable

if TYPE_CHECKING:
    from parity._in_process.host import Host

    from .options import Options
    from .sentence_layers import Modules

from . import chat, words
from .tokenizer_internals import added_tokens, adds_prefix_space, internals, pre_tokenizer

__all__ = ["Encoder"]


class Encoder:
    """Encodes examples, and pads encodings to a batch."""

    def __init__(
        self,
        tokenizer: Any,
        options: Options,
        room: int | None,
        takes_types: bool,
        host: Host,
        modules: Modules | None = None,
    ) -> None:
        self.tokenizer = tokenizer
        self._modules = modules
        self._host = host
        self._takes_types = takes_types
        self._options = options
        if options.padding_side is not None:
            tokenizer.padding_side = options.padding_side
        known = host.tokenizer_facts.length_limit(tokenizer)
        limits = [
            limit
            for limit in (known, room, None if modules is None else modules.max_length)
            if limit is not None
        ]
        self.limit: int | None = options.max_length or (min(limits) if limits else None)
        given = [name for name in tokenizer.model_input_names if name != "input_ids"]
        self.names = [name for name in given if name != "token_type_ids" or takes_types]
        self.leaves_types_out = self.names != given
        chat.check(tokenizer, options.apply_chat_template, host)
        if options.attention_mask == "off":
            self.names = [name for name in self.names if name != "attention_mask"]

    def tokenize(self, examples: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The encodings of these examples."""
        if self._modules is not None:
            examples = [_read(example, self._modules.text) for example in examples]
        found: list[Any] = [None] * len(examples)
        texts = [self._rendered(example) for example in examples]
        examples = [
            example if text is None else dict(example, text=text) for example, text in zip(examples, texts)
        ]
        split = [words.is_split(example, self._options.is_split_into_words) for example in examples]
        kinds = [
            "chat"
            if text is not None
            else "words"
            if by_word
            else "text"
            if example["pair"] is None
            else "pair"
            for example, by_word, text in zip(examples, split, texts)
        ]
        for kind in ("text", "pair", "words", "chat"):
            chosen = [k for k, one in enumerate(kinds) if one == kind]
            for k, encoding in zip(chosen, self._encode([examples[k] for k in chosen], kind, self.limit)):
                found[k] = encoding
        return found

    def targets(self, texts: list[str], limit: int | None) -> list[dict[str, Any]]:
        """The encodings of texts that a decoder is to predict, of at most so many tokens."""
        examples: list[dict[str, Any]] = [{"text": text, "pair": None} for text in texts]
        return self._encode(examples, "target", limit)

    def pieces(self, ids: list[int]) -> list[str]:
        """The piece of each id."""
        known = self.tokenizer.convert_ids_to_tokens(ids)
        return [f"<{token}>" if piece is None else piece for token, piece in zip(ids, known)]

    def pad(self, encodings: list[dict[str, Any]]) -> tuple[dict[str, Any], list[list[int]]]:
        """The batch as the tokenizer pads it, and 1 where a real token sits, whatever the mask says."""
        lengths = [len(encoding["input_ids"]) for encoding in encodings]
        batch = {"input_ids": [list(encoding["input_ids"]) for encoding in encodings]}
        for name in self.names:
            if name == "token_type_ids" and all(encoding[name] is not None for encoding in encodings):
                batch[name] = [list(encoding[name]) for encoding in encodings]
            elif name == "attention_mask":
                batch[name] = [[1] * length for length in lengths]
        if self.tokenizer.pad_token is not None:  # without one only a single row can be requested
            to_limit = self._options.padding == "max_length" and self.limit is not None
            batch = self.tokenizer.pad(
                batch, padding="max_length" if to_limit else True, max_length=self.limit if to_limit else None
            )
        width = len(batch["input_ids"][0])
        left = self.tokenizer.padding_side == "left"
        real: list[list[int]] = []
        for length in lengths:
            there, not_there = [1] * length, [0] * (width - length)
            real.append(not_there + there if left else there + not_there)
        return {name: batch[name] for name in ["input_ids"] + self.names if name in batch}, real

    def describe(self) -> dict[str, Any]:
        """The facts that distinguish this tokenizer from others."""
        tokenizer = self.tokenizer
        shared = self._host.tokenizer_facts
        described: dict[str, Any] = {
            "class": type(tokenizer).__name__,
            "is_fast": bool(tokenizer.is_fast),
            "model_max_length": shared.length_limit(tokenizer),
            "limit": self.limit,
            "truncation": self._options.truncation,
            "truncation_side": getattr(tokenizer, "truncation_side", "right"),
            "padding": self._options.padding,
            "padding_side": tokenizer.padding_side,
            "pad_token_id": tokenizer.pad_token_id,
            "model_input_names": list(tokenizer.model_input_names),
            "special_tokens": {name: str(token) for name, token in tokenizer.special_tokens_map.items()},
            "vocabulary_size": len(tokenizer),
            "vocabulary_digest": shared.vocabulary_digest(tokenizer.get_vocab()),
            "added_tokens": added_tokens(tokenizer),
        }
        if getattr(tokenizer, "init_kwargs", {}).get("legacy") is not None:
            described["legacy"] = bool(tokenizer.init_kwargs["legacy"])
        if tokenizer.is_fast:
            described["algorithm"] = type(tokenizer.backend_tokenizer.model).__name__
            described["internals"] = internals(tokenizer.backend_tokenizer)
            described["pre_tokenizer"] = pre_tokenizer(tokenizer.backend_tokenizer)
            adds = adds_prefix_space(described["pre_tokenizer"])
            if adds is not None:
                described["add_prefix_space"] = adds
        described.update(shared.normalizer_settings(tokenizer))
        return dict(described, **chat.described(tokenizer, self._options.apply_chat_template))

    def _rendered(self, example: dict[str, Any]) -> str | None:
        return chat.rendered(self.tokenizer, example, self._options.apply_chat_template, self._host)

    def _encode(self, examples: list[dict[str, Any]], kind: str, limit: int | None) -> list[dict[str, Any]]:
        if not examples:
            return []
        texts: list[Any] = [example["words" if kind == "words" else "text"] for example in examples]
        pairs = [example["pair"] for example in examples] if kind == "pair" else None
        call = {"target": self._call_target, "chat": self._call_rendered}.get(kind, self._call)
        whole = call(texts, pairs, None)
        cut = list(range(len(texts)))
        found = [self._one(whole, k, examples[k], kind) for k in cut]
        if (self._options.truncation or kind == "target") and limit is not None:
            cut = [k for k in cut if found[k]["untruncated"] > limit]
            if cut:
                part = call([texts[k] for k in cut], [pairs[k] for k in cut] if pairs else None, limit)
                for place, k in enumerate(cut):
                    untruncated = found[k]["untruncated"]
                    found[k] = dict(self._one(part, place, examples[k], kind), untruncated=untruncated)
        return found

    def _call(
        self, texts: list[Any], pairs: list[str] | None, limit: int | None, *, special: bool = True
    ) -> Any:
        by_word = bool(texts) and not isinstance(texts[0], str)
        return self.tokenizer(
            texts,
            pairs,
            is_split_into_words=by_word,
            add_special_tokens=special,
            padding=False,
            truncation=limit is not None,
            max_length=limit,
            return_special_tokens_mask=True,
            return_offsets_mapping=bool(self.tokenizer.is_fast),
        )

    def _call_rendered(self, texts: list[Any], pairs: list[str] | None, limit: int | None) -> Any:
        """The same for rendered conversations: a template writes its special tokens itself."""
        return self._call(texts, pairs, limit, special=False)

    def _call_target(self, texts: list[Any], pairs: list[str] | None, limit: int | None) -> Any:
        """The same for targets, which some tokenizers split by another vocabulary, or begin with another language."""
        named = "text_target" in inspect.signature(type(self.tokenizer).__call__).parameters
        with contextlib.nullcontext() if named else self.tokenizer.as_target_tokenizer():
            return self.tokenizer(
                **{"text_target" if named else "text": texts},
                padding=False,
                truncation=limit is not None,
                max_length=limit,
                return_special_tokens_mask=True,
                return_offsets_mapping=bool(self.tokenizer.is_fast),
            )

    def _one(self, batch: Any, k: int, example: dict[str, Any], kind: str) -> dict[str, Any]:
        ids = [int(token) for token in batch["input_ids"][k]]
        special = [int(flag) for flag in batch["special_tokens_mask"][k]]
        pieces = self.pieces(ids)
        types = batch["token_type_ids"][k] if self._takes_types and "token_type_ids" in batch else None
        if self.tokenizer.is_fast:
            segments = list(batch.encodings[k].sequence_ids)
            offsets: list[Any] = [
                None if segment is None else [int(place) for place in span]
                for segment, span in zip(segments, batch["offset_mapping"][k])
            ]
        else:
            segments = self._segments(special, example)
            offsets = [None] * len(ids)
        numbers: list[int | None] | None = None
        if kind == "words":
            numbers = words.numbers(self.tokenizer, batch, k, example["words"], special)
            offsets = words.in_text(offsets, numbers, example.get("spans"))
        elif example.get("spans") is not None and kind == "text":
            numbers = words.by_place(offsets, example["spans"])
        normalized = self._host.tokenizer_facts.normalized(self.tokenizer, example["text"])
        if kind == "chat":
            # Characters of two rendered texts are not those of one text: tokens are aligned by their pieces.
            offsets = [None] * len(ids)
            normalized = example["text"] if normalized is None else normalized
        return {
            "input_ids": ids,
            "pieces": pieces,
            "offsets": offsets,
            "segments": segments,
            "special": special,
            "token_type_ids": None if types is None else [int(one) for one in types],
            "normalized": normalized,
            "normalized_pair": self._host.tokenizer_facts.normalized(self.tokenizer, example["pair"]),
            "untruncated": len(ids),
            "words": numbers,
        }

    def _segments(self, special: list[int], example: dict[str, Any]) -> list[int | None]:
        """Which text each token of a slow tokenizer came from: special tokens are between the two, so a gap separates them."""
        first_is_empty = example["pair"] is not None and not self.tokenizer.encode(
            example["text"], add_special_tokens=False
        )
        segment = 1 if first_is_empty else 0
        found: list[int | None] = []
        for flag in special:
            if flag and any(one is not None for one in found):
                segment = 1
            found.append(None if flag else segment)
        return found


def _read(example: dict[str, Any], text: Callable[[str], str]) -> dict[str, Any]:
    """An example as the folder has its texts read."""
    pair = example["pair"]
    return dict(example, text=text(example["text"]), pair=None if pair is None else text(pair))
