"""Which module inside a layer is which: by parameters, order of execution and path, the most that speaks for a pair first."""

from __future__ import annotations

from parity.align.module_pairs import Inner, KnownPairs, pair_modules
from parity.records.pair import Pair

Modules = list[tuple[str, str, tuple[tuple[int, ...], ...]]]
SQUARE, VECTOR = ((4, 4),), ((4,),)
BERT: Modules = [
    ("query", "Linear", SQUARE),
    ("key", "Linear", SQUARE),
    ("norm", "LayerNorm", VECTOR),
    ("act", "GELU", ()),
]


def side(root: str, modules: Modules) -> list[Inner]:
    whole = tuple(shape for _, _, weights in modules for shape in weights)
    return [
        Inner(root, "", "Layer", whole),
        *(Inner(f"{root}.{name}", name, kind, weights) for name, kind, weights in modules),
    ]


def known(**parameters: str) -> KnownPairs:
    """The weight of a module of the reference's is that of the candidate's."""
    return KnownPairs({f"a.{one}.weight": [f"b.{other}.weight"] for one, other in parameters.items()})


def paired(
    theirs: Modules, pairs: KnownPairs | None = None, ours: Modules = BERT
) -> dict[str, tuple[str, str]]:
    found = pair_modules(Pair(side("a", ours), side("b", theirs)), pairs or KnownPairs())
    return {one: other for one, other in found.items() if one}


def test_other_names_are_found_by_the_parameters_and_a_module_without_any_by_its_class() -> None:
    theirs: Modules = [
        ("q", "Linear", SQUARE),
        ("k", "Linear", SQUARE),
        ("ln", "Norm", VECTOR),
        ("f", "GELU", ()),
    ]
    assert {
        "query": ("q", "parameters, order of execution, class and shapes"),
        "key": ("k", "parameters, order of execution, class and shapes"),
        "norm": ("ln", "parameters, order of execution and shapes; LayerNorm against Norm"),
        "act": ("f", "class, in modules that are one another's"),
    } == paired(theirs, known(query="q", key="k", norm="ln"))


def test_a_name_that_stands_for_another_module_does_not_decide() -> None:
    norms: Modules = [("norm1", "Norm", VECTOR), ("query", "Linear", SQUARE), ("norm2", "Norm", VECTOR)]
    other: Modules = [("norm2", "Norm", VECTOR), ("query", "Linear", SQUARE), ("norm1", "Norm", VECTOR)]
    found = paired(other, known(norm1="norm2", norm2="norm1", query="query"), norms)
    assert {"norm1": "norm2", "norm2": "norm1", "query": "query"} == {
        one: there for one, (there, _) in found.items()
    }


def test_weights_that_were_exchanged_do_not_move_the_modules() -> None:
    found = paired(BERT, known(query="key", key="query", norm="norm"))
    assert ("query", "path, class and shapes") == found["query"]
    assert ("key", "path, class and shapes") == found["key"]


def test_another_order_of_execution_is_seen_through_by_what_they_hold() -> None:
    theirs: Modules = [("k", "Linear", SQUARE), ("q", "Linear", SQUARE), BERT[2]]
    found = paired(theirs, known(query="q", key="k", norm="norm"))
    assert [("q", "parameters, class and shapes"), ("k", "parameters, class and shapes")] == [
        found["query"],
        found["key"],
    ]


def test_the_only_one_of_its_shape_is_found_without_parameters_and_of_several_none_is() -> None:
    theirs: Modules = [("q", "Linear", SQUARE), ("k", "Linear", SQUARE), ("ln", "LayerNorm", VECTOR)]
    assert {"norm": ("ln", "order of execution, class and shapes")} == paired(theirs)


def test_what_a_map_pairs_is_paired_and_the_reason_is_the_map() -> None:
    found = paired(BERT, KnownPairs(modules={"a.query": "b.key"}))
    assert ("key", "the map") == found["query"]
    assert "key" not in found


def test_a_module_that_holds_several_of_the_other_is_the_one_around_them_alone() -> None:
    ours: Modules = [
        ("self", "Attention", (*SQUARE, *SQUARE)),
        ("self.query", "Linear", SQUARE),
        ("self.key", "Linear", SQUARE),
    ]
    theirs: Modules = [("self", "Fused", (((8, 4),))), ("self.qk", "Linear", ((8, 4),))]
    parts = KnownPairs({f"a.self.{one}.weight": ["b.self.qk.weight"] for one in ("query", "key")})
    assert {"self": ("self", "path and number of weights; Attention against Fused")} == paired(
        theirs, parts, ours
    )
