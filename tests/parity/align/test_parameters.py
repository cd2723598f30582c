"""Which parameter is which: by what they hold, by names only where that does not decide, and never without a reason."""

from __future__ import annotations

import hashlib

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from parity.align.parameters import PairedParameter, Pairing, pair_parameters
from parity.border.description import Abilities, Description, Parameter
from parity.records.pair import Pair

BERT = [
    f"bert.encoder.layer.{layer}.{part}.{kind}"
    for layer in range(3)
    for part in ("attention.self.query", "attention.self.key", "attention.output.LayerNorm")
    for kind in ("weight", "bias")
]


def described(held: dict[str, str], newly_initialised: list[str] | None = None) -> Description:
    parameters = [Parameter(name, [2, 3], "float32", digest) for name, digest in held.items()]
    return Description(
        "toy", {}, [], Abilities(), parameters=parameters, newly_initialised=newly_initialised or []
    )


def paired(reference: dict[str, str], candidate: dict[str, str]) -> Pairing:
    return pair_parameters(Pair(described(reference), described(candidate)))


def seen(pairing: Pairing) -> dict[str, tuple[str, bool, str, str]]:
    def of(one: PairedParameter) -> tuple[str, bool, str, str]:
        return one.sides.candidate.name, one.equal, one.moved, one.by

    return {one.sides.reference.name: of(one) for one in pairing.pairs}


def other_house(name: str) -> str:
    """The name in another implementation."""
    return name.replace("bert.encoder.layer.", "stack.layers.").replace("LayerNorm", "layer_norm")


def test_equal_parameters_of_one_name_are_one_anothers() -> None:
    assert {"a": ("a", True, "", "name and digest"), "b": ("b", False, "", "name")} == seen(
        paired({"a": "1", "b": "2"}, {"a": "1", "b": "3"})
    )


def test_what_has_no_counterpart_is_listed() -> None:
    found = paired({"a": "1", "b": "2"}, {"a": "1", "c": "3"})
    assert (["b"], ["c"]) == tuple([one.name for one in side] for side in found.only)


@given(st.permutations(BERT), st.integers(0, len(BERT) - 1))
def test_another_houses_names_in_any_order_are_paired_and_a_changed_one_by_how_the_others_are_renamed(
    order: list[str], changed: int
) -> None:
    digests = {name: f"d{number}" for number, name in enumerate(BERT)}
    theirs = {other_house(name): digests[name] if name != BERT[changed] else "x" for name in order}
    found = seen(paired(digests, theirs))
    assert {name: other_house(name) for name in BERT} == {name: one[0] for name, one in found.items()}
    assert [BERT[changed]] == [name for name, one in found.items() if not one[1]]
    assert {"digest"} == {one[3] for name, one in found.items() if name != BERT[changed]}
    assert found[BERT[changed]][3].startswith("name, renamed as ")
    assert {""} == {one[2] for one in found.values()}


def test_a_query_in_a_keys_place_is_moved_whatever_the_names_are() -> None:
    digests = {name: f"d{number}" for number, name in enumerate(BERT)}
    one, other = (f"bert.encoder.layer.1.attention.self.{part}.weight" for part in ("query", "key"))
    swapped = {**digests, one: digests[other], other: digests[one]}
    for rename in (str, other_house):
        found = seen(paired(digests, {rename(name): digest for name, digest in swapped.items()}))
        assert {
            one: (rename(other), True, "names", "digest"),
            other: (rename(one), True, "names", "digest"),
        } == {name: item for name, item in found.items() if item[2]}


def test_layers_in_another_order_are_moved() -> None:
    digests = {name: f"d{number}" for number, name in enumerate(BERT)}
    order = {"0": "1", "1": "0", "2": "2"}
    turned = {
        name: digests[name.replace(f".{name.split('.')[3]}.", f".{order[name.split('.')[3]]}.")]
        for name in BERT
    }
    found = seen(paired(digests, {other_house(name): digest for name, digest in turned.items()}))
    assert {"layers": 12, "": 6} == {
        kind: sum(one[2] == kind for one in found.values()) for kind in ("layers", "")
    }


def test_zeros_are_no_evidence_of_a_place() -> None:
    zeros = "sha256:" + hashlib.sha256(np.zeros(6, np.float32).tobytes()).hexdigest()
    found = seen(paired({"norm.bias": zeros, "dense.bias": "1"}, {"norm.bias": "2", "dense.bias": zeros}))
    assert {
        "norm.bias": ("norm.bias", False, "", "name"),
        "dense.bias": ("dense.bias", False, "", "name"),
    } == found


def test_a_second_unused_pooler_of_allennlps_does_not_take_the_first_ones_place() -> None:
    """Its own pooler is called as that of Transformers is; the one that is used stands elsewhere."""
    ours = {"bert.embeddings.weight": "1", "bert.layer.0.weight": "2", "bert.pooler.dense.weight": "3"}
    theirs = {
        "embedder.transformer_model.embeddings.weight": "1",
        "embedder.transformer_model.layer.0.weight": "2",
        "embedder.transformer_model.pooler.dense.weight": "9",
        "_seq2vec_encoder.pooler.dense.weight": "3",
    }
    found = paired(ours, theirs)
    assert ("_seq2vec_encoder.pooler.dense.weight", True, "", "digest") == seen(found)[
        "bert.pooler.dense.weight"
    ]
    assert ["embedder.transformer_model.pooler.dense.weight"] == [one.name for one in found.only.candidate]


def test_what_is_drawn_at_random_is_paired_by_its_name_alone() -> None:
    sides = Pair(described({"a": "1", "head": "7"}, ["head"]), described({"a": "1", "other": "7"}))
    found = pair_parameters(sides)
    assert (["head"], ["other"]) == tuple([one.name for one in side] for side in found.only)
