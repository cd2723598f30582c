"""Trying a mutant: a copy of the tree with the fault in it, and a run of the tests that must notice."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

from tools.lock.tree import Tree
from tools.mutants.mutant import Mutant, MutantError

__all__ = ["Copy", "Outcome"]

_FAILED = re.compile(r"^(?:FAILED|ERROR) (\S.*?)(?: - .*)?$", re.MULTILINE)


class Outcome(NamedTuple):
    """The result of a mutant: the first test that failed with it, or None where none did."""

    mutant: Mutant
    killed_by: str | None


class Copy:
    """A copy of a tree's committed and uncommitted files in a folder of its own, with an environment that runs it."""

    def __init__(self, tree: Path, folder: Path) -> None:
        listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
        names = subprocess.run(listed, cwd=tree, check=True, capture_output=True, text=True).stdout
        self._root = folder / "tree"
        for name in filter(None, names.split("\0")):
            if (tree / name).is_file():  # and not deleted
                (self._root / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(tree / name, self._root / name)
        self._python = Tree.prepare(self._root, folder / "venv").python

    def verify(self, mutants: list[Mutant]) -> None:
        """Raise MutantError unless each can be made here, and its tests pass without it."""
        for mutant in mutants:
            mutant.made_in(self._root)
            mutant.tests_in(self._root)
        for mutant in mutants:
            if (failed := self._first_failure(mutant)) is not None:
                raise MutantError(f"{mutant.name}: {failed} fails without the mutant")

    def run(self, mutant: Mutant) -> Outcome:
        """Make the mutant, run its tests up to the first that fails, and take it back."""
        path, contents = mutant.made_in(self._root)
        right = path.read_bytes()
        path.write_text(contents, "utf-8")
        try:
            return Outcome(mutant, self._first_failure(mutant))
        finally:
            path.write_bytes(right)

    def _first_failure(self, mutant: Mutant) -> str | None:
        """The first of the mutant's tests that fails, or None; raises MutantError where pytest itself fails."""
        only = ["-k", mutant.only] if mutant.only else []
        quick = ["-x", "-q", "-rfE", "--tb=no", "-p", "no:cacheprovider"]
        # The plugin of the tree that runs this, which is not the one tried.
        command = [str(self._python), "-m", "pytest", *quick, "-p", "no:parity"]
        done = subprocess.run(
            [*command, *only, *mutant.tests_in(self._root)],
            cwd=self._root,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "CI": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode == 0 and re.search(r"^\d+ passed", done.stdout, re.MULTILINE):
            return None
        failed = _FAILED.search(done.stdout)
        if done.returncode != 1 or failed is None:
            raise MutantError(
                f"{mutant.name}: its tests were not run:\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
            )
        return failed.group(1)
