"""The measures of a tree, each with its goal."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tools.layout.causes import published, unraisable
from tools.layout.imports import Imports
from tools.layout.sizes import any_in_adapters, any_in_four_files, long_files, wide_functions
from tools.layout.tree import Tree
from tools.layout.unused import unused_names
from tools.layout.words import naming, naming_adapters

__all__ = ["Measure", "Measures", "measure"]


@dataclass(frozen=True)
class Measure:
    """One measure: what was found, and how much of it the goal allows.

    key: by which a test reads it. found: every place. goal: the most that is allowed, None where there is no goal. of: out of
    how many, where that says something.
    """

    key: str
    title: str
    found: tuple[str, ...]
    goal: int | None
    of: int | None = None

    @property
    def value(self) -> int:
        """How many were found."""
        return len(self.found)

    @property
    def ok(self) -> bool:
        """Whether the goal is met."""
        return self.goal is None or self.value <= self.goal


@dataclass(frozen=True)
class Measures:
    """All measures of one tree."""

    all: tuple[Measure, ...]

    def __getitem__(self, key: str) -> Measure:
        for item in self.all:
            if item.key == key:
                return item
        raise KeyError(f"{key}: there are {', '.join(item.key for item in self.all)}")

    @property
    def missed(self) -> tuple[Measure, ...]:
        """The measures whose goal is missed."""
        return tuple(item for item in self.all if not item.ok)


def measure(root: Path) -> Measures:
    """Measure the tree under a repository's root; ValueError where there is no `parity/` in it, SyntaxError as Python's own."""
    tree = Tree(root)
    if not any(module.source_root == "parity" for module in tree.modules.values()):
        raise ValueError(f"{root} has no Python file under parity/: give the root of a repository.")
    imports = Imports(tree)
    return Measures(
        (
            Measure("packages", "packages", imports.packages(), 28),
            Measure("imports", "imports between packages", imports.between(), 111),
            Measure("upward", "imports upwards or sideways", imports.upward(), 0),
            Measure("unplaced", "packages without a level", imports.unplaced(), 0),
            Measure("circles", "circles of packages", imports.circles(), 0),
            Measure("long_files", "files of more than 300 lines", long_files(tree), 0),
            Measure("wide_functions", "functions of more than six parameters", wide_functions(tree), 0),
            Measure("naming_same_ids", "files that name same_ids", naming(tree, "same_ids"), 1),
            Measure("naming_macro_f1", "files that name macro_f1", naming(tree, "macro_f1"), 1),
            Measure(
                "naming_adapters",
                "files in parity/ that name an adapter or its seeds",
                naming_adapters(tree),
                0,
            ),
            Measure(
                "unraisable_causes",
                "published causes that cannot be raised",
                unraisable(tree),
                0,
                len(published(tree)),
            ),
            Measure("any", "lines with Any in four files of adapters", any_in_four_files(tree), 14),
            Measure("any_everywhere", "lines with Any in all that adapters run", any_in_adapters(tree), None),
            Measure("unused_names", "public names that the product does not use", unused_names(tree), 0),
        )
    )
