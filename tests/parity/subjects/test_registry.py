"""What other packages register: found in one order, named by its package, and refused in a sentence where it is not what it should be."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import cast

import pytest

from parity.errors import NameTaken, SubjectError, UsageError
from parity.subjects.registry import Group, entries, load, origin, with_registered

GROUP = Group("parity.colours", "colour", "colours")


@pytest.fixture
def colours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder on the path in which packages can be installed."""
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    return tmp_path


def install(folder: Path, package: str, lines: str, source: str) -> None:
    """A package with a module of its name and entry points."""
    module = package.replace("-", "_")
    facts = folder / f"{module}-1.0.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n", "utf-8")
    (facts / "entry_points.txt").write_text(f"[{GROUP.name}]\n{lines}\n", "utf-8")
    (folder / f"{module}.py").write_text(source, "utf-8")


def named(own: list[str]) -> tuple[str, ...]:
    return with_registered(GROUP, own, lambda part: part, lambda loaded: cast("str", loaded).lower())


def test_entries_are_in_an_order_that_does_not_depend_on_what_was_installed_first(colours: Path) -> None:
    install(colours, "zz-first", "blue = zz_first:BLUE\nred = zz_first:RED", "BLUE, RED = 'blue', 'red'")
    install(colours, "aa-last", "green = aa_last:GREEN", "GREEN = 'GREEN'")
    found = entries(GROUP.name)
    assert ["blue", "green", "red"] == [entry.name for entry in found]
    assert ("aa-last's aa_last:GREEN", "GREEN") == (origin(found[1]), load(found[1], "The colour"))
    assert ("white", "blue", "green", "red") == named(["white"])


def test_a_name_used_twice_is_an_error_that_names_both_owners(colours: Path) -> None:
    install(colours, "more-red", "red = more_red:RED", "RED = 'red'")
    with pytest.raises(NameTaken) as caught:
        named(["red"])
    assert "Two colours are called 'red': parity's builtins:str and more-red's more_red:RED." == (
        caught.value.sentence
    )


def test_two_packages_that_use_one_name_are_an_error_that_names_both(colours: Path) -> None:
    install(colours, "red-one", "red = red_one:RED", "RED = 'red'")
    install(colours, "red-two", "red = red_two:RED", "RED = 'red'")
    with pytest.raises(NameTaken, match="red-one's red_one:RED and red-two's red_two:RED"):
        named([])


def test_a_package_that_does_not_load_is_named(colours: Path) -> None:
    install(colours, "broken-paint", "pink = broken_paint:PINK", "raise OSError('no paint')")
    with pytest.raises(UsageError) as caught:
        named([])
    expected = "The colour 'pink' (broken-paint's broken_paint:PINK) does not load: OSError: no paint."
    assert expected == caught.value.sentence
    with pytest.raises(SubjectError):
        load(entries(GROUP.name)[0], "The colour", SubjectError)


def test_what_is_not_such_a_part_is_named(colours: Path) -> None:
    install(colours, "a-number", "one = a_number:ONE", "ONE = 1")
    with pytest.raises(UsageError, match=r"The colour 'one' \(a-number's a_number:ONE\) is not a colour"):
        named([])
