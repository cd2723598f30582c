"""Readers of pipelines that select tokens, words, masks or answers, or give features; and the table of all readers."""

# pyright: reportUnknownVariableType=false, reportUnknownMemberType=false, reportUnknownArgumentType=false
# What a pipeline returns is Any here.

from __future__ import annotations

import importlib
from typing import Any, Callable, Sequence

import numpy as np

from .class_readers import Classification, ZeroShot
from .reader import Reader, without

__all__ = ["READERS"]

_FACTS: Any = importlib.import_module(".facts", __package__)  # of the package that shares its modules
_GRAPH_OUTPUTS: Any = importlib.import_module(".graph_outputs", __package__)
_HIDDEN = ["row", "token", "hidden"]


class _Tokens(Reader):
    def start(self) -> None:
        self.labels, self.words = _FACTS.labels(self.config), True
        self._grouped = self.chosen.called_with.get("aggregation_strategy", "none") != "none"
        self.selects = {
            "per": "token",
            "scores": "none" if self._grouped else "probabilities",
            "grouped": self._grouped,
        }
        self.notes.append(
            "Tokens of every class were requested (ignore_labels=[]): by default a pipeline leaves O out."
        )

    def run(self, rows: Sequence[dict[str, Any]], write: Callable[..., None]) -> list[dict[str, Any]]:
        found: list[Any] = [None] * len(rows)
        for split in (False, True):
            places = [place for place, row in enumerate(rows) if _is_split(row) == split]
            if not places:
                continue
            more = {"is_split_into_words": True} if split else {}
            inputs = [list(rows[place]["words"]) if split else rows[place]["text"] for place in places]
            for place, entities in zip(places, self.call(inputs, ignore_labels=[], **more)):
                found[place] = self._row(rows[place], entities)
        return found

    def _row(self, row: dict[str, Any], entities: Sequence[dict[str, Any]]) -> dict[str, Any]:
        if row.get("words") is None:
            if self._grouped:
                return without("grouped entities are compared on lists of words")
            return {"places": [dict(_entity(one), at=one["index"], piece=one["word"]) for one in entities]}
        spans = _spans(row["words"]) if _is_split(row) else row.get("spans")
        if spans is None or any(one.get("start") is None for one in entities):
            return without("its tokenizer does not report where tokens stand in the text")
        places: list[dict[str, Any]] = []
        for number, (first, end) in enumerate(spans):
            of_word = (
                one
                for one in entities
                if (
                    one["start"] < end and one["end"] > first
                    if self._grouped
                    else first <= one["start"] < end
                )
            )
            chosen = next(of_word, None)
            if chosen is not None:
                places.append(dict(_entity(chosen), at=number))
        return {"places": places}


class _Masks(Reader):
    def start(self) -> None:
        self.selects = {"per": "mask"}

    def run(self, rows: Sequence[dict[str, Any]], write: Callable[..., None]) -> list[dict[str, Any]]:
        mask = self.made.tokenizer.mask_token
        there = [place for place, row in enumerate(rows) if mask in row["text"]]
        found = [without(f"its text has no {mask}") for _ in rows]
        answers: Any = self.call([rows[place]["text"] for place in there]) if there else []
        if len(there) == 1:  # of one text it returns the answer itself
            answers = [answers]
        for place, masks in zip(there, answers):
            masks = masks if masks and isinstance(masks[0], list) else [masks]
            found[place] = {"places": [_filled(number, options) for number, options in enumerate(masks)]}
        return found


class _Answers(Reader):
    def start(self) -> None:
        called = self.chosen.called_with
        limit = self.host.tokenizer_facts.length_limit(self.made.tokenizer)
        self.selects = {
            "per": "answer",
            "longest": called.get("max_answer_len", 15),
            "spans": 12
            if called.get("align_to_words", True)
            else 1,  # of so many it widens each to whole words
            "window": min(384, limit or 384),
        }

    def run(self, rows: Sequence[dict[str, Any]], write: Callable[..., None]) -> list[dict[str, Any]]:
        answers = self.made(
            question=[row["text"] for row in rows],
            context=[row["pair"] for row in rows],
            **self.chosen.called_with,
        )
        found: list[dict[str, Any]] = []
        for one in [answers] if isinstance(answers, dict) else answers:
            span = [int(one["start"]), int(one["end"])]
            found.append(
                {"places": [{"names": [one["answer"]], "scores": [float(one["score"])], "span": span}]}
            )
        return found


class _Features(Reader):
    def start(self) -> None:
        skeleton = _GRAPH_OUTPUTS.Skeleton(self.config, self.host)
        self._stage = skeleton.stages[-1] if skeleton.stages else "output.features"
        self.stages = [{"name": self._stage, "axes": _HIDDEN, "module": ""}]

    def run(self, rows: Sequence[dict[str, Any]], write: Callable[..., None]) -> list[dict[str, Any]]:
        found = [np.asarray(one, dtype=np.float32)[0] for one in self.call([row["text"] for row in rows])]
        width = max(len(one) for one in found)
        real = np.array([[1] * len(one) + [0] * (width - len(one)) for one in found], dtype=np.uint8)
        whole = np.zeros((len(found), width, found[0].shape[1]), np.float32)
        for place, one in enumerate(found):
            whole[place, : len(one)] = one
        write("real", real, ["row", "token"])
        write(
            "attention_mask", real.astype(np.int64), ["row", "token"]
        )  # the pipeline pads none, or with its mask
        write(self._stage, whole, _HIDDEN)
        return []


def _entity(one: dict[str, Any]) -> dict[str, Any]:
    group = one.get("entity_group")
    return (
        {"names": [one["entity"]], "scores": [float(one["score"])]} if group is None else {"names": [group]}
    )


def _filled(number: int, options: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return {
        "names": [int(one["token"]) for one in options],
        "scores": [float(one["score"]) for one in options],
        "shown": [str(one["token_str"]) for one in options],
        "at": number,
    }


def _is_split(row: dict[str, Any]) -> bool:
    return row.get("words") is not None and bool(row.get("split", True))


def _spans(words: Sequence[str]) -> list[list[int]]:
    """The characters of words that are joined by one space."""
    found: list[list[int]] = []
    place = 0
    for word in words:
        found.append([place, place + len(word)])
        place += len(word) + 1
    return found


READERS = {
    "text-classification": Classification,
    "token-classification": _Tokens,
    "question-answering": _Answers,
    "fill-mask": _Masks,
    "zero-shot-classification": ZeroShot,
    "feature-extraction": _Features,
}
