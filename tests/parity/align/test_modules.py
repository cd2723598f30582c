"""The calls of modules inside a layer are one another's as their modules are; what has no counterpart is listed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from parity.align.modules import ModuleCall, given_inside, pair_inside
from parity.records.pair import Pair

Layer = Mapping[str, tuple[str, tuple[tuple[int, ...], ...]]]
ROOT = Pair("encoder.layer.1", "bert.layer.1")


def calls(root: str, modules: Layer) -> Sequence[ModuleCall]:
    """One call of each module of a layer, by its path in that."""
    return [
        ModuleCall(
            f"{root}.{path}".rstrip("."), 0, path, root, 0, kind, shapes, {"hidden": {"tensor": path}}, None
        )
        for path, (kind, shapes) in modules.items()
    ]


LAYER: Layer = {
    "": ("Layer", ((4, 4), (4, 4))),
    "query": ("Linear", ((4, 4),)),
    "act": ("GELU", ()),
    "dense": ("Linear", ((4, 4),)),
}


def pair(theirs: Layer) -> tuple[list[str], list[str]]:
    """The paths of what is paired, and the reasons why nothing is."""
    both = Pair(calls(ROOT.reference, LAYER), calls(ROOT.candidate, theirs))
    found = pair_inside(both, [ROOT])
    reasons = [found.reasons.get(ROOT, ""), *(found.without(one) for one in found.pairs)]
    return [one.sides.candidate.inside for one in found.pairs], [one for one in reasons if one]


def test_modules_are_paired_by_their_path_in_the_layer_in_the_references_order() -> None:
    assert (["", "query", "act", "dense"], []) == pair(dict(reversed(list(LAYER.items()))))


def test_a_module_of_another_class_is_paired_and_both_classes_are_said() -> None:
    both = Pair(calls(ROOT.reference, LAYER), calls(ROOT.candidate, {**LAYER, "act": ("ReLU", ())}))
    pairs = pair_inside(both, [ROOT]).pairs
    assert [
        "path, class and shapes",
        "path, class and shapes",
        "path; GELU against ReLU",
        "path, class and shapes",
    ] == [one.by for one in pairs]


def test_a_module_without_weights_may_be_missing() -> None:
    theirs = {path: one for path, one in LAYER.items() if path != "act"}
    assert (["", "query", "dense"], []) == pair(theirs)


def test_weights_without_a_counterpart_belong_to_the_module_around_them_and_are_listed() -> None:
    theirs = {path: one for path, one in LAYER.items() if path != "query"} | {"qkv": ("Linear", ((12, 4),))}
    reason = "only the reference runs query in it; only the candidate runs qkv in it"
    assert (["", "act", "dense"], [reason]) == pair(theirs)


def test_where_no_weights_have_a_counterpart_nothing_is_paired_and_the_reason_is_said() -> None:
    reason = "only the reference runs query, dense in it; only the candidate runs qkv in it"
    assert ([], [reason]) == pair({"": LAYER[""], "qkv": ("Linear", ((12, 4),)), "act": ("GELU", ())})


def test_weights_of_another_shape_are_no_counterparts() -> None:
    reason = "only the reference runs query in it; only the candidate runs query in it"
    assert (["", "act", "dense"], [reason]) == pair({**LAYER, "query": ("Linear", ((8, 4),))})


def test_what_is_not_called_by_itself_is_not_gone_into() -> None:
    assert ([], ["it is not called by itself"]) == pair({})


def test_each_module_is_given_what_its_counterpart_took() -> None:
    pairs = pair_inside(Pair(calls(ROOT.reference, LAYER), calls(ROOT.candidate, LAYER)), [ROOT]).pairs
    given = given_inside(pairs, [one.sides.candidate.key for one in pairs], "real")
    assert "real" == given["real"]
    assert {"takes": {"hidden": {"tensor": "query"}}, "gives": None} == given["modules"][
        "bert.layer.1.query#0"
    ]
