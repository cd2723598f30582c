"""The classes of all runs: those of most, whichever run comes first, and no run is cut to fit them."""

from __future__ import annotations

import pytest

from parity.seed_audit.population.classes import Classes, RunClasses, columns_of, usual_classes

ABC = ("a", "b", "c")


@pytest.mark.parametrize("place", [0, 1, 3])
def test_the_classes_are_those_of_most_runs_wherever_the_odd_one_stands(place: int) -> None:
    runs = [RunClasses(ABC, 3)] * 3
    runs.insert(place, RunClasses(("a", "b", "c", "d"), 4))
    assert Classes(ABC, named=True) == usual_classes(runs)


def test_runs_without_names_count_for_any_set_as_large() -> None:
    assert Classes(ABC, named=True) == usual_classes(
        [RunClasses(("x", "y"), 2), RunClasses(None, 3), RunClasses(ABC, 3)]
    )
    assert Classes(("LABEL_0", "LABEL_1"), named=False) == usual_classes(
        [RunClasses(None, 2), RunClasses(None, 2), RunClasses(ABC, 3)]
    )
    generic = RunClasses(("LABEL_0", "LABEL_1", "LABEL_2"), 3)
    assert Classes(ABC, named=True) == usual_classes([generic, generic, RunClasses(ABC, 3)])


def test_a_run_is_brought_onto_them_by_name_or_by_index_which_is_told() -> None:
    classes = Classes(ABC, named=True)
    assert ((2, 1, 0), False) == columns_of(classes, RunClasses(("c", "b", "a"), 3))[:2]
    assert ((0, 1, 2), True) == columns_of(classes, RunClasses(None, 3))[:2]
    assert ((0, 1, 2), True) == columns_of(classes, RunClasses(("LABEL_0", "LABEL_1", "LABEL_2"), 3))[:2]


@pytest.mark.parametrize(
    ("run", "said"),
    [
        (RunClasses(None, 4), "Its logits have 4 classes, those of most runs 3."),
        (RunClasses(("a", "b", "c", "d"), 4), "Its logits have 4 classes, those of most runs 3."),
        (RunClasses(ABC, 4), "It names 3 classes, and its logits have 4 columns."),
        (RunClasses(("a", "a", "b"), 3), "It gives the name 'a' to more than one class."),
        (
            RunClasses(("a", "b", "x"), 3),
            "Its classes have other names than those of most runs: 'x', and not 'c'.",
        ),
    ],
)
def test_a_run_of_other_classes_is_never_cut_to_fit(run: RunClasses, said: str) -> None:
    assert (None, said) == (
        columns_of(Classes(ABC, named=True), run).order,
        columns_of(Classes(ABC, named=True), run).sentence,
    )
