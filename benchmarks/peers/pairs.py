"""Pairs as arrays by stage, with what is right to say of each, and the same pair as parity is given it.

Lines are those of docs/false-passes.md; 0 is a control. What is not one forward's arrays (generation, batches, seeds, versions) is no pair here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.peers.toy import toy
from tests.real.pairs import TEXTS, Weights, changed, normal

__all__ = ["Array", "Pair", "Side", "pairs"]

Array = NDArray[Any]
Right = Literal["pass", "no pass", "either"]


class Side(NamedTuple):
    """One side: its arrays by stage, how parity is given it, and its folder where it is a model."""

    stages: dict[str, Array]
    subject: str
    folder: Path | None = None


class Pair(NamedTuple):
    """Two sides. `right` is "pass" where no difference is there, or rounding alone; "either" where it depends on what the user needs."""

    line: int
    name: str
    right: Right
    reference: Side
    candidate: Side
    inputs: tuple[str, ...] | None = None


def pairs(folder: Path) -> Iterator[Pair]:
    """Every pair, in the order of lines."""
    yield from sorted([*_of_models(folder), *_of_stages(), *_of_outputs(folder)], key=lambda pair: pair.line)


# Small BERTs, run here once for the tools, and by parity from their folders.


def _of_models(folder: Path) -> Iterator[Pair]:
    from benchmarks.peers.models import run
    from proof.tiny import build
    from tests.models import tiny_bert

    right = tiny_bert(folder / "bert")
    changed(right, folder / "right", lambda weights: weights["classifier.weight"].mul_(0.003))
    right = folder / "right"

    def side(place: Path, attention: str = "sdpa") -> Side:
        return Side(run(place, TEXTS, attention), f"hf:{place}?attn={attention}", place)

    def pair(line: int, name: str, what: Right, edit: Callable[[Weights], Any] | None, **config: Any) -> Pair:
        place = folder / f"line-{line}"
        changed(right, place, edit, **config)
        return Pair(line, name, what, side(right), side(place), tuple(TEXTS))

    def outliers(weights: Weights) -> None:
        for name, value in weights.items():
            if name.endswith("LayerNorm.weight"):
                value[5] = 3000.0

    def move(weights: Weights) -> None:
        values = weights["model.layers.1.mlp.down_proj.weight"].view(-1)
        values[values.abs().argmin()] += 1e-6 * values.std()

    dense = "bert.encoder.layer.2.output.dense.weight"
    yield pair(0, "control: a copy", "pass", None)
    yield Pair(0, "control: eager against sdpa", "pass", side(right, "eager"), side(right), tuple(TEXTS))
    yield pair(1, "layer-norm epsilon 1e-5 for 1e-12", "no pass", None, layer_norm_eps=1e-5)
    yield pair(2, "gelu_new for gelu", "no pass", None, hidden_act="gelu_new")
    yield pair(3, "eight weights + 0.05", "no pass", lambda weights: weights[dense][0, :8].add_(0.05))
    changed(right, folder / "outliers", outliers)
    eager, sdpa = side(folder / "outliers", "eager"), side(folder / "outliers")
    yield Pair(16, "rounding on outlier dimensions", "pass", eager, sdpa, tuple(TEXTS))
    changed(right, folder / "silent", lambda weights: weights["classifier.weight"].zero_())
    changed(folder / "silent", folder / "silent-eps", layer_norm_eps=1e-5)
    silent, other = side(folder / "silent"), side(folder / "silent-eps")
    yield Pair(25, "equal at the root, epsilon 1e-5", "no pass", silent, other, tuple(TEXTS))
    llama = build("LlamaForSequenceClassification", folder / "llama", seed=4)
    changed(llama, folder / "moved", move)
    sides = side(llama), side(folder / "moved")
    yield Pair(33, "one weight of a Llama moved by a millionth", "no pass", *sides, tuple(TEXTS))


# A toy model whose stages are wrong in one way: its arrays for the tools, the scheme `fooling:` for parity.


def _of_stages() -> Iterator[Pair]:
    texts = (*TEXTS, "about ~ this")

    def pair(line: int, name: str, reference: str, candidate: str, right: Right = "no pass") -> Pair:
        one, other = (Side(toy(way, texts), f"fooling:{way}") for way in (reference, candidate))
        return Pair(line, name, right, one, other, texts)

    yield pair(6, "+inf against -inf", "positive_infinity", "negative_infinity")
    yield pair(7, "a NaN against a number", "honest", "one_nan")
    yield pair(8, "a stage missing in the candidate", "honest", "stage_missing")
    yield pair(8, "a stage missing in the reference", "stage_missing", "honest")
    yield pair(9, "unlike names in the same place", "honest", "other_name")
    yield pair(10, "a matrix against its transpose", "honest", "transposed")
    yield pair(11, "the ids 2^53 and 2^53 + 1", "great_ids", "greater_ids")
    yield pair(12, "tokens in another order", "honest", "tokens_permuted")
    yield pair(13, "garbage in padding", "honest", "garbage_in_padding", "pass")


# Logits of two systems, as files.


def _of_outputs(folder: Path) -> Iterator[Pair]:
    def side(values: Array, name: str, kind: str = "logits", **more: Any) -> Side:
        path = folder / f"{name}.npz"
        save: Any = np.savez
        save(path, **{kind: values}, **more)
        return Side({kind: values}, f"outputs:{path}")

    def pair(line: int, name: str, right: Right, reference: Array, candidate: Array) -> Pair:
        stem = f"{line}-{name.split()[-1].replace('/', '-')}"
        return Pair(line, name, right, side(reference, f"{stem}-a"), side(candidate, f"{stem}-b"))

    wide, logits = normal(64, 8192, scale=3), normal(50, 4)
    one = wide.copy()
    one[17, 4321] -= 0.5
    yield pair(4, "one element of 8,192 off by 0.5", "no pass", wide, one)
    for factor in (1.03, 10.0):
        yield pair(5, f"everything times {factor:g}", "no pass", logits, logits * np.float32(factor))
    yield pair(
        14,
        "a constant added to each row",
        "either",
        logits,
        logits + np.arange(50, dtype=np.float32)[:, None] / 16,
    )
    large = normal(8000, 1000, scale=10)
    yield pair(
        15, "noise of 1e-6 on 8 million", "pass", large, large + normal(8000, 1000, seed=1, scale=1e-6)
    )
    near, other = logits.copy(), logits.copy()
    near[:, 2], other[:, 2] = 1e-9, -1e-9
    yield pair(19, "noise around zero", "pass", near, other)
    nothing = np.zeros((0, 4), np.float32)
    yield pair(23, "no rows", "no pass", nothing, nothing.copy())
    order = [2, 0, 3, 1]
    names = np.array(["a", "b", "c", "d"])
    yield Pair(
        24,
        "classes in another order",
        "pass",
        side(logits, "24-a", classes=names),
        side(logits[:, order], "24-b", classes=names[order]),
    )
    vectors = normal(20, 8)
    yield Pair(
        27,
        "vectors without normalisation",
        "no pass",
        side(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), "27-a", "embeddings"),
        side(vectors, "27-b", "embeddings"),
        tuple(f"text {row}" for row in range(20)),
    )
