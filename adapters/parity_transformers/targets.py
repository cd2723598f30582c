"""The targets of an encoder-decoder: what its decoder is given, as tokens of this side's own tokenizer.

A target is the text that the decoder predicts token by token. The decoder reads its start token, then the target but for its last token. Where
a row has no target, the model writes one by greedy search under its own settings, once.
"""

# pyright: reportUnknownVariableType=false, reportUnknownArgumentType=false, reportUnknownMemberType=false
# Values from torch and transformers are Any here.

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Sequence

if TYPE_CHECKING:
    from parity._in_process.host import Host

    from .encoding import Encoder
    from .generator import TextGenerator
    from .loading import Loaded

__all__ = ["Targets", "of"]

_START = "decoder_start_token_id"
# What makes greedy search of a beam search; only those that the side's own settings have are changed.
_GREEDY = {"num_beams": 1, "num_beam_groups": 1, "diversity_penalty": 0.0, "length_penalty": 1.0, "early_stopping": False}  # fmt: skip
_LONG = 1 << 20


def of(loaded: Loaded, encoder: Encoder, generator: TextGenerator, host: Host) -> Targets | None:
    """The targets of a loaded model; None where no decoder reads a text of its own."""
    return Targets(loaded, encoder, generator, host) if loaded.row.target else None


