"""Decisions that are not one class for each example: the tags of all words of a row, or the answer to a question.

An example is then a row: words of one row are not independent. Two runs decide a row alike where every tag is the same, or the
answer; a decision is known by a number made of its text, so that runs of two arms are compared without a table of all decisions.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from parity.measure.decision_rule import LARGEST
from parity.metrics import ANSWER_METRICS, EMBEDDING_METRICS, METRICS, SPAN_METRICS, TOKEN_METRICS
from parity.metrics.metric import Counted, Outputs, of_classes
from parity.metrics.registry import find_metric, metric_names
from parity.seed_audit.population.held import Held

__all__ = ["Decided", "Truth", "code_of", "local_codes", "metrics_of"]

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
_UNDECIDED = ""


def metrics_of(counted: Counted) -> tuple[str, ...]:
    """The metrics of so decided examples; the first one decides where none is named."""
    every = (*METRICS, *(name for name in metric_names() if name not in METRICS))
    if counted == "choices":  # the number of a choice is not a class
        return tuple(name for name in every if not of_classes(find_metric(name)))
    others = {"words": SPAN_METRICS, "answers": ANSWER_METRICS, "tokens": TOKEN_METRICS}
    of_scores, of_vectors = EMBEDDING_METRICS[:1], EMBEDDING_METRICS[1:]
    return {"scores": of_scores, "vectors": of_vectors, **others}.get(counted, every)


def code_of(text: str) -> int:
    """A number for a decision, the same wherever its text is."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1


def local_codes(codes: Integers) -> Integers:
    """[runs, examples] small numbers that are equal within an example where the codes are."""
    order = codes.argsort(axis=0, kind="stable")
    ranked = np.take_along_axis(codes, order, axis=0)
    steps = np.concatenate([np.zeros_like(ranked[:1]), np.cumsum(np.diff(ranked, axis=0) != 0, axis=0)])
    found = np.empty_like(steps)
    np.put_along_axis(found, order, steps, axis=0)
    return found


class Truth(NamedTuple):
    """What the inputs say of the decisions: how they are `counted`; [words] the row of each word, and [rows] its tags, or the answers that
    count as right (None: the row has none).

    Where they are something else than words and answers, `labels` are those of the examples (None: it has none), targets: [examples] the
    right choice or the number of a label (-1: not known), and gold: [examples] the numbers that scores are held against (NaN: none). Of
    tokens rows and targets are those of most runs: [tokens] the text of each, and the token that is there, of so many `texts`.
    """

    counted: Counted = "classes"
    rows: Integers | None = None
    tags: Sequence[Sequence[str] | None] = ()
    right: Sequence[Sequence[str] | None] = ()
    labels: Sequence[str | None] = ()
    targets: Integers | None = None
    gold: Floats | None = None
    texts: int = 0

    def codes(self, names: Sequence[str]) -> Integers:
        """[rows] the right decision; -1 where the inputs do not say it, or a tag is none of the classes."""
        if self.counted == "tokens":
            assert self.rows is not None
            scored = np.isin(np.arange(self.texts), self.rows)
            return np.where(scored, 0, -1).astype(np.int64)
        if self.counted == "scores":
            assert self.gold is not None
            return np.where(np.isfinite(self.gold), 0, -1).astype(np.int64)
        if self.targets is not None:
            return self.targets
        if self.counted == "words":
            known = set(names)
            texts = [None if tags is None or set(tags) - known else " ".join(tags) for tags in self.tags]
        else:
            texts = [None if right is None else " | ".join(right) for right in self.right]
        return np.array([-1 if text is None else code_of(text) for text in texts], dtype=np.int64)

    def of_words(self, logits: Floats, names: Sequence[str]) -> Decided:
        """Of logits [runs, words, classes], their columns in the order of the names."""
        assert self.rows is not None
        runs, words, classes = logits.shape
        fine = LARGEST.usable(logits.reshape(-1, classes)).reshape(runs, words)
        with np.errstate(invalid="ignore"):
            picked = np.where(fine, logits.argmax(axis=2), -1).astype(np.int64)
        starts = np.searchsorted(self.rows, np.arange(len(self.tags)))
        texts = tuple(tuple(_tags(part, names) for part in np.split(run, starts[1:])) for run in picked)
        counts: Integers = np.diff([*starts, words])
        place = {name: number for number, name in enumerate(names)}
        labels = [
            place.get(tag, -1)
            for tags, count in zip(self.tags, counts, strict=True)
            for tag in ([""] * int(count) if tags is None else tags)
        ]
        return Decided(
            metrics_of("words"),
            _codes(texts),
            texts,
            picked,
            np.array(labels, dtype=np.int64),
            self.rows,
            tuple(names),
        )

    def of_held(self, logits: Floats, predictions: Integers | None) -> Held:
        """Of the outputs of runs [runs, units, columns]; predictions [runs, tokens] where they are tokens."""
        metrics, none = metrics_of(self.counted), np.zeros(logits.shape[1], dtype=np.int64)
        if self.counted == "tokens":
            assert self.rows is not None and self.targets is not None and predictions is not None
            bad = np.stack([np.bincount(self.rows, run < 0, self.texts) > 0 for run in predictions])
            codes = np.where(bad, -1, 0).astype(np.int64)
            return Held(self.counted, metrics, codes, self.targets, None, self.rows, predictions)
        if self.counted == "choices":
            flat = logits.reshape(-1, logits.shape[2])
            with np.errstate(invalid="ignore"):
                picked = np.where(LARGEST.usable(flat), flat.argmax(axis=1), -1)
            targets = none - 1 if self.targets is None else self.targets
            return Held(self.counted, metrics, picked.reshape(logits.shape[:2]).astype(np.int64), targets)
        with np.errstate(over="ignore", invalid="ignore"):
            length = np.linalg.norm(logits, axis=2)
        fine = np.isfinite(length) & ((length > 0) | (self.counted == "scores"))
        codes = np.where(fine, 0, -1).astype(np.int64)
        return Held(self.counted, metrics, codes, none if self.targets is None else self.targets, self.gold)

    def of_answers(self, answers: Sequence[Sequence[str]]) -> Decided:
        """Of the answers [runs][rows]."""
        texts = tuple(tuple(run) for run in answers)
        right = tuple(tuple(one or ("",)) for one in self.right)
        codes = np.array([[code_of(text) for text in run] for run in texts], dtype=np.int64)
        return Decided(metrics_of("answers"), codes, texts, right=right)


