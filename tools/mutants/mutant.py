"""A mutant: one fault in the product, found by its text, and the tests that must fail with it."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

__all__ = ["SOURCES", "Mutant", "MutantError"]

# Where the product stands. Its text is looked for in all of them, so that a module may move or be renamed.
SOURCES = ("parity", "adapters", "reports")


class MutantError(Exception):
    """A mutant that cannot be made in a tree, or tests that cannot be run there."""


class Mutant(NamedTuple):
    """One fault.

    `text` stands in the product exactly once, and becomes `wrong`. `tests` are the files that must notice, as patterns
    (a file may be split); `before` are those of trees whose tests were not yet sorted by package. `only` is pytest's -k.
    """

    name: str
    text: str
    wrong: str
    tests: tuple[str, ...]
    before: tuple[str, ...]
    only: str = ""

    def made_in(self, root: Path) -> tuple[Path, str]:
        """The file that holds the fault, and its contents with it; raises MutantError unless the text is found once."""
        found = [
            (path, contents)
            for part in SOURCES
            for path in sorted((root / part).rglob("*.py"))
            if self.text in (contents := path.read_text("utf-8"))
        ]
        count = sum(contents.count(self.text) for _, contents in found)
        if count != 1:
            raise MutantError(f"{self.name}: its text is found {count} times, and not once: {self.text}")
        ((path, contents),) = found
        return path, contents.replace(self.text, self.wrong)

    def tests_in(self, root: Path) -> list[str]:
        """The test files of this tree, relative to it; raises MutantError where a pattern matches none."""
        patterns = self.tests if (root / "tests" / "parity").is_dir() else self.before
        files: list[str] = []
        for pattern in patterns:
            matched = sorted(str(path.relative_to(root)) for path in root.glob(pattern))
            if not matched:
                raise MutantError(f"{self.name}: no test file is named {pattern}")
            files += matched
        return files
