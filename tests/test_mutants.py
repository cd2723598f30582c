"""The mutants of the product: each can be made in this tree, and the tool tells those that are noticed from those that are not."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.mutants.__main__ import ROOT, main
from tools.mutants.mutant import Mutant, MutantError
from tools.mutants.mutants import MUTANTS
from tools.mutants.trial import Copy, Outcome

TESTS = "tests/parity/align/test_labels*.py"
RIGHT = Mutant(
    "counts",
    "if counts[0] is not None and counts[1] is not None and counts[0] != counts[1]:",
    "if counts[0] is None and counts[1] is not None and counts[0] != counts[1]:",
    (TESTS,),
    (),
)


def test_there_are_forty_mutants_or_more_each_with_a_name_of_its_own() -> None:
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS) >= 40


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_mutant_can_be_made_in_this_tree_and_parses(mutant: Mutant) -> None:
    path, contents = mutant.made_in(ROOT)
    compile(contents, str(path), "exec")
    assert mutant.tests_in(ROOT)


@pytest.mark.parametrize(
    ("text", "count"), [("one = 1", 2), ("three = 3", 0)], ids=["found twice", "not found"]
)
def test_a_text_that_is_not_found_once_is_an_error(text: str, count: int, tmp_path: Path) -> None:
    (tmp_path / "parity").mkdir()
    (tmp_path / "parity" / "a.py").write_text("one = 1\ntwo = 2\none = 1\n")
    with pytest.raises(MutantError, match=f"found {count} times"):
        Mutant("m", text, "", (), ()).made_in(tmp_path)


def test_tests_that_are_not_there_are_an_error() -> None:
    with pytest.raises(MutantError, match="no test file is named tests/none"):
        RIGHT._replace(tests=("tests/none*.py",)).tests_in(ROOT)


@pytest.mark.long
def test_a_mutant_is_killed_by_the_test_that_fails_survives_where_none_does_and_is_taken_back(
    tmp_path: Path,
) -> None:
    copy = Copy(ROOT, tmp_path)
    copy.verify([RIGHT])
    killed = copy.run(RIGHT)
    assert killed.killed_by is not None
    assert killed.killed_by.startswith(
        "tests/parity/align/test_labels.py::test_other_classes_are_not_comparable"
    )
    harmless = RIGHT._replace(name="harmless", wrong=RIGHT.text + "  # harmless")
    assert Outcome(harmless, None) == copy.run(harmless)
    with pytest.raises(MutantError, match="its tests were not run"):
        copy.run(RIGHT._replace(only="no_test_has_such_a_name"))
    copy.verify([RIGHT])


def test_a_name_that_no_mutant_has_ends_with_status_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert 2 == main(["--only", "none"])
    assert "there is no mutant 'none'" in capsys.readouterr().err