class Decided(NamedTuple):
    """The decisions of runs: codes [runs, examples] (-1: none), and the texts that they stand for.

    Of words also predictions [runs, words] and labels [words] as classes, and the row of each word; of answers the right ones of each row.
    """

    metrics: tuple[str, ...]
    codes: Integers
    texts: tuple[tuple[str, ...], ...]
    predictions: Integers | None = None
    labels: Integers | None = None
    rows: Integers | None = None
    names: tuple[str, ...] = ()
    right: tuple[tuple[str, ...], ...] = ()

    @property
    def one_right(self) -> bool:
        """Whether a decision is right only where it is the one right decision; several answers may be right."""
        return self.rows is not None

    def of_runs(self, runs: Sequence[int]) -> Decided:
        """Only these runs, in this order."""
        chosen = list(runs)
        return self._replace(
            codes=self.codes[chosen],
            texts=tuple(self.texts[run] for run in chosen),
            predictions=None if self.predictions is None else self.predictions[chosen],
        )

    def of_examples(self, examples: Sequence[int]) -> Decided:
        """Only these examples, by their place."""
        kept = self._replace(
            codes=self.codes[:, list(examples)],
            texts=tuple(tuple(run[place] for place in examples) for run in self.texts),
        )
        if self.rows is None or self.predictions is None or self.labels is None:
            return kept._replace(right=tuple(self.right[place] for place in examples))
        words = self.units_of(examples)
        counts = [int((self.rows == place).sum()) for place in examples]
        return kept._replace(
            predictions=self.predictions[:, words],
            labels=self.labels[words],
            rows=np.repeat(np.arange(len(counts)), counts),
        )

    def units_of(self, examples: Sequence[int]) -> Integers:
        """The places of what the logits are of, in these rows: of their words, or of their answers."""
        if self.rows is None:
            return np.array(list(examples), dtype=np.int64)
        found = [np.flatnonzero(self.rows == place) for place in examples]
        return np.concatenate([np.zeros(0, dtype=np.int64), *found])

    def outputs(self, logits: Floats, temperature: float) -> Outputs:
        """What metrics are of; the labels of all these examples are known."""
        if self.predictions is None or self.labels is None:
            none = np.zeros(len(self.right), dtype=np.int64)
            return Outputs(logits, self.codes, none, temperature, answers=self.texts, right=self.right)
        return Outputs(logits, self.predictions, self.labels, temperature, self.rows, self.names)


def _tags(picked: Integers, names: Sequence[str]) -> str:
    """The tags of a row's words; empty where a word has none."""
    return _UNDECIDED if (picked < 0).any() else " ".join(names[int(number)] for number in picked)


def _codes(texts: Sequence[Sequence[str]]) -> Integers:
    return np.array(
        [[-1 if text == _UNDECIDED else code_of(text) for text in run] for run in texts], dtype=np.int64
    )
