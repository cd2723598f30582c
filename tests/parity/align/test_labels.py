"""Classes are aligned by name, and the mapping is said."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from parity.align.labels import align_labels, label_places


def test_the_same_names_in_the_same_order_need_no_permutation() -> None:
    assert ("same", (0, 1)) == align_labels(["neg", "pos"], ["neg", "pos"])[:2]


def test_the_same_names_in_another_order_are_permuted_and_the_mapping_is_said() -> None:
    alignment = align_labels(["a", "b", "c"], ["c", "a", "b"])
    assert ("permuted", (1, 2, 0)) == alignment[:2]
    assert "a 0→1" in alignment.sentence


def test_a_name_that_stands_twice_does_not_part_a_subject_from_itself_and_is_said() -> None:
    alignment = align_labels(["a", "b", "a"], ["a", "b", "a"])
    assert ("same", (0, 1, 2)) == alignment[:2]
    assert "'a' appears more than once" in alignment.sentence


@pytest.mark.parametrize(
    ("reference", "candidate", "said"),
    [
        (
            ["neg", "pos"],
            ["LABEL_0", "LABEL_1"],
            "candidate does not name its classes; column 0 is matched to 'neg'",
        ),
        (["LABEL_0", "LABEL_1"], ["neg", "pos"], "reference does not name"),
        (["neg", "pos"], None, "candidate does not name"),
        (["LABEL_0", "LABEL_1"], None, "Neither side names its classes; columns are compared by index."),
    ],
)
def test_a_side_without_names_is_compared_by_index_and_that_is_said(
    reference: list[str], candidate: list[str] | None, said: str
) -> None:
    alignment = align_labels(reference, candidate)
    assert ("by_index", (0, 1)) == alignment[:2]
    assert said in alignment.sentence


def test_two_sides_without_names_are_compared_by_index_when_they_have_as_many_columns() -> None:
    assert (0, 1, 2) == align_labels(None, None, reference_count=3, candidate_count=3).permutation
    assert ("by_index", None) == align_labels(None, None)[:2]


@pytest.mark.parametrize(
    ("reference", "candidate", "said"),
    [
        (["neg", "pos"], ["neg", "neutral"], "only the reference has 'pos', only the candidate 'neutral'"),
        (["neg", "pos"], ["NEG", "POS"], "differ only in case"),
        (["a", "b"], ["a", "b", "c"], "2 classes, the candidate 3"),
        (["a", "a"], ["a", "b"], "gives the name 'a' to more than one class"),
        (["neg", "pos"], ["LABEL_1", "LABEL_0"], "different names"),
    ],
)
def test_other_classes_are_not_comparable(reference: list[str], candidate: list[str], said: str) -> None:
    alignment = align_labels(reference, candidate)
    assert ("not_comparable", None) == alignment[:2]
    assert said in alignment.sentence


def test_names_that_do_not_cover_the_logits_are_not_comparable() -> None:
    assert (
        "names 2 classes and has 3 columns"
        in align_labels(["a", "b"], ["a", "b"], candidate_count=3).sentence
    )
    assert "not_comparable" == align_labels(["a", "b"], None, candidate_count=3).kind


def test_a_long_list_of_names_is_cut_in_the_sentence() -> None:
    assert (
        "and 92 more" in align_labels([f"a{k}" for k in range(100)], [f"b{k}" for k in range(100)]).sentence
    )


@pytest.mark.parametrize(
    ("names", "count", "places"),
    [
        ([], 2, {"0": 0, "1": 1}),
        (["LABEL_0", "LABEL_1"], 2, {"LABEL_0": 0, "LABEL_1": 1, "0": 0, "1": 1}),
        (["neg", "pos"], 2, {"neg": 0, "pos": 1, "0": 0, "1": 1}),
        (["0", "5"], 2, {"0": 0, "5": 1}),
        (["-1", "pos"], 2, {"-1": 0, "pos": 1}),
        (["1", "2", "3"], 3, {"1": 0, "2": 1, "3": 2}),
        ([" 1", "+2"], 2, {" 1": 0, "+2": 1}),
        (["a", "b", "a"], 3, {"b": 1, "0": 0, "1": 1, "2": 2}),
    ],
)
def test_a_label_is_a_class_by_name_or_by_number_where_no_name_is_one(
    names: list[str], count: int, places: dict[str, int]
) -> None:
    assert places == label_places(names, count)


@given(st.permutations([f"class {k}" for k in range(6)]), st.permutations([f"class {k}" for k in range(6)]))
def test_the_permutation_puts_the_candidates_columns_in_the_references_order(
    mine: list[str], theirs: list[str]
) -> None:
    order = align_labels(mine, theirs).permutation
    assert order is not None
    assert mine == np.array(theirs)[list(order)].tolist()
