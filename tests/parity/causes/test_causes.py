"""Every cause on the pairs that its file brings: named first in its cases, silent in its benign pairs."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from parity.causes import CAUSES
from parity.causes.case import Case
from parity.causes.cause import Cause
from parity.causes.findings import findings
from parity.causes.registry import all_causes
from parity.errors import NameTaken
from tools.causes import PAGE, page

_ALL = [pytest.param(cause, id=cause.NAME) for cause in CAUSES]


def _each(kind: str) -> list[object]:
    return [
        pytest.param(cause, case, id=f"{cause.NAME}: {case.words}")
        for cause in CAUSES
        for case in getattr(cause, kind)
    ]


@pytest.mark.parametrize("cause", _ALL)
def test_a_cause_has_a_pair_in_which_it_is_named_and_one_in_which_it_is_silent(cause: Cause) -> None:
    assert cause.CASES
    assert cause.BENIGN
    assert all((cause.TITLE, cause.STAGE, cause.REMEDY.endswith(".")))


@pytest.mark.parametrize(("cause", "case"), _each("CASES"))
def test_a_cause_is_the_first_finding_of_its_cases(cause: Cause, case: Case) -> None:
    first = findings(case.evidence)[0]
    assert (cause.NAME, cause.TITLE) == (first.cause, first.title)
    assert first.remedy
    assert first.standing == first.evidence["standing"]
    if case.evidence.first is not None:
        assert ("divergent", "suspected") == (first.severity, first.standing)


@pytest.mark.parametrize(("cause", "case"), _each("BENIGN"))
def test_a_cause_is_silent_in_its_benign_pairs(cause: Cause, case: Case) -> None:
    assert cause.NAME not in {finding.cause for finding in findings(case.evidence)}


def test_no_name_and_no_pair_stands_twice() -> None:
    assert len(CAUSES) == len({cause.NAME for cause in CAUSES})
    for cause in CAUSES:
        words = [case.words for case in (*cause.CASES, *cause.BENIGN)]
        assert len(words) == len(set(words))


_OTHER = """
from parity.causes import CAUSES
from parity.causes.cause import Cause

class Other(Cause):
    NAME = "other.cause"
    TITLE = "Something else"
    REMEDY = "Undo it."
    STAGE = "logits"

Taken = type(CAUSES[0])
"""


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Installs another package with causes, and registers one of its classes."""

    def install(name: str) -> None:
        metadata = tmp_path / "other_causes-1.0.dist-info"
        metadata.mkdir()
        (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: other-causes\nVersion: 1.0\n")
        (metadata / "entry_points.txt").write_text(f"[parity.causes]\nother = other_causes:{name}\n")
        (tmp_path / "other_causes.py").write_text(_OTHER)
        monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
        all_causes.cache_clear()

    yield install
    all_causes.cache_clear()
    sys.modules.pop("other_causes", None)


def test_causes_of_other_packages_come_after_the_tuple(installed: Callable[[str], None]) -> None:
    installed("Other")
    assert [*(cause.NAME for cause in CAUSES), "other.cause"] == [cause.NAME for cause in all_causes()]


def test_a_name_used_twice_is_an_error_that_names_both_places(installed: Callable[[str], None]) -> None:
    installed("Taken")
    taken = type(CAUSES[0])
    with pytest.raises(NameTaken) as caught:
        all_causes()
    places = f"parity's {taken.__module__}:{taken.__qualname__} and other-causes's other_causes:Taken"
    assert str(caught.value).startswith(f"Two causes are called {taken.NAME!r}: {places}")


def test_the_page_of_causes_is_the_one_that_the_causes_make() -> None:
    assert page() == PAGE.read_text(encoding="utf-8"), "run python -m tools.causes"
