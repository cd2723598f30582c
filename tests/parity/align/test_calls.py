"""Which part of one model is which of the other: by its path, else by what it is, and never by its place alone."""

from __future__ import annotations

from typing import Any

import pytest

from parity.align.calls import Calls, given, pair_parts, tensors_of
from parity.records.pair import Pair

STAGES = ("embeddings", "layer.0", "logits")


def call(
    path: str, *, layer: str | None = None, kind: str = "Linear", weights: Any = ((2, 2),)
) -> dict[str, Any]:
    return {
        "path": path,
        "call": 0,
        "layer": layer,
        "end": layer,
        "part": layer is None,
        "kind": kind,
        "weights": [list(shape) for shape in weights],
        "takes": {"hidden": {"tensor": f"in {path}"}},
        "gives": {"items": [{"tensor": f"out {path}"}, {"plain": None}]},
    }


def read(root: str, *calls: dict[str, Any]) -> Calls:
    """Calls in this order; the stages stand after the calls that make them."""
    order: list[dict[str, Any]] = []
    for number, one in enumerate(calls):
        order.append({"stage": "embeddings"} if one["layer"] else {"call": number})
        order.extend([{"call": number}, {"stage": one["layer"]}] if one["layer"] else [])
    order.append({"stage": "logits"})
    return Calls.read({"calls": list(calls), "order": order, "root": root}, STAGES)


def bert(root: str, head: str, **fields: Any) -> Calls:
    return read(
        root,
        call(f"{root}.embeddings", kind="Embeddings"),
        call(f"{root}.encoder.layer.0", layer="layer.0"),
        call(head, **fields),
    )


def test_a_part_leads_to_the_stage_that_is_written_next() -> None:
    assert ["embeddings", "logits"] == [part.stage for part in bert("bert", "classifier").parts]


def test_parts_are_paired_by_their_path_below_the_model_whatever_that_is_called() -> None:
    (first, *_) = pair_parts(Pair(bert("bert", "classifier"), bert("encoder.model", "classifier")))
    assert ("bert.embeddings", "encoder.model.embeddings") == tuple(part.path for part in first.sides)


def test_parts_of_other_paths_are_paired_where_they_are_of_one_kind_and_shape() -> None:
    pairs = pair_parts(Pair(bert("bert", "classifier"), bert("bert", "_classification_layer")))
    assert [("classifier", "_classification_layer")] == [
        (pair.sides.reference.path, pair.sides.candidate.path) for pair in pairs[1:]
    ]


@pytest.mark.parametrize("fields", [{"kind": "Other"}, {"weights": ((3, 2),)}, {"weights": ()}])
def test_parts_that_are_unlike_are_not_paired(fields: dict[str, Any]) -> None:
    pairs = pair_parts(Pair(bert("bert", "classifier"), bert("bert", "other", **fields)))
    assert ["bert.embeddings"] == [pair.sides.reference.path for pair in pairs]


def test_parts_in_which_one_stage_ends_are_paired_and_no_other_of_the_same_path() -> None:
    unused = read(
        "bert", call("bert.layer.0", layer="layer.0"), call("bert.pooler"), dict(call("vector"), end="logits")
    )
    used = read("bert", call("bert.layer.0", layer="layer.0"), dict(call("bert.pooler"), end="logits"))
    assert [("vector", "bert.pooler")] == [
        (pair.sides.reference.path, pair.sides.candidate.path) for pair in pair_parts(Pair(unused, used))
    ]


def test_two_parts_of_one_kind_are_not_told_apart_by_their_order() -> None:
    here = read("bert", call("bert.layer.0", layer="layer.0"), call("first"), call("second"))
    there = read("bert", call("bert.layer.0", layer="layer.0"), call("one"), call("two"))
    assert [] == pair_parts(Pair(here, there))


def test_a_candidate_is_given_the_calls_of_the_stages_that_both_have() -> None:
    sides = Pair(bert("bert", "classifier"), bert("bert", "classifier"))
    what = given(sides.reference, pair_parts(sides), ("embeddings", "logits"))
    assert ({}, {"bert.embeddings#0", "classifier#0"}, None) == (
        what["stages"],
        set(what["parts"]),
        what["base"],
    )
    assert {"layer.0"} == set(given(sides.reference, [], STAGES)["stages"])


def test_the_module_around_parts_is_the_one_that_all_of_them_lie_in() -> None:
    calls = read("gpt", call("gpt.wte"), call("gpt.wpe"), call("gpt.h.0", layer="layer.0"), call("score"))
    assert ("gpt", "", "gpt") == (calls.parent("embeddings"), calls.parent("logits"), calls.parent("nowhere"))


def test_every_tensor_of_a_description_is_found() -> None:
    described = {"items": [{"tensor": "a"}, {"fields": {"x": {"tensor": "b"}, "y": {"plain": "tensor"}}}]}
    assert ["a", "b"] == tensors_of(described)


@pytest.mark.parametrize(
    ("stage", "end", "module"),
    [
        ("layer.1", "encoder.layers.1.output", "encoder.layers.1"),
        ("layer.1", "transformer.layer_norm2.1", "transformer"),
        ("pooled", "bert.pooler", "bert.pooler"),
    ],
)
def test_the_module_of_a_layer_is_not_that_in_which_it_ends(stage: str, end: str, module: str) -> None:
    assert module == Calls({}, {stage: {"path": end}}, [], "", None).around(stage)