class Targets:
    """How one model's decoder is fed: `start` is its start token, as its generation begins."""

    def __init__(self, loaded: Loaded, encoder: Encoder, generator: TextGenerator, host: Host) -> None:
        self._name = loaded.name
        self._encoder = encoder
        self._tokenizer: Any = loaded.tokenizer
        self._generator = generator
        self._host = host
        decoder: Any = _decoder(loaded.model)
        self._room: int | None = host.tap.position_limit(decoder)
        self.rows = _rows_of_table(decoder)
        known = host.tokenizer_facts.length_limit(loaded.tokenizer)
        limits = [limit for limit in (self._room, known) if limit is not None]
        self._limit: int | None = min(limits) if limits else None
        self.notes: list[str] = []
        self.start = self._start(loaded)

    def probe(self, ids: Sequence[int]) -> list[int]:
        """What the decoder is given in a trial: its start, and some tokens that it has."""
        return [self.start, *(min(token, (self.rows or _LONG) - 1) for token in ids[:2])]

    def add(self, rows: list[dict[str, Any]], examples: Sequence[dict[str, Any]]) -> None:
        """Give each encoding the target of its example, or one that the model writes."""
        texts = [
            k for k, one in enumerate(examples) if one.get("target") is not None and not one.get("target_ids")
        ]
        found: dict[int, dict[str, Any]] = {}
        for k, encoding in zip(texts, self._tokenized([examples[k]["target"] for k in texts])):
            found[k] = {"text": examples[k]["target"], **self._shifted(encoding)}
        for k, example in enumerate(examples):
            if example.get("target_ids"):
                encoding = self._of_ids(example["target_ids"])
                found[k] = {"text": example["target"], **self._shifted(encoding)}
        silent = [k for k in range(len(examples)) if k not in found and not rows[k].get("refused")]
        for k, ids in zip(silent, self._written([rows[k] for k in silent], [examples[k] for k in silent])):
            text = self._tokenizer.decode(ids, skip_special_tokens=True)
            found[k] = {"text": text, **self._shifted(self._of_ids(ids)), "generated": True}
        for k, row in enumerate(rows):
            row["target"] = found.get(k)

    def pad(self, rows: Sequence[dict[str, Any]]) -> dict[str, list[list[int]]]:
        """What the decoder is fed for these rows, padded on the right, and which positions are real."""
        return self._padded([list(row["target"]["fed"]["input_ids"]) for row in rows])

    def starts(self, rows: int) -> dict[str, list[list[int]]]:
        """What the decoder is fed where nothing was given for it: its start alone."""
        self._host.warn("The decoder was given no target; it ran on its start token alone.")
        return self._padded([[self.start]] * rows)

    def check(self, ids: Sequence[Sequence[int]]) -> None:
        """Refuse tokens and lengths that the decoder does not have."""
        worst = max(max(row) for row in ids)
        if self.rows is not None and worst >= self.rows:
            raise self._host.Refusal(
                "inputs-do-not-fit",
                f"decoder_input_ids {worst} is outside the {self.rows} rows of the decoder of {self._name}.",
                "The tokenizer is probably that of another model.",
            )
        longest = max(map(len, ids))
        if self._room is not None and longest > self._room:
            raise self._host.Refusal(
                "inputs-do-not-fit",
                f"A target of {longest} tokens is longer than the {self._room} positions of the decoder of {self._name}.",
                "Give shorter targets.",
            )

    def _start(self, loaded: Loaded) -> int:
        inner: Any = getattr(loaded.config, "decoder", None)
        found = self._generator.settings.get(_START)
        for holder, name in ((loaded.config, _START), (inner, _START), (inner, "bos_token_id")):
            found = getattr(holder, name, None) if found is None else found
        found = found[0] if isinstance(found, (list, tuple)) and found else found
        if isinstance(found, int):
            return found
        filler = self._tokenizer.pad_token_id
        self.notes.append(
            f"Nothing says what the decoder begins with ({_START}): it is given "
            + ("token 0." if filler is None else f"the padding token, {filler}.")
        )
        return int(filler or 0)

    def _tokenized(self, texts: list[str]) -> list[dict[str, Any]]:
        return self._encoder.targets(texts, self._limit) if texts else []

    def _of_ids(self, ids: Sequence[int]) -> dict[str, Any]:
        """Tokens that are given, or that the model wrote, as the tokenizer's own encodings."""
        whole, special = list(ids), set(self._tokenizer.all_special_ids)
        kept = whole if self._limit is None else whole[: self._limit]
        flags = [int(token in special) for token in kept]
        return {
            "input_ids": kept,
            "pieces": self._encoder.pieces(kept),
            "offsets": [None] * len(kept),
            "segments": [None if flag else 0 for flag in flags],
            "special": flags,
            "untruncated": len(whole),
        }

    def _shifted(self, encoding: dict[str, Any]) -> dict[str, Any]:
        """The target's tokens, and what the decoder reads to predict them."""
        ids = list(encoding["input_ids"])
        before = {"input_ids": self.start, "pieces": self._encoder.pieces([self.start])[0], "offsets": None, "segments": None, "special": 1}  # fmt: skip
        fed: dict[str, Any] = {name: [first, *encoding[name][:-1]] for name, first in before.items()}
        fed["untruncated"] = max(1, encoding["untruncated"])
        fed["normalized"] = encoding.get("normalized")
        return {"ids": ids, "fed": fed}

    def _written(self, rows: list[dict[str, Any]], examples: Sequence[dict[str, Any]]) -> list[list[int]]:
        if not rows:
            return []
        own = self._generator.settings
        least, most = (
            max(example.get(name) or 1 for example in examples) for name in ("target_least", "target_most")
        )
        # Of an encoder-decoder the length counts the start token too.
        longer = {"min_length": max(own.get("min_length") or 0, 1 + least), _START: self.start}
        asked = {
            "most": most,
            "settings": {**{name: value for name, value in _GREEDY.items() if name in own}, **longer},
            "tokens": None,
            "sampled": False,
            "precision": None,
            "batch": 1,
            "stream": False,
        }
        found = self._generator.run(rows, asked, _nothing)["rows"]
        return [list(one["ids"]) for one in found]

    def _padded(self, ids: list[list[int]]) -> dict[str, list[list[int]]]:
        width = max(map(len, ids))
        filler = self._tokenizer.pad_token_id
        filler = 0 if filler is None or filler >= (self.rows or _LONG) else int(filler)
        return {
            "decoder_input_ids": [row + [filler] * (width - len(row)) for row in ids],
            "target_real": [[1] * len(row) + [0] * (width - len(row)) for row in ids],
        }


def _nothing(*_: Any) -> None:
    """Nothing is written while a target is generated."""


def _decoder(model: Any) -> Any:
    try:
        found = model.get_decoder()
    except Exception:  # noqa: BLE001  # not every class has the method
        found = None
    return getattr(model.base_model, "decoder", model) if found is None else found


def _rows_of_table(decoder: Any) -> int | None:
    """How many tokens the decoder's table has; None where it shows no such table."""
    try:
        return int(decoder.get_input_embeddings().weight.shape[0])
    except Exception:  # noqa: BLE001  # not every decoder has the method, or a table of its own
        return None
